// A record beside its list and on its page: its fields, then its relations and its history.

import type { ObjectModel } from "../../api/model.ts";
import { labelOf } from "../../fields/registry.ts";
import { Problem } from "../../kit/problem.tsx";
import { RecordFields } from "./record_fields.tsx";
import { RecordHistory } from "./record_history.tsx";
import { RecordRelations } from "./record_relations.tsx";
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
  if (record.row === null)
    return <Problem kind="warn" title="There is no such record, it is in the trash, or your role does not see it." />;
  return (
    <div className="record-body">
      <RecordFields record={record} row={record.row} onOpen={onOpen} />
      <div>
        <RecordRelations object={object} id={id} name={labelOf(record.row, object.labels)} onOpen={onOpen} />
        <RecordHistory object={object} row={record.row} record={record} />
      </div>
    </div>
  );
}
