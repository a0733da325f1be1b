import assert from "node:assert/strict";
import { test } from "node:test";
import { fieldOf } from "../api/testdata/field.ts";
import { exportAddress } from "./rest.ts";

const PRINTED: readonly (readonly [object, string | null])[] = [
  [{}, ""],
  [{ city: { eq: "Berlin" } }, 'city[eq]:"Berlin"'],
  [{ city: { eq: 'a "b", \\c' } }, 'city[eq]:"a \\"b\\", \\\\c"'],
  [{ employees: { gte: 10, lt: 500 } }, "employees[gte]:10,employees[lt]:500"],
  [{ city: { is: "NULL" } }, "city[is]:NULL"],
  [{ stage: { in: ["NEW", "MEETING"] } }, 'stage[in]:["NEW","MEETING"]'],
  [{ company: { name: { ilike: "a%" } } }, 'company.name[ilike]:"a%"'],
  [{ or: [{ a: { eq: 1 } }, { b: { eq: 2 }, c: { eq: 3 } }] }, "or(a[eq]:1,and(b[eq]:2,c[eq]:3))"],
  [{ not: { a: { eq: true } } }, "not(a[eq]:true)"],
  [{ people: { some: { city: { eq: "B" } } } }, 'people.some.city[eq]:"B"'],
  [{ people: { none: {} } }, "people[isEmpty]:true"],
  [{ people: { some: {} } }, "people[isEmpty]:false"],
  [{ dueAt: { within: { last: 7, unit: "DAY" } } }, 'dueAt[within]:{"last":7,"unit":"DAY"}'],
  [{ people: { some: { city: { eq: "B" }, name: { eq: "C" } } } }, null],
  [{ dealsAggregate: { filter: { a: { eq: 1 } }, count: { gt: 1 } } }, null],
];

for (const [filter, printed] of PRINTED) {
  test(`${JSON.stringify(filter)} in an address`, () => {
    const address = exportAddress("people", filter as Record<string, unknown>, [], []);
    const filtered = address === null ? null : (new URL(address, "http://x").searchParams.get("filter") ?? "");
    assert.equal(filtered, printed);
  });
}

test("the order of an export has records without a value last, as the list has", () => {
  const order = [
    { path: ["company", "name"], descending: true },
    { path: ["city"], descending: false },
  ];
  const address = exportAddress("people", {}, order, []);
  assert.equal(
    new URL(address ?? "", "http://x").searchParams.get("order_by"),
    "company.name[DescNullsLast],city[AscNullsLast]",
  );
});

test("a file has keys of relations and parts of composites as columns, and no relation to many", () => {
  const target = {
    id: "c",
    nameSingular: "company",
    namePlural: "companies",
    labelSingular: "Company",
    labelPlural: "Companies",
    labels: [],
  };
  const one = { type: "MANY_TO_ONE", target, targetField: "people", holdsKey: true } as const;
  const fields = [
    fieldOf("name", "FULL_NAME"),
    fieldOf("city", "TEXT"),
    fieldOf("company", "RELATION", { relation: one }),
    fieldOf("deals", "RELATION", { relation: { ...one, type: "ONE_TO_MANY", holdsKey: false } }),
  ];
  assert.equal(
    exportAddress("people", {}, [], fields, "jsonl"),
    `/rest/people.jsonl?${new URLSearchParams({ columns: "name.firstName,name.lastName,city,companyId" })}`,
  );
});
