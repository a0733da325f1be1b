// The timeline of a record: who changed it when, from which value to which, and the way back for a value.

import { Undo2 } from "lucide-react";
import type { RecordEvent } from "../../api/events/events.ts";
import { useRecordHistory } from "../../api/events/record_history.ts";
import { isObject } from "../../api/exact_json.ts";
import { type Field, inputName, isToOne, type ObjectModel, type RecordRow } from "../../api/model.ts";
import { partsOf } from "../../fields/parts.ts";
import { type NameOf, useRecordNames, type Wanted } from "../../fields/record_name.tsx";
import { formatValue, labelOf, mayGive, NULL_TEXT } from "../../fields/registry.ts";
import { Button } from "../../kit/button.tsx";
import { Problem } from "../../kit/problem.tsx";
import { Time } from "../../kit/time.tsx";
import type { useRecord } from "./use_record.ts";

const WORDS: Readonly<Record<RecordEvent["action"], string>> = {
  CREATED: "created it",
  UPDATED: "changed",
  DELETED: "moved it to the trash",
  RESTORED: "restored it",
  DESTROYED: "destroyed it",
};

export type HistoryProps = { object: ObjectModel; row: RecordRow; record: ReturnType<typeof useRecord> };

export function RecordHistory({ object, row, record }: HistoryProps) {
  const history = useRecordHistory(object, row);
  const events = history.data?.pages.flatMap((page) => page.events) ?? [];
  const nameOf = useRecordNames(
    events.flatMap(({ changes }) => (changes ?? []).flatMap((one) => relatedOf(object, one))),
  );
  return (
    <section className="record-history" aria-label={`History of ${labelOf(row, object.labels)}`}>
      <h2>History</h2>
      {history.error && <Problem title="The history cannot be read." text={history.error.message} />}
      {history.data && events.length === 0 && <p className="value-none">Nothing is kept of this record's past.</p>}
      <ol>
        {events.map((event) => (
          <li key={event.id}>
            <p>
              <Time at={event.at} /> {event.actor?.name ?? "Somebody"} {WORDS[event.action]}
            </p>
            {event.action === "UPDATED" && (
              <ul>
                {(event.changes ?? []).map((change) => (
                  <li key={change.field}>
                    <Changed object={object} row={row} record={record} change={change} nameOf={nameOf} />
                  </li>
                ))}
              </ul>
            )}
          </li>
        ))}
      </ol>
      {history.hasNextPage && (
        <Button kind="quiet" isDisabled={history.isFetching} onPress={() => void history.fetchNextPage()}>
          Earlier
        </Button>
      )}
    </section>
  );
}

type Change = { field: string; before: unknown; after: unknown };

/** Return the field of a change, which has the key of a relation in the place of its name. */
function fieldOf(object: ObjectModel, { field: name }: Change): Field | undefined {
  return object.fields.find((one) => (isToOne(one) ? inputName(one) : one.name) === name);
}

/** Return the records before and after the change of a relation. */
function relatedOf(object: ObjectModel, change: Change): Wanted[] {
  const target = fieldOf(object, change)?.relation?.target;
  if (target === undefined) return [];
  return [change.before, change.after].flatMap((id) => (typeof id === "string" ? [{ target, id }] : []));
}

type ChangedProps = HistoryProps & { change: Change; nameOf: NameOf };

function Changed({ object, row, record, change, nameOf }: ChangedProps) {
  const field = fieldOf(object, change);
  const label = field?.label ?? change.field;
  const [before, after] = showBoth(change, field, nameOf);
  return (
    <>
      {label}: <s>{before}</s> → {after}
      {field && mayGive(field, "update") && record.mayUpdate && (
        <Button
          kind="quiet"
          icon={<Undo2 aria-hidden />}
          aria-label={`Return ${label} to ${before}`}
          onPress={() =>
            void record.edits.write(`Returned ${label}`, [{ record: row, field, value: change.before, text: before }])
          }
        />
      )}
    </>
  );
}

function showBoth({ before, after }: Change, field: Field | undefined, nameOf: NameOf): readonly [string, string] {
  const shown = [show(before, field, nameOf), show(after, field, nameOf)] as const;
  // The words leave some parts out, as the calling code of a number.
  return shown[0] === shown[1] ? [JSON.stringify(before), JSON.stringify(after)] : shown;
}

function show(value: unknown, field: Field | undefined, nameOf: NameOf): string {
  if (value === null || value === undefined) return NULL_TEXT;
  const target = field?.relation?.target;
  if (target) return nameOf(target, String(value));
  // A field may have had another type.
  const isOfType = field && isObject(value) === partsOf(field.type).length > 0;
  return isOfType ? formatValue(value, field) : JSON.stringify(value);
}
