// A record in a panel at the right of its list.

import { ExternalLink, X } from "lucide-react";

import type { ObjectModel } from "../../api/model.ts";
import { labelOf } from "../../fields/registry.ts";
import { Button } from "../../kit/button.tsx";
import { showPanel } from "../../kit/focus.ts";
import { IconLink } from "../../kit/icon_link.tsx";
import { RecordBody } from "./record_body.tsx";
import { DeleteRecord } from "./record_trash.tsx";
import { useRecord } from "./use_record.ts";

export type RecordPanelProps = {
  object: ObjectModel;
  id: string;
  onClose(): void;
  onOpen(plural: string, id: string): void;
  /** Called after the record was moved to the trash, out of it, or destroyed. */
  onMoved(): void;
};

export function RecordPanel({ object, id, onClose, onOpen, onMoved }: RecordPanelProps) {
  const record = useRecord(object, id, onMoved);
  const name = record.row ? labelOf(record.row, object.labels) : object.labelSingular;
  return (
    <aside
      ref={showPanel}
      tabIndex={-1}
      className="record-panel"
      aria-label={`${object.labelSingular} ${name}`}
      onKeyDown={(event) => event.key === "Escape" && !event.defaultPrevented && onClose()}
    >
      <header>
        <h2>{name}</h2>
        <DeleteRecord record={record} />
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
