// The number of records that an action means, asked again of the server; above a thousand it is typed.

import { useEffect, useState } from "react";
import { TextField } from "../../kit/field.tsx";
import { plural } from "../../kit/numbers.ts";

const TYPED_ABOVE = 1000;

export function CountGuard({ count, onSure }: { count: number | undefined; onSure(sure: boolean): void }) {
  const [typed, setTyped] = useState("");
  const isSure = count !== undefined && (count <= TYPED_ABOVE || typed.replaceAll(",", "").trim() === String(count));
  useEffect(() => onSure(isSure), [isSure, onSure]);
  if (count === undefined) return <p role="status">Counting…</p>;
  return (
    <>
      <p role="status">This means {plural(count, "record")}.</p>
      {count > TYPED_ABOVE && (
        <TextField label="Type the number of records" inputMode="numeric" value={typed} onChange={setTyped} />
      )}
    </>
  );
}
