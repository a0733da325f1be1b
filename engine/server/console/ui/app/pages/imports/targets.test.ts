import assert from "node:assert/strict";
import { test } from "node:test";
import type { Job } from "../../api/imports.ts";
import type { ObjectModel } from "../../api/model.ts";
import { conflictKeys, hintOf, initialMapping, targetsOf } from "./targets.ts";

function field(name: string, type: string, more: object = {}) {
  return { name, label: name.toUpperCase(), type, relation: null, isUnique: false, ...more };
}

const TARGET = { labelPlural: "Companies", keys: [{ name: "website", label: "Website" }] };

const OBJECT = {
  fields: [
    field("id", "UUID", { isUnique: true }),
    field("email", "TEXT", { isUnique: true }),
    field("fullName", "FULL_NAME", { isUnique: true }),
    field("updatedAt", "DATE_TIME"),
    field("searchVector", "TS_VECTOR"),
    field("company", "RELATION", { relation: { holdsKey: true, type: "MANY_TO_ONE", target: TARGET } }),
    field("badge", "RELATION", { relation: { holdsKey: false, type: "ONE_TO_ONE", target: TARGET } }),
  ],
} as unknown as ObjectModel;

test("a composite is given by its parts, a relation by its key or a unique text", () => {
  assert.deepEqual(
    targetsOf(OBJECT).map((target) => target.name),
    ["id", "email", "fullName.firstName", "fullName.lastName", "companyId", "company.website"],
  );
  assert.deepEqual(
    targetsOf(OBJECT)
      .slice(4)
      .map((target) => target.label),
    ["COMPANY (id)", "COMPANY › Website"],
  );
});

test("a column goes to a key of a relation that is no text if it is named", () => {
  const named = targetsOf(OBJECT, ["company.website", "company.employees", null, "updatedAt", "badge.number"]);
  assert.deepEqual(named.slice(5), [
    { name: "company.website", label: "COMPANY › Website" },
    { name: "company.employees", label: "COMPANY › employees" },
  ]);
});

test("a row finds its record by a unique field of one column, or by the id", () => {
  assert.deepEqual(conflictKeys(OBJECT), ["id", "email"]);
});

test("a column goes where the server suggests", () => {
  const job = { columns: ["Mail", "Other"], suggested: { Mail: "email" } } as unknown as Job;
  assert.deepEqual(initialMapping(job), { Mail: "email", Other: null });
  assert.deepEqual(initialMapping({ columns: null } as unknown as Job), {});
});

test("a column of names that goes to the ids of a relation has a hint", () => {
  const id = "0191d2a4-7c1e-7b0a-9d2e-3f5a6b7c8d9e";
  assert.equal(
    hintOf(OBJECT, "companyId", ["Orion"]),
    "These are no ids. A file can name Companies by COMPANY › Website.",
  );
  assert.equal(hintOf(OBJECT, "companyId", [id, "Orion"]), null);
  assert.equal(hintOf(OBJECT, "companyId", [""]), null);
  assert.equal(hintOf(OBJECT, "company.website", ["Orion"]), null);
  assert.equal(hintOf(OBJECT, null, ["Orion"]), null);
  const unnamed = {
    fields: [field("company", "RELATION", { relation: { holdsKey: true, target: { labelPlural: "Companies" } } })],
  };
  assert.match(hintOf(unnamed as unknown as ObjectModel, "companyId", ["Orion"]) ?? "", /by a text that is unique/);
});
