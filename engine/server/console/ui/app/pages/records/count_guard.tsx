// The number of records that an action means, asked again of the server; above a thousand it is typed.

import { useEffect, useState } from "react";
import { MAXIMUM_WRITTEN } from "../../api/record_documents.ts";
import { TextField } from "../../kit/field.tsx";
import { plural, printCount } from "../../kit/numbers.ts";

const TYPED_ABOVE = 1000;

export function CountGuard({ count, onSure }: { count: number | undefined; onSure(sure: boolean): void }) {
  const [typed, setTyped] = useState("");
  const isTooMany = count !== undefined && count > MAXIMUM_WRITTEN;
  const isSure =
    count !== undefined && !isTooMany && (count <= TYPED_ABOVE || typed.replaceAll(",", "").trim() === String(count));
  useEffect(() => onSure(isSure), [isSure, onSure]);
  if (count === undefined) return <p role="status">Counting…</p>;
  return (
    <>
      <p role="status">
        This means {plural(count, "record")}.
        {isTooMany && ` At most ${printCount(MAXIMUM_WRITTEN)} are written at once: take a narrower filter first.`}
      </p>
      {count > TYPED_ABOVE && !isTooMany && (
        <TextField label="Type the number of records" inputMode="numeric" value={typed} onChange={setTyped} />
      )}
    </>
  );
}
