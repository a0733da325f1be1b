import assert from "node:assert/strict";
import { test } from "node:test";

import { parseExact } from "../api/exact_json.ts";
import type { Plan } from "../api/model_edit.ts";
import { isLosing, sectionsOf } from "./summary.ts";

const WORDS = (type: string) => type.toLowerCase();

const EMPTY: Plan = {
  version: "7",
  problems: [],
  counts: { appears: 0, breaking: 0, operations: 0, documents: 0, lost: 0, locks: 0, sql: 0, later: 0 },
  appears: [],
  breaking: [],
  operations: [],
  documents: [],
  documentsUnchecked: 0,
  lost: [],
  conversions: [],
  roles: [],
  locks: [],
  builds: [],
  sql: [],
};

test("a plan without effects has no sections and asks for no agreement", () => {
  assert.deepEqual(sectionsOf(EMPTY, WORDS), []);
  assert.equal(isLosing(EMPTY), false);
});

test("broken operations come first and names its clients", () => {
  const plan: Plan = {
    ...EMPTY,
    counts: { ...EMPTY.counts, breaking: 30 },
    appears: ["Person.position"],
    breaking: ["Person.jobTitle"],
    operations: [
      {
        operation: "GetLead",
        hash: "ab",
        reasons: ["Unknown."],
        clients: [
          { name: "web", perMinute: 31.2 },
          // The server sends a mean of one as 1.0, which stays its text.
          { name: null, perMinute: parseExact("1.0") },
          { name: "app", perMinute: 0.1 },
        ],
      },
      { operation: null, hash: "98b543aaffff", reasons: [], clients: [] },
    ],
  };
  const [first, last] = sectionsOf(plan, WORDS);
  assert.deepEqual(first, {
    kind: "breaks",
    title: "Breaks",
    lines: [
      "Operation GetLead (web, 31/min; users, 1/min; app, less than 1/min): Unknown.",
      "Operation 98b543aa: ",
      "API: Person.jobTitle",
    ],
    more: 27,
  });
  assert.equal(last?.kind, "appears");
});

test("lost values are counted, shown, and need an agreement", () => {
  const plan: Plan = {
    ...EMPTY,
    lost: [
      {
        kind: "DELETED",
        name: "person.city",
        message: "Values go.",
        records: 4,
        total: 9,
        examples: [{ value: "Bonn", rows: 3 }],
      },
    ],
    conversions: [
      {
        field: "person.rank",
        from: "TEXT",
        to: "NUMBER",
        rowsLosing: 1200,
        needs: "allowDataLoss",
        examples: [{ value: null, rows: 2 }],
      },
      { field: "person.age", from: "TEXT", to: "NUMBER", rowsLosing: 0, needs: null, examples: [] },
    ],
  };
  assert.deepEqual(sectionsOf(plan, WORDS)[0]?.lines, [
    "person.rank: 1,200 values do not fit from text to number: null (2)",
    "Values go. (4 of 9): Bonn (3)",
  ]);
  assert.equal(isLosing(plan), true);
  assert.equal(isLosing({ ...EMPTY, lost: [{ ...(plan.lost[0] as Plan["lost"][number]), records: 0 }] }), false);
  const back: Plan["lost"][number] = {
    ...(plan.lost[0] as Plan["lost"][number]),
    kind: "COMES_BACK_EMPTY",
    records: null,
  };
  assert.equal(isLosing({ ...EMPTY, lost: [back] }), false);
});

test("a lock says which programs wait for it", () => {
  const lock = (name: string) =>
    sectionsOf({ ...EMPTY, locks: [{ table: "person", lock: name, rowsWritten: 0, when: null }] }, WORDS)[0]?.lines;
  assert.deepEqual(lock("ACCESS EXCLUSIVE"), ["person: reads and writes wait (ACCESS EXCLUSIVE)"]);
  assert.deepEqual(lock("SHARE ROW EXCLUSIVE"), ["person: writes wait (SHARE ROW EXCLUSIVE)"]);
  assert.deepEqual(lock("ROW SHARE"), ["person: ROW SHARE"]);
});
