// The model for those who change it: objects with all fields, the types of fields, names, plans, the history.

import APPLY from "./apply.graphql";
import { metadata } from "./client.ts";
import FIELD_TYPES from "./field_types.graphql";
import HISTORY from "./history.graphql";
import MODEL_OBJECT from "./model_object.graphql";
import NAMES from "./names.graphql";
import type { ObjectHead } from "./objects.ts";
import { noteOwn } from "./own_changes.ts";
import PLAN from "./plan.graphql";
import ROLLBACK from "./rollback.graphql";
import STATS from "./stats.graphql";

export interface FieldOption {
  value: string;
  label: string;
  color: string | null;
}

export interface ModelField {
  id: string;
  name: string;
  label: string;
  type: string;
  description: string | null;
  isNullable: boolean;
  isUnique: boolean;
  isActive: boolean;
  isCustom: boolean;
  isSystem: boolean;
  status: "READY" | "BUILDING" | "FAILED";
  failure: string | null;
  defaultValue: unknown;
  options: readonly FieldOption[] | null;
  settings: Readonly<Record<string, unknown>> | null;
  relation: {
    type: string;
    targetObject: { nameSingular: string; labelSingular: string; labelPlural: string } | null;
    targetField: { name: string; label: string } | null;
  } | null;
}

export interface ModelObject extends ObjectHead {
  fields: readonly ModelField[];
}

export interface FieldTypeInfo {
  type: string;
  label: string;
  description: string;
  composite: string | null;
  settings: readonly { name: string; values: readonly string[]; isFlag: boolean }[];
  hasOptions: boolean;
  canBeUnique: boolean;
  canDefault: boolean;
  functions: readonly string[];
  conversions: readonly string[];
}

export interface DerivedNames {
  nameSingular: string | null;
  namePlural: string | null;
  labelPlural: string;
  isTaken: boolean;
  fieldName: string | null;
}

export interface ObjectStats {
  objectMetadataId: string;
  records: string | number;
  deleted: string | number;
  bytes: string | number;
  estimated: boolean;
}

/** A change of the model: the input `Change` of the Metadata API. */
export type Change = Readonly<Record<string, object>>;

interface Example {
  value: unknown;
  rows: number;
}

export interface Plan {
  version: string | number;
  problems: readonly { change: number | null; code: string; message: string; field: string | null }[];
  counts: Readonly<
    Record<"appears" | "breaking" | "operations" | "documents" | "lost" | "locks" | "sql" | "later", number>
  >;
  appears: readonly string[];
  breaking: readonly string[];
  operations: readonly {
    operation: string | null;
    hash: string;
    reasons: readonly string[];
    clients: readonly { name: string | null; perMinute: unknown }[];
  }[];
  documents: readonly { client: string; documentId: string; operation: string | null; reasons: readonly string[] }[];
  documentsUnchecked: number;
  lost: readonly {
    kind: string;
    name: string;
    message: string;
    records: number | null;
    total: number | null;
    examples: readonly Example[];
  }[];
  conversions: readonly {
    field: string;
    from: string;
    to: string;
    rowsLosing: number;
    needs: string | null;
    examples: readonly Example[];
  }[];
  roles: readonly { kind: string; name: string; roles: readonly string[]; message: string }[];
  locks: readonly { table: string; lock: string; rowsWritten: number; when: string | null }[];
  builds: readonly { kind: string; name: string; table: string }[];
  sql: readonly string[];
}

export interface Version {
  id: string;
  version: string | number;
  actor: string;
  actorKind: string | null;
  createdAt: string;
  changes: unknown;
}

export interface VersionPage {
  versions: readonly Version[];
  next: string | null;
}

interface Connection<T> {
  edges: readonly { node: T }[];
  pageInfo: { hasNextPage: boolean; endCursor: string | null };
}

/** The object that a filter of the Metadata API finds, with all its fields; null if the role sees none. */
export async function readModelObject(filter: object, signal?: AbortSignal): Promise<ModelObject | null> {
  type Answer = { objects: { edges: readonly { node: ObjectHead & { fields: Connection<ModelField> } }[] } };
  const fields: ModelField[] = [];
  let after: string | null = null;
  for (;;) {
    const answer: Answer = await metadata<Answer>(MODEL_OBJECT, { filter, after }, { signal });
    const object = answer.objects.edges[0]?.node;
    if (object === undefined) {
      return null;
    }
    fields.push(...object.fields.edges.map(({ node }) => node));
    if (!object.fields.pageInfo.hasNextPage) {
      return { ...object, fields };
    }
    after = object.fields.pageInfo.endCursor;
  }
}

export async function readFieldTypes(signal?: AbortSignal): Promise<readonly FieldTypeInfo[]> {
  return (await metadata<{ fieldTypes: readonly FieldTypeInfo[] }>(FIELD_TYPES, {}, { signal })).fieldTypes;
}

/** The names that a label suggests: of an object, and of a field in the object that is named. */
export async function deriveNames(label: string, object: string | null, signal?: AbortSignal): Promise<DerivedNames> {
  return (await metadata<{ deriveNames: DerivedNames }>(NAMES, { label, object }, { signal })).deriveNames;
}

/** The sizes of objects, at most 200. */
export async function readStats(objects: readonly string[], signal?: AbortSignal): Promise<readonly ObjectStats[]> {
  return (await metadata<{ objectStats: readonly ObjectStats[] }>(STATS, { objects }, { signal })).objectStats;
}

export async function planChanges(changes: readonly Change[]): Promise<Plan> {
  return (await metadata<{ plan: Plan }>(PLAN, { changes }, { operation: "ConsolePlan" })).plan;
}

type Applied = { applied: { version: unknown } };

export async function applyChanges(changes: readonly Change[]): Promise<void> {
  const done = metadata<Applied>(APPLY, { changes });
  await noteOwn(done.then(({ applied }) => applied));
}

export async function planRollback(to: number): Promise<Plan> {
  return (await metadata<{ plan: Plan }>(PLAN, { to: String(to) }, { operation: "ConsoleRollbackPlan" })).plan;
}

export async function rollback(to: number): Promise<void> {
  const done = metadata<Applied>(ROLLBACK, { to: String(to) });
  await noteOwn(done.then(({ applied }) => applied));
}

/** A page of the versions of the model, the newest first. */
export async function readHistory(after: string | null, signal?: AbortSignal): Promise<VersionPage> {
  type Answer = { metadataHistory: Connection<Version> };
  const { metadataHistory } = await metadata<Answer>(HISTORY, { first: 50, after }, { signal });
  return {
    versions: metadataHistory.edges.map(({ node }) => node),
    next: metadataHistory.pageInfo.hasNextPage ? metadataHistory.pageInfo.endCursor : null,
  };
}
