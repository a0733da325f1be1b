import assert from "node:assert/strict";
import { test } from "node:test";

import { type End, keysOf } from "./links.ts";
import type { ObjectModel } from "./model.ts";

const part = (name: string, morph?: string) => ({ id: name, name, settings: morph ? { morph: { id: morph } } : {} });
const NOTE = {
  fields: [part("topicPerson", "1"), part("author"), part("topicCompany", "1"), part("placeCompany", "2")],
} as unknown as ObjectModel;
const end = (targetField: string) => ({ field: { relation: { targetField } } }) as unknown as End;

test("the keys of a link are those of all parts of its relation", () => {
  const namesOf = (targetField: string) => keysOf(end(targetField), NOTE).map(({ name }) => name);
  assert.deepEqual(namesOf("topicCompany"), ["topicCompany", "topicPerson"]);
  assert.deepEqual(namesOf("author"), ["author"]);
  assert.deepEqual(namesOf("hidden"), []);
});
