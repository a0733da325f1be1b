// The head of a list on a page: its search, kept in the address, and how many of it are shown.

import { useSearchParams } from "react-router";

import { TextField } from "./field.tsx";
import { useSearch } from "./search.tsx";

export function ListHead({ label, shown, total }: { label: string; shown: number; total: number }) {
  const [address, setAddress] = useSearchParams();
  const [words, search] = useSearch(address.get("q") ?? "", (q) =>
    setAddress(q === "" ? {} : { q }, { replace: true }),
  );
  return (
    <div className="list-head">
      <TextField label={label} value={words} onChange={search} />
      <p role="status">
        {shown} of {total}
      </p>
    </div>
  );
}
