// The number of records that an action means, asked again of the server; above a thousand it is typed.

import { useEffect, useState } from "react";
import type { ObjectModel } from "../../api/model.ts";
import { MAXIMUM_WRITTEN } from "../../api/record_documents.ts";
import { useCount } from "../../grid/use_rows.ts";
import { TextField } from "../../kit/field.tsx";
import { plural, printCount } from "../../kit/numbers.ts";
import type { Bulk } from "./bulk.ts";

const TYPED_ABOVE = 1000;

/** Return the number of records that an action means: the selected ones, if the role may not count them again. */
export function useBulkCount(object: ObjectModel, { filter, count }: Bulk): number | undefined {
  const counted = useCount(object, filter);
  return object.isUncounted ? count : counted.data;
}

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
