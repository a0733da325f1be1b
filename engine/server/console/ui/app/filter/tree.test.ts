import assert from "node:assert/strict";
import { test } from "node:test";
import {
  buildFilter,
  type Condition,
  countConditions,
  type Filter,
  group,
  isWhole,
  parseFilter,
  replaceAt,
} from "./tree.ts";

const MEMBERS = new Set(["company", "budget", "document", "company.owner"]);
const hasMembers = (path: readonly string[]) => MEMBERS.has(path.join(".")) || undefined;

const KEPT: Readonly<Record<string, Filter>> = {
  "one condition": { city: { eq: "Berlin" } },
  "several fields": { city: { eq: "Berlin" }, email: { contains: "@" } },
  "several operators of a field": { employees: { gte: 10, lt: 500 } },
  "a null": { city: { is: "NULL" } },
  "an empty text": { city: { eq: "" } },
  "a relation to one": { company: { name: { contains: "orion" } } },
  "a relation to none": { company: { is: "NULL" } },
  "a relation, two deep": { company: { owner: { name: { eq: "Ada" } } } },
  "several conditions of one target": { company: { name: { eq: "A" }, employees: { gt: 1 } } },
  "a part of a composite": { budget: { amountMicros: { gte: "1000000" } } },
  "either of two": { or: [{ city: { in: ["Berlin", "Bonn"] } }, { city: { is: "NULL" } }] },
  "a group in a group": {
    city: { eq: "B" },
    or: [{ email: { eq: "x" }, phone: { eq: "1" } }, { not: { jobTitle: { eq: "y" } } }],
  },
  "a negation": { not: { company: { employees: { lt: 100 } } } },
  "the same field twice": { and: [{ name: { contains: "a" } }, { name: { contains: "b" } }] },
  "to-many, some": { opportunities: { some: { stage: { eq: "CUSTOMER" }, amount: { gt: 90000 } } } },
  "to-many, none at all": { opportunities: { none: {} } },
  "to-many, every and not empty": { opportunities: { every: { stage: { neq: "NEW" } }, isEmpty: false } },
  "to-many inside to-many": { people: { some: { activities: { some: { type: { eq: "MEETING" } } } } } },
  "to-many across a relation": { company: { people: { some: { city: { eq: "Bonn" } } } } },
  "an aggregate": { opportunitiesAggregate: { filter: { stage: { eq: "NEW" } }, sum: { amount: { gt: 5 } } } },
  "a period": { closeDate: { within: { this: true, unit: "QUARTER", timeZone: "Europe/Berlin" } } },
  "json paths": { meta: { path: [{ path: ["a", "b"], eq: 1 }], hasKey: "a" } },
  "a member with an operator's name": { document: { path: { eq: "/tmp" } } },
  "a relation and an operator of the same name": { company: { is: "NOT_NULL", name: { eq: "x" } } },
  nothing: {},
};

for (const [name, filter] of Object.entries(KEPT)) {
  test(`a filter comes back as it was: ${name}`, () => {
    assert.deepEqual(buildFilter(parseFilter(filter, hasMembers)), filter);
  });
}

test("rows that are not complete say nothing", () => {
  const rows = group("or", [
    { kind: "condition", path: ["city"], operator: "eq", value: undefined },
    { kind: "condition", path: ["city"], operator: "eq", value: "Bonn" },
    group("and", []),
  ]);
  assert.deepEqual(buildFilter(rows), { city: { eq: "Bonn" } });
  assert.equal(countConditions(rows), 1);
});

test("a group survives toggling between all and any", () => {
  const filter = { and: [{ name: { contains: "a" } }, { name: { contains: "b" } }] };
  const rows = parseFilter(filter);
  assert.deepEqual(buildFilter({ ...rows, mode: "or" }), { or: filter.and });
  assert.deepEqual(buildFilter({ ...rows, mode: "and" }), filter);
});

test("a node is replaced and removed at its place", () => {
  const rows = parseFilter({ city: { eq: "Bonn" }, people: { some: { name: { eq: "A" } } } });
  const changed = replaceAt(rows, [1, 0], { kind: "condition", path: ["name"], operator: "neq", value: "B" });
  assert.deepEqual(buildFilter(changed), { city: { eq: "Bonn" }, people: { some: { name: { neq: "B" } } } });
  assert.deepEqual(buildFilter(replaceAt(rows, [0], null)), { people: { some: { name: { eq: "A" } } } });
});

test("rows are whole when none of them is left out of the filter", () => {
  assert.ok(isWhole(group("and", [])));
  assert.ok(isWhole(parseFilter({ city: { eq: "A" }, or: [{ a: { eq: 1 } }, { deals: { none: {} } }] })));
  const open: Condition = { kind: "condition", path: ["city"], operator: "eq", value: undefined };
  const whole: Condition = { ...open, value: "A" };
  assert.ok(!isWhole(group("and", [whole, open])));
  assert.ok(!isWhole(group("and", [whole, group("or", [whole, open])])));
  assert.ok(!isWhole(group("and", [whole, group("or", [])])));
  assert.ok(!isWhole(group("and", [{ kind: "related", path: ["deals"], quantifier: "every", of: group("and", []) }])));
  assert.ok(
    !isWhole(group("and", [{ kind: "related", path: ["deals"], quantifier: "some", of: group("and", [open]) }])),
  );
});

test("conditions on related records count as such, and a relation without any counts as one", () => {
  const count = (filter: object) => countConditions(parseFilter(filter as Record<string, unknown>));
  assert.equal(count({ people: { some: { city: { eq: "A" }, name: { eq: "B" } } } }), 2);
  assert.equal(count({ people: { none: {} } }), 1);
  assert.equal(count({ people: { every: { city: { eq: "A" } } } }), 1);
});
