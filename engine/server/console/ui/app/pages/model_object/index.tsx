// One object of the model: its fields, and the ways to change it.

import { Pencil, Plus, Trash2 } from "lucide-react";
import { useRef, useState } from "react";
import { Link, useNavigate, useParams } from "react-router";

import type { ModelField, ModelObject } from "../../api/model_edit.ts";
import { type TypeLabel, useTypeLabel } from "../../api/use_field_types.ts";
import { useModelChanged } from "../../api/use_model_changed.ts";
import { useModelObject } from "../../api/use_model_object.ts";
import { Button } from "../../kit/button.tsx";
import { Chip } from "../../kit/chip.tsx";
import { Empty } from "../../kit/empty.tsx";
import { Page } from "../../kit/page.tsx";
import { Problem } from "../../kit/problem.tsx";
import { type Column, Table } from "../../kit/table.tsx";
import { ChangeDialog } from "../../plan/change_dialog.tsx";
import "../model/model.css";
import { ObjectDialog } from "../model/object_dialog.tsx";
import { FieldDialog } from "./field_dialog.tsx";
import { relationLabel } from "./setting_words.ts";

export function Component() {
  const { object: name = "", field } = useParams();
  const object = useModelObject(name);
  if (object.error) {
    return (
      <Page title={name}>
        <Problem title="The object cannot be read." text={object.error.message} />
      </Page>
    );
  }
  if (object.data === null) {
    return (
      <Page title={name}>
        <Empty title={`There is no object ${name}`} action={<Link to="/model">All objects</Link>}>
          It may have been renamed or deleted: the history of the model tells.
        </Empty>
      </Page>
    );
  }
  return object.data ? <ObjectPage object={object.data} field={field} /> : <Page title={name}>{null}</Page>;
}

type Shown = "new-field" | "object" | "delete-object" | null;

function ObjectPage({ object, field }: { object: ModelObject; field: string | undefined }) {
  const navigate = useNavigate();
  const changed = useModelChanged();
  const typeLabel = useTypeLabel();
  const [shown, setShown] = useState<Shown>(null);
  const [deleted, setDeleted] = useState<ModelField | null>(null);
  const here = `/model/${object.nameSingular}`;
  const edited = useOpened(field, object.fields);

  async function done(address = here) {
    setShown(null);
    setDeleted(null);
    await navigate(address, { replace: true });
    await changed();
  }

  return (
    <Page
      title={object.labelPlural}
      bar={
        <div className="page-actions">
          <Link className="button" data-kind="quiet" to={`/records/${object.namePlural}`}>
            Records
          </Link>
          <Button icon={<Pencil aria-hidden />} onPress={() => setShown("object")}>
            Edit object
          </Button>
          {object.isCustom && (
            <Button icon={<Trash2 aria-hidden />} onPress={() => setShown("delete-object")}>
              Delete object
            </Button>
          )}
          <Button kind="primary" icon={<Plus aria-hidden />} onPress={() => setShown("new-field")}>
            Field
          </Button>
        </div>
      }
    >
      <p className="model-note">
        <code>
          {object.nameSingular} · {object.namePlural}
        </code>{" "}
        {object.description}
      </p>
      <Table
        label={`Fields of ${object.labelPlural}`}
        columns={columnsOf(object, typeLabel, setDeleted)}
        rows={[...object.fields].sort((one, other) => Number(one.isSystem) - Number(other.isSystem))}
        idOf={({ id }) => id}
      />
      {edited && (
        <FieldDialog
          key={edited.id}
          object={object}
          field={edited}
          onClose={() => void navigate(here, { replace: true })}
          onDone={() => void done()}
        />
      )}
      {shown === "new-field" && (
        <FieldDialog object={object} field={null} onClose={() => setShown(null)} onDone={() => void done()} />
      )}
      {shown === "object" && (
        <ObjectDialog object={object} onClose={() => setShown(null)} onDone={(name) => void done(`/model/${name}`)} />
      )}
      {shown === "delete-object" && (
        <ChangeDialog
          title={`Delete ${object.labelPlural} with all records`}
          changes={() => [{ deleteObject: { id: object.nameSingular } }]}
          typed={object.nameSingular}
          onClose={() => setShown(null)}
          onDone={() => void done("/model")}
        />
      )}
      {deleted && (
        <ChangeDialog
          title={`Delete field ${object.nameSingular}.${deleted.name} with its values`}
          changes={() => [{ deleteField: { id: `${object.nameSingular}.${deleted.name}` } }]}
          typed={deleted.name}
          onClose={() => setDeleted(null)}
          onDone={() => void done()}
        />
      )}
    </Page>
  );
}

/** The field of that name as it was found: its form stays, and compares with it, when another changes or renames it. */
function useOpened(name: string | undefined, fields: readonly ModelField[]): ModelField | undefined {
  const opened = useRef<{ name: string | undefined; field: ModelField | undefined }>({ name, field: undefined });
  if (opened.current.field === undefined || opened.current.name !== name) {
    opened.current = { name, field: fields.find((field) => field.name === name) };
  }
  return opened.current.field;
}

function columnsOf(
  object: ModelObject,
  typeLabel: TypeLabel,
  remove: (field: ModelField) => void,
): Column<ModelField>[] {
  return [
    {
      id: "label",
      title: "Field",
      cell: ({ name, label, isSystem }) =>
        isSystem ? label : <Link to={`/model/${object.nameSingular}/${name}`}>{label}</Link>,
    },
    { id: "name", title: "Name", cell: ({ name }) => <code>{name}</code> },
    { id: "type", title: "Type", cell: (field) => typeOf(field, typeLabel) },
    { id: "rules", title: "Rules", cell: (field) => <Rules field={field} /> },
    { id: "description", title: "Description", cell: ({ description }) => description },
    {
      id: "actions",
      title: "Delete",
      cell: (field) =>
        field.isCustom &&
        !field.isSystem && (
          <Button
            kind="quiet"
            icon={<Trash2 aria-hidden />}
            aria-label={`Delete field ${field.label}`}
            onPress={() => remove(field)}
          />
        ),
    },
  ];
}

function typeOf({ type, relation }: ModelField, typeLabel: TypeLabel) {
  if (relation === null) {
    return typeLabel(type);
  }
  const { targetObject, type: kind } = relation;
  return (
    <>
      {typeLabel(type)} {relationLabel(kind)}{" "}
      {targetObject && (
        <Link to={`/model/${targetObject.nameSingular}`}>
          {kind.endsWith("MANY") ? targetObject.labelPlural : targetObject.labelSingular}
        </Link>
      )}
    </>
  );
}

function Rules({ field }: { field: ModelField }) {
  return (
    <span className="model-rules">
      {!field.isNullable && <Chip>required</Chip>}
      {field.isUnique && <Chip>unique</Chip>}
      {!field.isActive && <Chip color="yellow">hidden</Chip>}
      {field.isSystem && <Chip>system</Chip>}
      {field.status === "BUILDING" && <Chip color="blue">building</Chip>}
      {field.status === "FAILED" && <Chip color="red">{`failed: ${field.failure ?? ""}`}</Chip>}
      {field.options?.map(({ label }) => label).join(", ")}
    </span>
  );
}
