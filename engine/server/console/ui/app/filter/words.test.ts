import assert from "node:assert/strict";
import { test } from "node:test";
import type { Field } from "../api/model.ts";
import { fieldOf } from "../api/testdata/field.ts";
import { parseFilter } from "./tree.ts";
import { describe } from "./words.ts";

const field = (name: string, label: string, type = "TEXT", rest: Partial<Field> = {}) =>
  fieldOf(name, type, { label, ...rest });

const target = {
  id: "c",
  nameSingular: "company",
  namePlural: "companies",
  labelSingular: "Company",
  labelPlural: "Companies",
  labels: [],
};
const PEOPLE = [
  field("city", "City"),
  field("stage", "Stage", "SELECT", { options: [{ value: "WON", label: "Won" }] }),
  field("budget", "Budget", "CURRENCY"),
  field("closeDate", "Close date", "DATE"),
  field("company", "Company", "RELATION", {
    relation: { type: "MANY_TO_ONE", target, targetField: "people", holdsKey: true },
  }),
  field("deals", "Deals", "RELATION", {
    relation: { type: "ONE_TO_MANY", target, targetField: "person", holdsKey: false },
  }),
];
const COMPANIES = [field("employees", "Employees", "NUMBER")];
const fieldsAt = (path: readonly string[]) => (path.length === 0 ? PEOPLE : path.length === 1 ? COMPANIES : undefined);

const SAID: readonly (readonly [object, string])[] = [
  [{ city: { eq: "Berlin" } }, "City is Berlin"],
  [{ city: { eq: "" } }, 'City is ""'],
  [{ city: { is: "NULL" } }, "City has no value"],
  [{ city: { isNot: null } }, "City has a value"],
  [{ company: { employees: { gte: 1000 } } }, "Company › Employees ≥ 1,000"],
  [{ companyId: { eq: "x" } }, "Company is x"],
  [{ stage: { in: ["WON", "GONE"] } }, "Stage is any of Won, GONE"],
  [{ budget: { amountMicros: { gt: "12500000" } } }, "Budget › Amount > 12.50"],
  [{ closeDate: { within: { last: 7, unit: "DAY" } } }, "Close date is within the last 7 days"],
  [{ closeDate: { between: ["2024-01-01", "2024-01-31"] } }, "Close date is between 1 Jan 2024 and 31 Jan 2024"],
  [{ deals: { none: {} } }, "no Deals"],
  [{ deals: { some: { employees: { lt: 5 } } } }, "some Deals: Employees < 5"],
  [
    { or: [{ city: { eq: "A" } }, { city: { eq: "B" }, stage: { eq: "WON" } }] },
    "City is A or (City is B and Stage is Won)",
  ],
  [{ not: { city: { eq: "A" } } }, "not (City is A)"],
  [{ mystery: { eq: 1 } }, "mystery is 1"],
];

for (const [filter, words] of SAID) {
  test(words, () => {
    assert.equal(describe(parseFilter(filter as Record<string, unknown>), fieldsAt), words);
  });
}
