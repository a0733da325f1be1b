import assert from "node:assert/strict";
import { test } from "node:test";

import { fieldOf } from "../api/testdata/field.ts";
import { knownRows } from "./gone.ts";
import { buildFilter, type Filter, parseFilter } from "./tree.ts";

const PEOPLE = [
  fieldOf("city"),
  fieldOf("budget", "CURRENCY"),
  fieldOf("company", "RELATION"),
  fieldOf("deals", "RELATION"),
  fieldOf("targetCompany", "MORPH_RELATION"),
];
const COMPANIES = [fieldOf("name")];
const fieldsAt = ([name, ...rest]: readonly string[]) =>
  name === undefined ? PEOPLE : rest.length === 0 && name.toLowerCase().endsWith("company") ? COMPANIES : undefined;

const LEFT: readonly (readonly [string, Filter, Filter])[] = [
  ["a renamed field", { town: { eq: "Berlin" }, city: { eq: "Bonn" } }, { city: { eq: "Bonn" } }],
  ["a field of a related record", { company: { title: { eq: "x" } } }, {}],
  ["a field of one of several objects", { targetCompany: { title: { eq: "x" } } }, {}],
  ["all of a group", { or: [{ town: { eq: "x" } }, { not: { town: { eq: "y" } } }] }, {}],
  ["one of a group", { or: [{ town: { eq: "x" } }, { city: { eq: "y" } }] }, { city: { eq: "y" } }],
  ["a part that another type has not", { city: { amountMicros: { gt: "1" } } }, {}],
  ["a relation", { people: { some: { city: { eq: "x" } } } }, {}],
  ["an aggregate", { peopleAggregate: { count: { gt: 1 } } }, {}],
];

for (const [said, filter, left] of LEFT) {
  test(`conditions on fields that are gone are left out: ${said}`, () => {
    assert.deepEqual(buildFilter(knownRows(parseFilter(filter), fieldsAt)), left);
  });
}

const KEPT: readonly Filter[] = [
  { companyId: { is: "NULL" }, company: { name: { eq: "x" } } },
  { targetCompanyId: { is: "NULL" }, targetCompany: { name: { eq: "x" } } },
  { company: { is: "NOT_NULL", name: { eq: "x" } } },
  { deals: { some: { stage: { eq: "x" } } }, dealsAggregate: { count: { gt: 1 } } },
  { budget: { amountMicros: { gt: "1" }, currencyCode: { eq: "EUR" } } },
  { city: { newOperator: { a: 1 } } },
  { or: { city: { eq: "x" } } },
  { deals: { none: {} } },
];

for (const filter of KEPT) {
  test(`a condition stays: ${JSON.stringify(filter)}`, () => {
    const hasMembers = (path: readonly string[]) => (path.at(-1) === "city" ? false : undefined);
    assert.deepEqual(buildFilter(knownRows(parseFilter(filter, hasMembers), fieldsAt)), filter);
  });
}
