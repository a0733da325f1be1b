// The timeline of a record: who changed it when, from which value to which, and the way back for a value.

import { Undo2 } from "lucide-react";
import type { RecordEvent } from "../../api/events/events.ts";
import { useRecordHistory } from "../../api/events/record_history.ts";
import type { Field, ObjectModel, RecordRow } from "../../api/model.ts";
import { partsOf } from "../../fields/parts.ts";
import { formatValue, isEditable, labelOf, typeOf } from "../../fields/registry.ts";
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

export type HistoryProps = { object: ObjectModel; row: RecordRow; edits: ReturnType<typeof useRecord>["edits"] };

export function RecordHistory({ object, row, edits }: HistoryProps) {
  const history = useRecordHistory(object, row);
  const events = history.data?.pages.flatMap((page) => page.events) ?? [];
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
                    <Changed object={object} row={row} edits={edits} change={change} />
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

type ChangedProps = HistoryProps & { change: { field: string; before: unknown; after: unknown } };

function Changed({ object, row, edits, change }: ChangedProps) {
  const field = object.fields.find((one) => one.name === change.field);
  const shown = (value: unknown) => (field ? show(value, field) : JSON.stringify(value));
  const label = field?.label ?? change.field;
  return (
    <>
      {label}: <s>{shown(change.before)}</s> → {shown(change.after)}
      {field && canReturn(field) && (
        <Button
          kind="quiet"
          icon={<Undo2 aria-hidden />}
          aria-label={`Return ${label} to ${shown(change.before)}`}
          onPress={() =>
            void edits.write(`Returned ${label}`, [
              { record: row, field, value: change.before, text: shown(change.before) },
            ])
          }
        />
      )}
    </>
  );
}

function show(value: unknown, field: Field): string {
  if (field.relation || typeof value === "object")
    return value === null ? formatValue(null, field) : JSON.stringify(value);
  return formatValue(value, field);
}

function canReturn(field: Field): boolean {
  return isEditable(field) && !field.relation && partsOf(field.type).length === 0 && typeOf(field).editor !== null;
}
