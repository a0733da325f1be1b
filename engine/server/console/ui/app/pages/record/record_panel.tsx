// A record in a panel at the right of its list.

import { ExternalLink, X } from "lucide-react";

import type { ObjectModel } from "../../api/model.ts";
import { labelOf } from "../../fields/registry.ts";
import { Button } from "../../kit/button.tsx";
import { IconLink } from "../../kit/icon_link.tsx";
import { Problem } from "../../kit/problem.tsx";
import { takeLostFocus } from "./focus.ts";
import { RecordFields } from "./record_fields.tsx";
import { RecordHistory } from "./record_history.tsx";
import { RecordRelations } from "./record_relations.tsx";
import { useRecord } from "./use_record.ts";

export type RecordPanelProps = {
  object: ObjectModel;
  id: string;
  onClose(): void;
  onOpen(plural: string, id: string): void;
};

export function RecordPanel({ object, id, onClose, onOpen }: RecordPanelProps) {
  const record = useRecord(object, id);
  const name = record.row ? labelOf(record.row, object.labels) : object.labelSingular;
  return (
    <aside
      ref={takeLostFocus}
      tabIndex={-1}
      className="record-panel"
      aria-label={`${object.labelSingular} ${name}`}
      onKeyDown={(event) => event.key === "Escape" && !event.defaultPrevented && onClose()}
    >
      <header>
        <h2>{name}</h2>
        <IconLink
          to={`/records/${object.namePlural}/${id}`}
          label="Open as a page"
          icon={<ExternalLink aria-hidden />}
        />
        <Button kind="quiet" icon={<X aria-hidden />} aria-label="Close the record" onPress={onClose} />
      </header>
      <RecordBody object={object} id={id} record={record} onOpen={onOpen} />
    </aside>
  );
}

type RecordBodyProps = {
  object: ObjectModel;
  id: string;
  record: ReturnType<typeof useRecord>;
  onOpen(plural: string, id: string): void;
};

/** The fields and relations of a record, as the panel and the page show them. */
export function RecordBody({ object, id, record, onOpen }: RecordBodyProps) {
  if (record.error) return <Problem title="The record cannot be read." text={record.error.message} />;
  if (record.isPending) return <p role="status">Loading…</p>;
  if (record.row === null)
    return <Problem kind="warn" title="There is no such record, it is in the trash, or your role does not see it." />;
  return (
    <>
      <RecordFields record={record} row={record.row} onOpen={onOpen} />
      <RecordRelations object={object} id={id} name={labelOf(record.row, object.labels)} onOpen={onOpen} />
      <RecordHistory object={object} row={record.row} edits={record.edits} />
    </>
  );
}
