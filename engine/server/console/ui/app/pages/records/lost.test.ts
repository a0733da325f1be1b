import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";
import type { ObjectModel } from "../../api/model.ts";
import { fieldOf } from "../../api/testdata/field.ts";
import { readLost, withLost } from "./lost.ts";

const PEOPLE: ObjectModel = {
  id: "p",
  nameSingular: "person",
  namePlural: "people",
  labelSingular: "Person",
  labelPlural: "People",
  description: null,
  fields: [fieldOf("name")],
  labels: [],
};
const ROWS = ["a", "b", "c"].map((id) => ({ id }));
const PAGES = {
  row: (index: number) => ROWS[index],
  find: (fits: (row: { id: string }) => boolean) => {
    const index = ROWS.findIndex(fits);
    const row = ROWS[index];
    return row && { index, row };
  },
};
const ORDER = [{ name: "AscNullsLast" }];
const NONE = new Map<string, string>();
const FILTER = { name: { is: "NOT_NULL" } };

// The server: the ids that it has in the list, in its order; null for a refusal.
let listed: readonly string[] | null = [];
let asked = 0;
const network = globalThis.fetch;
beforeEach(() => {
  asked = 0;
  globalThis.fetch = async () => {
    asked++;
    const edges = listed?.map((id) => ({ node: { id } }));
    const refusal = { errors: [{ message: "no", extensions: { code: "FORBIDDEN" } }] };
    return new Response(JSON.stringify(edges ? { data: { people: { edges } } } : refusal));
  };
});
afterEach(() => {
  globalThis.fetch = network;
});

test("a row is lost to the filter, or to the order, or wanted as it is", async () => {
  const changed = [{ id: "b" }];
  listed = ["a", "c"];
  assert.deepEqual(await readLost(PEOPLE, PAGES, { filter: FILTER, orderBy: ORDER }, NONE, changed), [
    ["b", "no longer matches the filter"],
  ]);
  listed = ["a", "c", "b"];
  assert.deepEqual(await readLost(PEOPLE, PAGES, { filter: {}, orderBy: ORDER }, NONE, changed), [
    ["b", "has another place in the order"],
  ]);
  listed = ["a", "b", "c"];
  assert.deepEqual(await readLost(PEOPLE, PAGES, { filter: FILTER, orderBy: ORDER }, NONE, changed), [
    ["b", undefined],
  ]);
});

test("the server is not asked about rows that are elsewhere, or about a list that wants all as they come", async () => {
  assert.deepEqual(await readLost(PEOPLE, PAGES, { filter: FILTER, orderBy: ORDER }, NONE, [{ id: "z" }]), []);
  assert.deepEqual(await readLost(PEOPLE, PAGES, { filter: {}, orderBy: [] }, NONE, [{ id: "b" }]), []);
  assert.equal(asked, 0);
});

test("a refused answer says nothing about the rows", async () => {
  listed = null;
  assert.deepEqual(await readLost(PEOPLE, PAGES, { filter: FILTER, orderBy: [] }, NONE, [{ id: "b" }]), []);
  assert.equal(asked, 1);
});

test("a marked row says nothing about its neighbours", async () => {
  listed = ["a", "c", "b"];
  const marked = new Map([["b", "has another place in the order"]]);
  const query = { filter: FILTER, orderBy: ORDER };
  assert.deepEqual(await readLost(PEOPLE, PAGES, query, marked, [{ id: "c" }]), [["c", undefined]]);
  // Of both in one write, it is the first one that has left its neighbours.
  assert.deepEqual(await readLost(PEOPLE, PAGES, query, NONE, [{ id: "b" }, { id: "a" }]), [
    ["a", undefined],
    ["b", "has another place in the order"],
  ]);
});

test("a row that was deleted meanwhile keeps its mark", async () => {
  listed = ["a", "c"];
  assert.deepEqual(await readLost(PEOPLE, PAGES, { filter: {}, orderBy: ORDER }, NONE, [{ id: "b" }]), []);
  const marks = new Map([
    ["a", "was deleted"],
    ["b", "no longer matches the filter"],
  ]);
  const lost = [["a", undefined] as const, ["b", undefined] as const, ["c", "has another place in the order"] as const];
  assert.deepEqual(
    withLost(marks, lost),
    new Map([
      ["a", "was deleted"],
      ["c", "has another place in the order"],
    ]),
  );
});
