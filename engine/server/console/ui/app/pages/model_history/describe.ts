// The changes of a version of the model in words.

import type { TypeLabel } from "../../api/use_field_types.ts";
import { cut } from "../../kit/texts.ts";

type Row = Readonly<Record<string, unknown>>;

const ACTIONS: Readonly<Record<string, string>> = {
  createObject: "Created object",
  createField: "Created field",
  createRelation: "Created relation",
  createIndex: "Created index",
  updateObject: "Changed object",
  updateField: "Changed field",
  deleteObject: "Deleted object",
  deleteField: "Deleted field",
  deleteRelation: "Deleted relation",
  deleteIndex: "Deleted index",
  createRole: "Created role",
  updateRole: "Changed role",
  deleteRole: "Deleted role",
};

/** Members that no person needs to read of. */
const QUIET = new Set(["id", "kind", "objectMetadataId", "status", "failure", "version"]);

/** The name of an object by its id; undefined for one that is gone. */
export type ObjectName = (id: unknown) => string | undefined;

/** A line for each change, such as `Changed field person.rank (Text): label Rank → Position`. */
export function describeChanges(changes: unknown, typeLabel: TypeLabel, objectName: ObjectName): string[] {
  return Array.isArray(changes) ? changes.map((change) => describeChange(asRow(change), typeLabel, objectName)) : [];
}

function describeChange(change: Row, typeLabel: TypeLabel, objectName: ObjectName): string {
  const action = typeof change.action === "string" ? change.action : "change";
  const before = rowsOf(change.before);
  const after = rowsOf(change.after);
  const subject = after[0] ?? before[0] ?? change;
  const old = before.find(({ id }) => id === subject.id);
  const words = `${ACTIONS[action] ?? action} ${nameOf(subject, typeLabel, objectName)}`.trim();
  const differences = old !== undefined && after.length > 0 ? differencesOf(old, subject, typeLabel) : [];
  return differences.length > 0 ? `${words}: ${differences.join(", ")}` : words;
}

function differencesOf(before: Row, after: Row, typeLabel: TypeLabel): string[] {
  const words = (member: string, value: unknown) =>
    member === "type" && typeof value === "string" ? typeLabel(value) : short(value);
  return Object.keys(after)
    .filter((member) => !QUIET.has(member) && JSON.stringify(before[member]) !== JSON.stringify(after[member]))
    .map((member) => `${member} ${words(member, before[member])} → ${words(member, after[member])}`);
}

function nameOf(row: Row, typeLabel: TypeLabel, objectName: ObjectName): string {
  const name = row.nameSingular ?? row.name ?? row.id ?? "";
  if (typeof row.type !== "string" || row.kind !== "field") return String(name);
  const object = objectName(row.objectMetadataId);
  return `${object === undefined ? "" : `${object}.`}${name} (${typeLabel(row.type)})`;
}

function short(value: unknown): string {
  const text = typeof value === "string" ? value : (JSON.stringify(value) ?? "");
  return cut(text, 60) || "empty";
}

function rowsOf(value: unknown): Row[] {
  return Array.isArray(value) ? value.map(asRow) : [];
}

function asRow(value: unknown): Row {
  return typeof value === "object" && value !== null ? (value as Row) : {};
}
