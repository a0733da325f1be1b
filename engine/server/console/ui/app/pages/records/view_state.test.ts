import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { decodeObject, type ObjectNode } from "../../api/object.ts";
import type { View } from "../../api/views.ts";
import { shownFields, toggle } from "../../grid/columns.ts";
import { boardAddress, boardInputOf, inputOf, isBoardChanged, isChanged, stateOf } from "./view_state.ts";

const answer = JSON.parse(readFileSync(new URL("../../api/testdata/people.json", import.meta.url), "utf-8")) as {
  objects: { edges: [{ node: ObjectNode }] };
};
const PEOPLE = decodeObject(answer.objects.edges[0].node);
const VIEW: View = {
  id: "v",
  name: "In Berlin",
  kind: "TABLE",
  boardField: null,
  columns: [
    { field: "email", width: 300, visible: true },
    { field: "gone", width: 80, visible: true },
    { field: "city", width: null, visible: true },
    { field: "phone", width: 90, visible: false },
  ],
  filter: { city: { eq: "Berlin" } },
  orderBy: [{ company: { name: "DescNullsLast" } }, { lastName: "ASC" }],
  shared: true,
  isMine: false,
  ownerName: "Ada",
  missing: ["gone"],
};

test("a view is the state of a list, without the fields that are gone", () => {
  const state = stateOf(VIEW, PEOPLE);
  const shown = shownFields(state.columns, PEOPLE);
  assert.deepEqual(
    shown.map(({ field, width }) => [field.name, width]),
    [
      ["email", 300],
      ["city", 180],
    ],
  );
  assert.deepEqual(state.filter, { city: { eq: "Berlin" } });
  assert.deepEqual(state.order, [
    { path: ["company", "name"], descending: true },
    { path: ["lastName"], descending: false },
  ]);
});

test("a list has changed if its columns, filter or order are others than those of its view", () => {
  const state = stateOf(VIEW, PEOPLE);
  assert.equal(isChanged(state, VIEW, PEOPLE), false);
  assert.equal(isChanged({ ...state, filter: {} }, VIEW, PEOPLE), true);
  assert.equal(isChanged({ ...state, order: [] }, VIEW, PEOPLE), true);
  assert.equal(
    isChanged({ ...state, columns: toggle(state.columns, state.columns[0]?.fieldId ?? "") }, VIEW, PEOPLE),
    true,
  );
  assert.equal(isChanged(stateOf(undefined, PEOPLE), undefined, PEOPLE), false);
});

test("a list without a filter and an order is kept as such", () => {
  const input = inputOf(stateOf(undefined, PEOPLE), PEOPLE);
  assert.equal(input.filter, null);
  assert.equal(input.orderBy, null);
  assert.equal(input.columns?.length, PEOPLE.fields.length);
});

test("a view that is a board leads to it with its filter and order", () => {
  const address = new URL(boardAddress({ ...VIEW, kind: "KANBAN", boardField: "stage" }, PEOPLE), "http://x");
  assert.equal(address.pathname, "/records/people/board");
  assert.equal(address.searchParams.get("by"), "stage");
  assert.equal(address.searchParams.get("f"), '{"city":{"eq":"Berlin"}}');
  assert.equal(address.searchParams.get("sort"), "-company.name,lastName");
});

test("a board is kept by its field, its filter and its order, and is changed where one of these is another", () => {
  const view: View = { ...VIEW, kind: "KANBAN", boardField: "city", columns: [] };
  const { filter, order } = stateOf(view, PEOPLE);
  const kept = boardInputOf("city", filter, order);
  assert.deepEqual([kept.kind, kept.boardField, kept.filter], ["KANBAN", "city", VIEW.filter]);
  assert.equal(isBoardChanged(kept, view, PEOPLE), false);
  assert.equal(isBoardChanged(boardInputOf("jobTitle", filter, order), view, PEOPLE), true);
  assert.equal(isBoardChanged(boardInputOf("city", {}, order), view, PEOPLE), true);
  assert.equal(isBoardChanged(boardInputOf("city", {}, []), undefined, PEOPLE), false);
});
