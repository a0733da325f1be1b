import assert from "node:assert/strict";
import { test } from "node:test";
import { type Field, farEnd, type RelationType } from "./model.ts";
import { fieldOf } from "./testdata/field.ts";

const target = { id: "", nameSingular: "", namePlural: "", labelSingular: "", labelPlural: "", labels: [] };

function end(name: string, onDelete: string, isNullable = false): Field {
  const type: RelationType = "MANY_TO_ONE";
  const relation = { type, target, targetField: "links", holdsKey: true };
  return fieldOf(name, "RELATION", { isNullable, settings: { onDelete }, relation });
}

const company = end("company", "CASCADE");
const person = end("person", "CASCADE");
const uniqueFields = [["id"], ["person", "company"]];

test("the records of an object link two others by two required relations that are unique together", () => {
  const link = { fields: [fieldOf("id", "UUID"), company, person, fieldOf("note")], uniqueFields };
  assert.equal(farEnd(link, "company"), person);
  assert.equal(farEnd(link, "person"), company);
  assert.equal(farEnd(link, "note"), null);
  assert.equal(farEnd({ fields: link.fields }, "company"), null);
  assert.equal(farEnd({ ...link, uniqueFields: [["company", "person", "note"], ["company"]] }, "company"), null);
});

test("the records of no link stay without one of the two, or are there without it", () => {
  for (const other of [end("person", "SET_NULL", true), end("person", "CASCADE", true), end("person", "RESTRICT")]) {
    assert.equal(farEnd({ fields: [company, other], uniqueFields }, "company"), null);
    assert.equal(farEnd({ fields: [company, other], uniqueFields }, "person"), null);
  }
});
