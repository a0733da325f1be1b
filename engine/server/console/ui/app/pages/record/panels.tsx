// The records that are open beside a list: a panel that is opened from a panel stands beside it and replaces none.

import type { ObjectModel } from "../../api/model.ts";
import { useObject } from "../../api/object_query.ts";
import { mayDo } from "../../api/session.ts";
import { useSession } from "../../api/session_context.ts";
import { Button } from "../../kit/button.tsx";
import { later } from "../../kit/later.tsx";
import { Problem } from "../../kit/problem.tsx";
import type { Open } from "../records/address.ts";
import { NewRecord } from "./new_record.tsx";
import "./record.css";

const RecordPanel = later(() => import("./record_panel.tsx").then((part) => part.RecordPanel));

export type PanelsProps = {
  object: ObjectModel;
  open: readonly Open[];
  onOpen(open: readonly Open[], isStep: boolean): void;
  onWritten(): void;
};

export function RecordPanels({ object, open, onOpen, onWritten }: PanelsProps) {
  return open.map((one, index) => (
    <Panel
      key={`${one.plural}/${one.id}`}
      list={object}
      one={one}
      onClose={() => onOpen(open.slice(0, index), false)}
      onOpen={(next) => onOpen([...open.slice(0, index + 1), next], true)}
      onWritten={onWritten}
      onCreated={(id) => {
        onWritten();
        onOpen([...open.slice(0, index), { plural: one.plural, id }], false);
      }}
    />
  ));
}

type PanelProps = {
  list: ObjectModel;
  one: Open;
  onClose(): void;
  onOpen(next: Open): void;
  onCreated(id: string): void;
  onWritten(): void;
};

function Panel({ list, one, onClose, onOpen, onCreated, onWritten }: PanelProps) {
  const other = useObject(one.plural ?? list.namePlural);
  const session = useSession();
  const object = one.plural === null ? list : other.data;
  if (!object) {
    return (
      <aside className="record-panel" aria-label="Record">
        {other.error && <Problem title="The object cannot be read." text={other.error.message} />}
      </aside>
    );
  }
  // The address of a form may come from a person with other rights.
  if (one.id === "new" && !mayDo(session, object.nameSingular, "create"))
    return (
      <aside className="record-panel" aria-label={`New ${object.labelSingular}`}>
        <Problem kind="warn" title={`The role ${session.role} does not create ${object.labelPlural}.`}>
          <Button onPress={onClose}>Close</Button>
        </Problem>
      </aside>
    );
  if (one.id === "new") return <NewRecord object={object} onClose={onClose} onCreated={onCreated} />;
  return (
    <RecordPanel
      object={object}
      id={one.id}
      onClose={onClose}
      onOpen={(plural, id) => onOpen({ plural, id })}
      onMoved={onWritten}
    />
  );
}
