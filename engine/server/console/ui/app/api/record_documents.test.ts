import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { test } from "node:test";
import type { Field } from "./model.ts";
import { decodeObject, type ObjectNode, unnamedTargets, withRights, withTargetLabels } from "./object.ts";
import { buildDocuments, buildNamesDocument, buildRelatedDocument, buildWriteDocument } from "./record_documents.ts";

const GOLDEN = new URL("./testdata/people.graphql", import.meta.url);

const ANSWER = readFileSync(new URL("./testdata/people.json", import.meta.url), "utf-8");

function people(text = ANSWER) {
  const answer = JSON.parse(text) as { objects: { edges: { node: ObjectNode }[] } };
  const node = answer.objects.edges[0]?.node;
  assert.ok(node);
  return decodeObject(node);
}

test("the fields of an object stand in the model's order with the system's last, and name its records", () => {
  const object = people();
  assert.deepEqual(object.fields.map((field) => field.name).slice(0, 3), ["firstName", "lastName", "email"]);
  assert.equal(object.fields.at(-1)?.isSystem, true);
  assert.deepEqual(object.labels, [
    { name: "firstName", type: "TEXT" },
    { name: "lastName", type: "TEXT" },
  ]);
  const company = object.fields.find((field) => field.name === "company");
  assert.equal(company?.relation?.holdsKey, true);
  const activities = object.fields.find((field) => field.name === "activities");
  assert.equal(activities?.relation?.holdsKey, false);
  assert.equal(activities?.relation?.isTargetRequired, undefined);
  assert.deepEqual(object.uniqueFields, [[object.fields.find((field) => field.name === "id")?.id]]);
  const required = people(
    ANSWER.replaceAll('"name": "person", "isNullable": true', '"name": "person", "isNullable": false'),
  );
  assert.equal(required.fields.find((field) => field.name === "activities")?.relation?.isTargetRequired, true);
});

// Written again with UPDATE_GOLDEN=1; read the diff before you commit it.
test("the documents are those of the golden file", () => {
  const object = people();
  const documents = buildDocuments(object, object.fields);
  const activities = object.fields.find((field) => field.name === "activities");
  assert.ok(activities);
  const all = [
    ...Object.values(documents),
    buildRelatedDocument(object, activities),
    buildWriteDocument(object, object.fields.slice(0, 2), 2, true),
  ].join("\n");
  if (process.env.UPDATE_GOLDEN) writeFileSync(GOLDEN, all);
  assert.equal(all, readFileSync(GOLDEN, "utf-8"));
});

test("a role that reads no versions asks for none, and none of its numbers are asked for that it may not count", () => {
  const whole = people();
  const read = { ...whole, fields: whole.fields.filter(({ name }) => !["updatedAt", "deletedAt"].includes(name)) };
  const object = withRights(read, (name) => name !== "activity");
  const activities = object.fields.find((field) => field.name === "activities");
  assert.ok(activities);
  const all = [
    ...Object.values(buildDocuments(object, object.fields)),
    buildWriteDocument(object, object.fields, 2, true),
    buildRelatedDocument(object, activities),
  ].join("\n");
  assert.doesNotMatch(all, /updatedAt|deletedAt|\$version|UpdatedAt/);
  assert.match(all, /updatePerson\(id: \$id0, data: \$data0\)/);
  assert.doesNotMatch(all, /activities\(.*\n? *\{ *\n? *totalCount/);
  assert.equal(withRights(read, () => true).isUncounted, undefined);
  assert.equal(withRights(read, () => false).isUncounted, true);
});

test("the names of records of several objects are one document, and relations name a record by what is behind them", () => {
  const target = { id: "", labelSingular: "", labelPlural: "" };
  const name = { name: "name", type: "TEXT" };
  const document = buildNamesDocument([
    { ...target, nameSingular: "company", namePlural: "companies", labels: [name] },
    {
      ...target,
      nameSingular: "seat",
      namePlural: "seats",
      labels: [{ name: "company", type: "RELATION", labels: [name] }],
    },
  ]);
  assert.equal(
    document,
    `query ConsoleNames($companies: [UUID!]!, $companiesNumber: Int, $seats: [UUID!]!, $seatsNumber: Int) {
  companies(filter: { id: { in: $companies } }, first: $companiesNumber) {
    edges { node { id name } }
  }
  seats(filter: { id: { in: $seats } }, first: $seatsNumber) {
    edges { node { id company { id name } } }
  }
}
`,
  );
});

test("an object without a text is named by its relations, and so are the records that others have of it", () => {
  const object = people();
  const company = object.fields.find((field) => field.name === "company");
  assert.ok(company?.relation);
  const bare = {
    ...object,
    fields: [{ ...company, relation: { ...company.relation, target: { ...company.relation.target, labels: [] } } }],
  };
  assert.deepEqual(unnamedTargets(bare), ["companies"]);
  const labels = [{ name: "owner", type: "RELATION", labels: [{ name: "name", type: "TEXT" }] }];
  const named = withTargetLabels(bare, new Map([["companies", labels]]));
  assert.deepEqual(named.fields[0]?.relation?.target.labels, labels);
  assert.deepEqual(unnamedTargets(named), []);
});

test("texts behind the page of those that were read may name the records of a relation", () => {
  const cut = people(ANSWER.replace('"pageInfo": { "hasNextPage": false },', '"pageInfo": { "hasNextPage": true },'));
  assert.deepEqual(unnamedTargets(cut), ["companies"]);
  const labels = [{ name: "name", type: "TEXT" }];
  const { relation } = withTargetLabels(cut, new Map([["companies", labels]])).fields.find(
    ({ name }) => name === "company",
  ) as Field;
  assert.deepEqual(relation?.target.labels, labels);
  assert.equal(relation?.target.detail, undefined);
});
