import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { test } from "node:test";
import { decodeObject, type ObjectNode } from "./object.ts";
import { buildDocuments, buildRelatedDocument, buildWriteDocument } from "./record_documents.ts";

const GOLDEN = new URL("./testdata/people.graphql", import.meta.url);

function people() {
  const answer = JSON.parse(readFileSync(new URL("./testdata/people.json", import.meta.url), "utf-8")) as {
    objects: { edges: { node: ObjectNode }[] };
  };
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
  assert.equal(object.fields.find((field) => field.name === "activities")?.relation?.holdsKey, false);
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
