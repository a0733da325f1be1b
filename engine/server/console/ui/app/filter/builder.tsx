// The filter of a list as rows: conditions, groups of them, and conditions on the records of a relation.

import { Plus, X } from "lucide-react";

import { isToMany, isToOne, type LabelField } from "../api/model.ts";
import { partsOf } from "../fields/parts.ts";
import { Button } from "../kit/button.tsx";
import { InlineSelect } from "../kit/select.tsx";
import { ConditionRow } from "./condition_row.tsx";
import { conditionAt } from "./conditions.ts";
import { type Condition, type Group, group, type Node, type Related } from "./tree.ts";
import type { FieldsAt } from "./words.ts";
import "./builder.css";

export type BuilderProps = {
  /** The name of the builder, where a page has several. */
  label?: string;
  /** The rows; conditions that are not complete yet are in them, and not in the filter. */
  rows: Group;
  fieldsAt: FieldsAt;
  onChange(rows: Group): void;
};

export function FilterBuilder({ label = "Filter", rows, fieldsAt, onChange }: BuilderProps) {
  return (
    <section className="filter-builder" aria-label={label}>
      <GroupRows group={rows} fieldsAt={fieldsAt} onChange={onChange} />
    </section>
  );
}

const MODES = [
  { id: "and", label: "All of these hold" },
  { id: "or", label: "At least one of these holds" },
  { id: "not and", label: "Not all of these hold" },
  { id: "not or", label: "None of these holds" },
] as const;

const QUANTIFIERS = [
  { id: "some", label: "Some" },
  { id: "none", label: "No" },
  { id: "every", label: "Every" },
] as const;

type GroupProps = { group: Group; fieldsAt: FieldsAt; onChange(group: Group): void };

function GroupRows({ group: rows, fieldsAt, onChange }: GroupProps) {
  const change = (index: number, node: Node | null) =>
    onChange({
      ...rows,
      children: rows.children.flatMap((child, at) => (at !== index ? [child] : node === null ? [] : [node])),
    });
  const add = (node: Node) => onChange({ ...rows, children: [...rows.children, node] });
  const plain = fieldsAt([])?.find((field) => !isToMany(field) && !isToOne(field));
  const part = plain && partsOf(plain.type)[0];
  const first = plain && conditionAt(part ? [plain.name, part.name] : [plain.name], fieldsAt);
  return (
    <div className="filter-group">
      {(rows.children.length > 1 || rows.negated) && (
        <div className="filter-mode">
          <InlineSelect
            label="Which of the conditions must hold"
            value={`${rows.negated ? "not " : ""}${rows.mode}`}
            choices={MODES}
            onChange={(id) =>
              onChange({ ...rows, negated: id.startsWith("not"), mode: id.endsWith("or") ? "or" : "and" })
            }
          />
        </div>
      )}
      <ul>
        {rows.children.map((child, index) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: a row has no name but its place.
          <li key={index}>
            <NodeRow node={child} fieldsAt={fieldsAt} onChange={(node) => change(index, node)} />
          </li>
        ))}
      </ul>
      <div className="filter-add">
        <Button kind="quiet" icon={<Plus aria-hidden />} isDisabled={!first} onPress={() => first && add(first)}>
          Condition
        </Button>
        <Button
          kind="quiet"
          icon={<Plus aria-hidden />}
          isDisabled={!first}
          onPress={() => first && add(group(rows.mode === "and" ? "or" : "and", [first]))}
        >
          Group
        </Button>
      </div>
    </div>
  );
}

type NodeProps = { node: Node; fieldsAt: FieldsAt; onChange(node: Node | null): void };

function NodeRow({ node, fieldsAt, onChange }: NodeProps) {
  const remove = (
    <Button kind="quiet" icon={<X aria-hidden />} aria-label="Remove the condition" onPress={() => onChange(null)} />
  );
  switch (node.kind) {
    case "condition":
      return (
        <div className="filter-row">
          <ConditionRow
            condition={node}
            fieldsAt={fieldsAt}
            onChange={onChange}
            relate={(path) => onChange(relate(path, fieldsAt))}
          />
          {remove}
        </div>
      );
    case "group":
      return (
        <div className="filter-row">
          <GroupRows group={node} fieldsAt={fieldsAt} onChange={onChange} />
          {remove}
        </div>
      );
    case "related":
      return (
        <div className="filter-row">
          <RelatedRows node={node} fieldsAt={fieldsAt} onChange={onChange} />
          {remove}
        </div>
      );
    case "raw":
      return (
        <div className="filter-row">
          <code>{JSON.stringify({ [node.key]: node.value })}</code>
          {remove}
        </div>
      );
  }
}

function RelatedRows({
  node,
  fieldsAt,
  onChange,
}: {
  node: Related;
  fieldsAt: FieldsAt;
  onChange(node: Related): void;
}) {
  const name = node.path.at(-1) ?? "";
  const field = fieldsAt(node.path.slice(0, -1))?.find((one) => one.name === name);
  return (
    <fieldset className="filter-related">
      <legend>
        {node.quantifier === "one" ? null : (
          <InlineSelect
            label="How many of the records"
            value={node.quantifier}
            choices={QUANTIFIERS}
            onChange={(quantifier) => onChange({ ...node, quantifier })}
          />
        )}{" "}
        {field?.label ?? name}
      </legend>
      <GroupRows
        group={node.of}
        fieldsAt={(path) => fieldsAt([...node.path, ...path])}
        onChange={(of) => onChange({ ...node, of })}
      />
    </fieldset>
  );
}

// A relation that is chosen as a field: conditions on its records follow.
function relate(path: readonly string[], fieldsAt: FieldsAt): Condition | Related {
  const field = fieldsAt(path.slice(0, -1))?.find((one) => one.name === path.at(-1));
  if (field && isToMany(field)) return { kind: "related", path, quantifier: "some", of: group("and", []) };
  const label = field && isToOne(field) ? pathOf(field.relation?.target.labels[0]) : ["id"];
  return { kind: "condition", path: [...path, ...label], operator: "contains", value: undefined };
}

// The way to the first text that names a record.
function pathOf(label: LabelField | undefined): string[] {
  if (label === undefined) return ["id"];
  return [
    label.name,
    ...(label.labels
      ? pathOf(label.labels[0])
      : partsOf(label.type)
          .slice(0, 1)
          .map((part) => part.name)),
  ];
}
