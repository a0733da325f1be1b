import assert from "node:assert/strict";
import { test } from "node:test";

import type { ObjectModel } from "../../api/model.ts";
import { fieldOf } from "../../api/testdata/field.ts";
import { boardFields, columnsOf, filterOf, summedField, totalsDocument } from "./board.ts";

const STAGE = fieldOf("stage", "SELECT", {
  options: [
    { value: "NEW", label: "New", position: 0 },
    { value: "WON", label: "Won", color: "green", position: 1 },
  ],
});

const DEALS: ObjectModel = {
  id: "1",
  nameSingular: "deal",
  namePlural: "deals",
  labelSingular: "Deal",
  labelPlural: "Deals",
  description: null,
  labels: [],
  fields: [fieldOf("position", "NUMBER", { isSystem: true }), STAGE, fieldOf("amount", "NUMBER")],
};

test("columns stand in the order of the options, and records without a value have one of their own", () => {
  assert.deepEqual(
    columnsOf(STAGE).map(({ value, color }) => [value, color]),
    [
      ["NEW", "gray"],
      ["WON", "green"],
      [null, "gray"],
    ],
  );
  assert.equal(columnsOf({ ...STAGE, isNullable: false }).length, 2);
});

test("a column's filter is that of the list and its value", () => {
  const [first, , last] = columnsOf(STAGE);
  assert.ok(first && last);
  assert.deepEqual(filterOf(STAGE, first, {}), { stage: { eq: "NEW" } });
  assert.deepEqual(filterOf(STAGE, last, { amount: { gt: 1 } }), {
    and: [{ amount: { gt: 1 } }, { stage: { is: "NULL" } }],
  });
});

test("totals are counts, with the sum of the first number of the object's own", () => {
  assert.deepEqual(boardFields(DEALS), [STAGE]);
  assert.equal(summedField(DEALS)?.name, "amount");
  assert.equal(
    totalsDocument(DEALS, STAGE, summedField(DEALS)),
    `query ConsoleBoard($filter: DealFilterInput) {
  dealsGroupBy(groupBy: [{ stage: true }], filter: $filter) {
    key { stage } count sum { amount }
  }
}
`,
  );
});
