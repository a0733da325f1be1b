// The GraphQL documents for the records of an object, made of its metadata; the golden file beside the test shows them.

import { partsOf } from "../fields/parts.ts";
import {
  type Field,
  isToMany,
  isToOne,
  type LabelField,
  type ObjectModel,
  type TargetObject,
  upperFirst,
} from "./model.ts";

export type Documents = {
  page: string;
  count: string;
  one: string;
  link: string;
  updateWhere: string;
  removeMany: string;
  restoreMany: string;
  destroyMany: string;
  duplicates: string;
  merge: string;
  options: string;
  changes: string;
};

/** Return the documents for records of `object` with the fields in `shown` (and id, and updatedAt if the role reads it). */
export function buildDocuments(object: ObjectModel, shown: readonly Field[]): Documents {
  const type = upperFirst(object.nameSingular);
  const many = upperFirst(object.namePlural);
  const plural = object.namePlural;
  const record = selectRecord(object, shown);
  const isGuarded = versionOf(object).length > 0;
  const label = ["id", ...object.labels.map(selectLabel)].join(" ");
  const list = `$filter: ${type}FilterInput`;
  const order = `$orderBy: [${type}OrderByInput!]`;
  const bulk = (verb: string) =>
    `mutation Console${verb}(${list}!) {\n  ${verb.toLowerCase()}${many}(filter: $filter) { ${["id", ...versionOf(object)].join(" ")} }\n}\n`;
  return {
    page:
      `query ConsoleRecords(${list}, ${order}, $first: Int, $after: String, $offset: Int) {\n` +
      `  ${plural}(filter: $filter, orderBy: $orderBy, first: $first, after: $after, offset: $offset) {\n` +
      `    pageInfo { hasNextPage }\n    edges {\n      cursor\n      node {\n${indent(record, 4)}\n      }\n    }\n  }\n}\n`,
    count: `query ConsoleCount(${list}) {\n  ${plural}(filter: $filter, first: 0) { totalCount }\n}\n`,
    one: `query ConsoleRecord($id: UUID!) {\n  ${object.nameSingular}(id: $id) {\n${record}\n  }\n}\n`,
    link: `mutation ConsoleLink($id: UUID!, $data: ${type}Input!) {\n  update${type}(id: $id, data: $data) { id }\n}\n`,
    updateWhere:
      `mutation ConsoleUpdateWhere(${list}!, $data: ${type}Input!) {\n` +
      `  update${many}(filter: $filter, data: $data) { id }\n}\n`,
    removeMany: bulk("Delete"),
    restoreMany: bulk("Restore"),
    destroyMany: bulk("Destroy"),
    duplicates:
      `query ConsoleDuplicates($ids: [UUID!]!) {\n` +
      `  ${object.nameSingular}Duplicates(ids: $ids) { edges { node { id } } }\n}\n`,
    merge:
      `mutation ConsoleMerge($ids: [UUID!]!, $stays: Int!, $dryRun: Boolean!${isGuarded ? ", $versions: [DateTime!]!" : ""}) {\n` +
      `  merge${many}(ids: $ids, conflictPriorityIndex: $stays, dryRun: $dryRun${isGuarded ? ", ifUpdatedAt: $versions" : ""}) {\n${record}\n  }\n}\n`,
    options:
      `query ConsoleOptions(${list}, ${order}, $first: Int) {\n` +
      `  ${plural}(filter: $filter, orderBy: $orderBy, first: $first) {\n` +
      `    pageInfo { hasNextPage }\n    edges { node { ${label} } }\n  }\n}\n`,
    changes:
      `subscription ConsoleChanges($after: String) {\n  ${object.nameSingular}Changed(after: $after) {\n    action\n` +
      `    record {\n${indent(record, 2)}\n    }\n  }\n}\n`,
  };
}

/**
 * The most records that one gesture changes: each is 36 tokens of one mutation, of which the server takes 10,000. The rest is
 * for the fields of the answer.
 */
export const MAXIMUM_RECORDS = 250;

/** The most records of a page, as the server answers them. */
export const MAXIMUM_PAGE = 200;

/** The most records that one request writes by a filter, and that one gesture creates. */
export const MAXIMUM_WRITTEN = 10_000;

/**
 * Return the document of one gesture: `records` updates, each guarded by the version that was read, and the creation of
 * new records, whose ids and versions alone are answered, in one transaction. The variables of update 0 are $id0, $data0 and $version0; a role that does not read
 * the versions writes without.
 */
export function buildWriteDocument(
  object: ObjectModel,
  shown: readonly Field[],
  records: number,
  creates: boolean,
): string {
  const type = upperFirst(object.nameSingular);
  const numbers = Array.from({ length: records }, (_, index) => index);
  const isGuarded = versionOf(object).length > 0;
  const variables = [
    ...numbers.map(
      (index) => `$id${index}: UUID!, $data${index}: ${type}Input!${isGuarded ? `, $version${index}: DateTime!` : ""}`,
    ),
    ...(creates ? [`$created: [${type}Input!]!`] : []),
  ];
  // A list is read again behind new records: the answer stays short enough to be kept for an idempotency key.
  const created = ["id", ...versionOf(object)].join(" ");
  const roots = [
    ...numbers.map(
      (index) =>
        `  update${index}: update${type}(id: $id${index}, data: $data${index}` +
        `${isGuarded ? `, ifUpdatedAt: $version${index}` : ""}) { ...Row }\n`,
    ),
    ...(creates ? [`  created: create${upperFirst(object.namePlural)}(data: $created) { ${created} }\n`] : []),
  ];
  const row = records > 0 ? `fragment Row on ${type} {\n${selectRecord(object, shown)}\n}\n` : "";
  return `mutation ConsoleWrite(${variables.join(", ")}) {\n${roots.join("")}}\n${row}`;
}

/** Return the document that reads the first records of a relation to many, by the id of a record of `object`. */
export function buildRelatedDocument(object: ObjectModel, field: Field): string {
  const labels = ["id", ...(field.relation?.target.labels ?? []).map(selectLabel)].join(" ");
  return (
    `query ConsoleRelated($id: UUID!, $first: Int, $after: String) {\n  ${object.nameSingular}(id: $id) {\n    id\n` +
    `    ${field.name}(first: $first, after: $after) {\n` +
    `${field.relation?.target.isUncounted ? "" : "      totalCount\n"}      pageInfo { hasNextPage endCursor }\n` +
    `      edges { node { ${labels} } }\n    }\n  }\n}\n`
  );
}

/** Return the document that reads the names of records of several objects; the variable of an object is its plural name. */
export function buildNamesDocument(targets: readonly TargetObject[]): string {
  const variables = targets.map(({ namePlural }) => `$${namePlural}: [UUID!]!, $${namePlural}Number: Int`);
  const roots = targets.map(({ namePlural, labels }) => {
    const label = ["id", ...labels.map(selectLabel)].join(" ");
    return (
      `  ${namePlural}(filter: { id: { in: $${namePlural} } }, first: $${namePlural}Number) {\n` +
      `    edges { node { ${label} } }\n  }\n`
    );
  });
  return `query ConsoleNames(${variables.join(", ")}) {\n${roots.join("")}}\n`;
}

/** Return the field that has the version of a record, if the role reads it. */
function versionOf({ fields }: ObjectModel): readonly string[] {
  return fields.some(({ name }) => name === "updatedAt") ? ["updatedAt"] : [];
}

function selectRecord(object: ObjectModel, shown: readonly Field[]): string {
  const always = ["id", ...versionOf(object)];
  const lines = shown.filter((field) => !always.includes(field.name)).flatMap(selectField);
  return [...always, ...lines].map((line) => `    ${line}`).join("\n");
}

function selectField(field: Field): string[] {
  if (isToOne(field)) {
    const labels = ["id", ...(field.relation?.target.labels ?? []).map(selectLabel)].join(" ");
    return [...(field.relation?.holdsKey ? [`${field.name}Id`] : []), `${field.name} { ${labels} }`];
  }
  if (isToMany(field)) return field.relation?.target.isUncounted ? [] : [`${field.name}(first: 0) { totalCount }`];
  return [selectLabel(field)];
}

function selectLabel(field: LabelField): string {
  if (field.labels) return `${field.name} { ${["id", ...field.labels.map(selectLabel)].join(" ")} }`;
  const parts = partsOf(field.type);
  return parts.length > 0 ? `${field.name} { ${parts.map((part) => part.name).join(" ")} }` : field.name;
}

function indent(text: string, spaces: number): string {
  return text.replace(/^/gm, " ".repeat(spaces));
}
