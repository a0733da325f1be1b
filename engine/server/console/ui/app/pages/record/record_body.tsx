// A record beside its list and on its page: its fields, then its relations and its history.

import type { ObjectModel } from "../../api/model.ts";
import { labelOf } from "../../fields/registry.ts";
import { Problem } from "../../kit/problem.tsx";
import { RecordFields } from "./record_fields.tsx";
import { RecordHistory } from "./record_history.tsx";
import { RecordRelations } from "./record_relations.tsx";
import { RecordTrash } from "./record_trash.tsx";
import type { useRecord } from "./use_record.ts";

export type RecordBodyProps = {
  object: ObjectModel;
  id: string;
  record: ReturnType<typeof useRecord>;
  onOpen(plural: string, id: string): void;
};

export function RecordBody({ object, id, record, onOpen }: RecordBodyProps) {
  if (record.error) return <Problem title="The record cannot be read." text={record.error.message} />;
  if (record.isPending) return <p role="status">Loading…</p>;
  const { row } = record;
  return (
    <>
      <RecordTrash object={object} id={id} record={record} />
      {row === null ? (
        <Problem kind="warn" title="There is no such record, or your role does not see it." />
      ) : (
        <div className="record-body">
          <RecordFields record={record} row={row} onOpen={onOpen} />
          <div>
            {/* A record in the trash has no relations: its own end of them is hidden. */}
            {!record.isDeleted && (
              <RecordRelations object={object} id={id} name={labelOf(row, object.labels)} onOpen={onOpen} />
            )}
            <RecordHistory object={object} row={row} record={record} />
          </div>
        </div>
      )}
    </>
  );
}
