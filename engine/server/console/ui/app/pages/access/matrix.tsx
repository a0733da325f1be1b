// The rights of a role on records: a row for each object that has its own, a column for each action.

import { Trash2 } from "lucide-react";
import { useState } from "react";

import type { Grant } from "../../api/access.ts";
import type { ObjectHead } from "../../api/objects.ts";
import { Button } from "../../kit/button.tsx";
import { ComboBox } from "../../kit/combobox.tsx";
import { TextField } from "../../kit/field.tsx";
import { type Column, Table } from "../../kit/table.tsx";
import { ACTIONS, type Action, cellOf, EVERYTHING, readWays, withObject, withoutObject, withWays } from "./grants.ts";

export interface MatrixProps {
  grants: readonly Grant[];
  objects: readonly ObjectHead[];
  onChange: (grants: readonly Grant[]) => void;
  problem?: string | undefined;
}

interface Edited {
  object: string;
  action: Action;
  text: string;
}

export function Matrix({ grants, objects, onChange, problem }: MatrixProps) {
  const [edited, setEdited] = useState<Edited | null>(null);
  const nameOf = (object: string) =>
    object === EVERYTHING
      ? "Everything else"
      : (objects.find(({ nameSingular }) => nameSingular === object)?.labelPlural ?? object);

  const columns: Column<Grant>[] = [
    { id: "object", title: "Records", cell: ({ object }) => nameOf(object) },
    ...ACTIONS.map((action) => ({
      id: action,
      title: action,
      cell: (grant: Grant) => {
        const right = cellOf(grant, action);
        const name = `${action} ${nameOf(grant.object)}`;
        return (
          <span className="access-cell">
            <input
              type="checkbox"
              aria-label={name}
              checked={right !== "none"}
              onChange={(event) => onChange(withWays(grants, grant.object, action, event.target.checked ? {} : null))}
            />
            {right !== "none" && (
              <Button
                kind="quiet"
                aria-label={`${right === "all" ? "all" : "rules"}: conditions of ${name}`}
                onPress={() =>
                  setEdited({ object: grant.object, action, text: JSON.stringify(grant[action], null, 2) })
                }
              >
                {right === "all" ? "all" : "rules"}
              </Button>
            )}
          </span>
        );
      },
    })),
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
      {edited && (
        <TextField
          label={`Ways to ${edited.action}: ${nameOf(edited.object)}`}
          description='JSON: {} for all records, or { "rule": { "city": { "eq": "$principal.city" } }, "fields": { "allBut": ["phone"] } }; several ways in a list.'
          lines={5}
          isCode
          value={edited.text}
          problem={readWays(edited.text) === null ? "This is no JSON object or list." : undefined}
          onChange={(text) => {
            setEdited({ ...edited, text });
            const ways = readWays(text);
            if (ways !== null) {
              onChange(withWays(grants, edited.object, edited.action, ways));
            }
          }}
        />
      )}
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
