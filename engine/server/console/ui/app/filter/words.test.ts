import assert from "node:assert/strict";
import { test } from "node:test";
import { exactNumber } from "../api/exact_json.ts";
import type { Field } from "../api/model.ts";
import { fieldOf } from "../api/testdata/field.ts";
import { parseFilter } from "./tree.ts";
import { describe, findRelated, isLacking } from "./words.ts";

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
const COMPANIES = [field("id", "id", "UUID"), field("employees", "Employees", "NUMBER")];
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
  [{ closeDate: { within: { last: 7, unit: "DAY" } } }, "Close date is within the last 7 days in UTC"],
  [
    { closeDate: { within: { this: true, unit: "DAY", timeZone: "Asia/Tokyo" } } },
    "Close date is within this day in Asia/Tokyo",
  ],
  [{ closeDate: { within: { next: 2, unit: "HOUR" } } }, "Close date is within the next 2 hours"],
  [{ closeDate: { isToday: true } }, "Close date is today in UTC"],
  [{ closeDate: { between: ["2024-01-01", "2024-01-31"] } }, "Close date is between 1 Jan 2024 and 31 Jan 2024"],
  [{ deals: { none: {} } }, "no Deals"],
  [{ deals: { some: { employees: { lt: 5 } } } }, "some Deals: Employees < 5"],
  [
    { or: [{ city: { eq: "A" } }, { city: { eq: "B" }, stage: { eq: "WON" } }] },
    "City is A or (City is B and Stage is Won)",
  ],
  [{ not: { city: { eq: "A" } } }, "not (City is A)"],
  [{ mystery: { eq: 1 } }, "mystery (a field that is gone) is 1"],
  [{ company: { mystery: { eq: 1 } } }, "Company › mystery (a field that is gone) is 1"],
  [{ city: { firstName: { eq: "A" } } }, "City › firstName (a field that is gone) is A"],
  [{ mysteryAggregate: { count: { gt: 1 } } }, 'mysteryAggregate (a field that is gone) {"count":{"gt":1}}'],
  [{ dealsAggregate: { count: { gt: 1 } } }, 'dealsAggregate {"count":{"gt":1}}'],
];

for (const [filter, words] of SAID) {
  test(words, () => {
    assert.equal(describe(parseFilter(filter as Record<string, unknown>), fieldsAt), words);
  });
}

test("the numbers of an address keep their digits in words", () => {
  const numbers = { in: [exactNumber("1.50"), exactNumber("12345678901234567.89")] };
  assert.equal(describe(parseFilter({ city: numbers }), fieldsAt), "City is any of 1.50, 12345678901234567.89");
  const period = { within: { last: exactNumber("7.0"), unit: "HOUR" } };
  assert.match(describe(parseFilter({ createdAt: period }), fieldsAt), /the last 7\.0 hours$/);
});

const ORION = "0191d2a4-7c1e-7b0a-9d2e-3f5a6b7c8d9e";
const ZETA = "0191d2a4-7c1e-7b0a-9d2e-3f5a6b7c8d9f";
const NAMED: readonly (readonly [object, string, readonly string[]])[] = [
  [{ companyId: { eq: ORION } }, "Company is Orion", [ORION]],
  [{ companyId: { in: [ZETA, ORION] } }, "Company is any of Zeta, Orion", [ZETA, ORION]],
  [{ company: { id: { eq: ORION } } }, "Company › id is Orion", [ORION]],
  [{ or: [{ companyId: { eq: ORION } }, { city: { eq: ZETA } }] }, `Company is Orion or City is ${ZETA}`, [ORION]],
  [{ companyId: { is: "NULL" } }, "Company has no value", []],
  [{ companyId: { eq: "$principal.company" } }, "Company is $principal.company", []],
];

for (const [filter, words, ids] of NAMED) {
  test(`with names: ${words}`, () => {
    const rows = parseFilter(filter as Record<string, unknown>);
    const names = new Map([
      [ORION, "Orion"],
      [ZETA, "Zeta"],
    ]);
    assert.deepEqual(
      findRelated(rows, fieldsAt).map((wanted) => [wanted.target.namePlural, wanted.id]),
      ids.map((id) => ["companies", id]),
    );
    assert.equal(
      describe(rows, fieldsAt, (_target, id) => names.get(id) ?? "no name"),
      words,
    );
  });
}

test("the names of related records wait for the objects on the way to them", () => {
  const rows = (filter: object) => parseFilter(filter as Record<string, unknown>);
  const alone = (path: readonly string[]) => (path.length === 0 ? PEOPLE : undefined);
  assert.equal(isLacking(rows({ companyId: { eq: ORION }, budget: { amountMicros: { gt: 1 } } }), alone), false);
  assert.equal(isLacking(rows({ deals: { some: { companyId: { eq: ORION } } } }), alone), true);
  assert.equal(isLacking(rows({ company: { id: { eq: ORION } } }), alone), true);
  assert.equal(isLacking(rows({ company: { id: { eq: ORION } } }), fieldsAt), false);
});
