import assert from "node:assert/strict";
import { test } from "node:test";

import { type Entry, findEntries, SHOWN } from "./palette_list.ts";

function entry(label: string, group: string): Entry {
  return { id: `${group}:${label}`, label, group, run: () => {} };
}

const ENTRIES = [entry("Import people", "On this page"), entry("People", "Records"), entry("People", "Data model")];

test("all words must be in the label or the group", () => {
  assert.deepEqual(findEntries(ENTRIES, "people model"), [ENTRIES[2]]);
  assert.deepEqual(findEntries(ENTRIES, "nobody"), []);
});

test("labels that begin with the search come first, and all come without one", () => {
  assert.deepEqual(findEntries(ENTRIES, "peo"), [ENTRIES[1], ENTRIES[2], ENTRIES[0]]);
  assert.deepEqual(findEntries(ENTRIES, " "), ENTRIES);
});

test("at most fifty are shown", () => {
  const many = Array.from({ length: 200 }, (_, place) => entry(`Object ${place}`, "Records"));
  assert.equal(findEntries(many, "object").length, SHOWN);
});
