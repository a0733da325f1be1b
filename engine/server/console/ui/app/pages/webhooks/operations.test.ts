import assert from "node:assert/strict";
import { test } from "node:test";

import { choicesOf, readOperations } from "./operations.ts";

test("operations are read once each, however they are parted", () => {
  assert.deepEqual(readOperations(" person.*,company.created\n\n*.deleted person.* "), [
    "person.*",
    "company.created",
    "*.deleted",
  ]);
  assert.deepEqual(readOperations(" \n"), []);
});

test("everything comes first among the choices, then actions of all objects, then each object", () => {
  const choices = choicesOf(["person"]);
  assert.deepEqual(choices.slice(0, 3), ["*.*", "*.created", "*.updated"]);
  assert.deepEqual(choices.slice(6), [
    "person.*",
    "person.created",
    "person.updated",
    "person.deleted",
    "person.restored",
    "person.destroyed",
  ]);
});
