// The head of a list on a page: its search, kept in the address, and how many of it are shown.

import { useSearchParams } from "react-router";

import { TextField } from "./field.tsx";

export function ListHead({ label, shown, total }: { label: string; shown: number; total: number }) {
  const [search, setSearch] = useSearchParams();
  return (
    <div className="list-head">
      <TextField
        label={label}
        value={search.get("q") ?? ""}
        onChange={(q) => setSearch(q === "" ? {} : { q }, { replace: true })}
      />
      <p role="status">
        {shown} of {total}
      </p>
    </div>
  );
}
