// The conditions of a rule or a check as rows.

import { useState } from "react";

import type { ObjectModel } from "../../api/model.ts";
import { FilterBuilder } from "../../filter/builder.tsx";
import { buildFilter, type Filter, group, isWhole, type Node } from "../../filter/tree.ts";
import { useFieldsAt } from "../../filter/use_fields.ts";
import { rowsOf } from "../../filter/use_filter_rows.ts";

export interface RuleFieldProps {
  label: string;
  object: ObjectModel;
  filter: Filter;
  /** Called with the filter, and whether each row is part of it. */
  onChange: (filter: Filter, isWhole: boolean) => void;
  /** The meaning of a rule without conditions. */
  empty: string;
}

export function RuleField({ label, object, filter, onChange, empty }: RuleFieldProps) {
  const [rows, setRows] = useState(() => group("and", []));
  // A row that has no value yet is not in the filter; the objects that its path leads to are known all the same.
  const fieldsAt = useFieldsAt(object, { filter, rows: namesIn(rows) });
  const shown = rowsOf(filter, rows, fieldsAt);
  return (
    <div className="rule-field">
      <p className="field-label">{label}</p>
      {shown.children.length === 0 && <p className="field-description">{empty}</p>}
      <FilterBuilder
        label={label}
        rows={shown}
        fieldsAt={fieldsAt}
        onChange={(next) => {
          setRows(next);
          onChange(buildFilter(next), isWhole(next));
        }}
      />
    </div>
  );
}

function namesIn(node: Node): Filter {
  switch (node.kind) {
    case "group":
      return Object.assign({}, ...node.children.map(namesIn));
    case "related":
      return { ...namesOf(node.path), ...namesIn(node.of) };
    case "condition":
      return namesOf(node.path);
    case "raw":
      return {};
  }
}

function namesOf(path: readonly string[]): Filter {
  return Object.fromEntries(path.map((name) => [name, null]));
}
