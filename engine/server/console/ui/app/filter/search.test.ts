import assert from "node:assert/strict";
import { test } from "node:test";
import { bothOf, buildSearch } from "./search.ts";

const FIELDS = [
  { name: "city", type: "TEXT" },
  { name: "employees", type: "NUMBER" },
  { name: "website", type: "LINKS" },
];

test("each word is looked for in each text, and in the texts of a composite", () => {
  const filter = buildSearch("  ada ", FIELDS);
  assert.deepEqual(filter, {
    or: [
      { city: { contains: "ada" } },
      { website: { primaryLinkUrl: { contains: "ada" } } },
      { website: { primaryLinkLabel: { contains: "ada" } } },
    ],
  });
});

test("a record that its relations name is found by the texts of the records behind them", () => {
  const labels = [{ name: "person", type: "RELATION", labels: [{ name: "email", type: "TEXT" }] }];
  assert.deepEqual(buildSearch("ada", labels), { person: { email: { contains: "ada" } } });
});

test("all words are required", () => {
  const filter = buildSearch("ada rome", FIELDS.slice(0, 2));
  assert.deepEqual(filter, { and: [{ city: { contains: "ada" } }, { city: { contains: "rome" } }] });
});

test("a search without words or without fields says nothing, and words beyond eight are left out", () => {
  assert.deepEqual(buildSearch(" \n", FIELDS), {});
  assert.deepEqual(buildSearch("ada", []), {});
  const { and } = buildSearch("a b c d e f g h i j", FIELDS.slice(0, 1)) as { and: unknown[] };
  assert.equal(and.length, 8);
});

test("an empty filter adds nothing to another one", () => {
  const city = { city: { eq: "Rome" } };
  assert.equal(bothOf({}, city), city);
  assert.equal(bothOf(city, {}), city);
  assert.deepEqual(bothOf(city, city), { and: [city, city] });
});
