// The rights of a role on records: a row for each object that has its own, a column for each action.

import { Trash2 } from "lucide-react";

import type { Grant } from "../../api/access.ts";
import type { ObjectHead } from "../../api/objects.ts";
import { Button } from "../../kit/button.tsx";
import { ComboBox } from "../../kit/combobox.tsx";
import { type Column, Table } from "../../kit/table.tsx";
import {
  ACTIONS,
  type Action,
  cellOf,
  EVERYTHING,
  withAggregates,
  withObject,
  withoutObject,
  withWays,
} from "./grants.ts";

export interface MatrixProps {
  grants: readonly Grant[];
  objects: readonly ObjectHead[];
  onChange: (grants: readonly Grant[]) => void;
  /** Opens the ways of an action on an object. */
  onEdit: (object: ObjectHead, action: Action) => void;
  problem?: string | undefined;
}

export function Matrix({ grants, objects, onChange, onEdit, problem }: MatrixProps) {
  const find = (name: string) => objects.find(({ nameSingular }) => nameSingular === name);
  const nameOf = (object: string) =>
    object === EVERYTHING ? "Everything else" : (find(object)?.labelPlural ?? object);

  const columns: Column<Grant>[] = [
    { id: "object", title: "Records", cell: ({ object }) => nameOf(object) },
    ...ACTIONS.map((action) => ({
      id: action,
      title: action,
      cell: (grant: Grant) => {
        const right = cellOf(grant, action);
        const name = `${action} ${nameOf(grant.object)}`;
        const object = find(grant.object);
        return (
          <span className="access-cell">
            <input
              type="checkbox"
              aria-label={name}
              checked={right !== "none"}
              onChange={(event) => onChange(withWays(grants, grant.object, action, event.target.checked ? {} : null))}
            />
            {right !== "none" && object && (
              <Button
                kind="quiet"
                aria-label={`${right === "all" ? "all" : "rules"}: conditions of ${name}`}
                onPress={() => onEdit(object, action)}
              >
                {right === "all" ? "all" : "rules"}
              </Button>
            )}
          </span>
        );
      },
    })),
    {
      id: "aggregates",
      title: "count",
      cell: ({ object, aggregates }) => (
        <input
          type="checkbox"
          aria-label={`count ${nameOf(object)}`}
          checked={aggregates !== false}
          onChange={(event) => onChange(withAggregates(grants, object, event.target.checked))}
        />
      ),
    },
    {
      id: "remove",
      title: "Remove",
      cell: ({ object }) =>
        object !== EVERYTHING && (
          <Button
            kind="quiet"
            icon={<Trash2 aria-hidden />}
            aria-label={`Remove the row of ${nameOf(object)}`}
            onPress={() => onChange(withoutObject(grants, object))}
          />
        ),
    },
  ];
  const others = objects.filter(({ nameSingular }) => !grants.some(({ object }) => object === nameSingular));

  return (
    <>
      <Table label="Rights on records" columns={columns} rows={grants} idOf={({ object }) => object} />
      {problem && <p className="field-problem">{problem}</p>}
      {others.length > 0 && (
        <ComboBox
          key={grants.length}
          label="An object with rights of its own"
          choices={others.map(({ nameSingular, labelPlural }) => ({ id: nameSingular, label: labelPlural }))}
          value={null}
          onChange={(object) => object !== null && onChange(withObject(grants, object))}
          placeholder="Search an object"
        />
      )}
    </>
  );
}
