import assert from "node:assert/strict";
import { test } from "node:test";

import { foldersOf, twinsOf } from "./packages.mjs";

const FILES = [
  "app/main.tsx",
  "node_modules/react/index.js",
  "node_modules/react/cjs/react.production.js",
  "node_modules/@scope/one/index.js",
];

test("the packages of a bundle are known by their folders", () => {
  assert.deepEqual(foldersOf(FILES), ["node_modules/@scope/one", "node_modules/react"]);
});

test("a package that another one brings a copy of is a twin", () => {
  assert.deepEqual(twinsOf(FILES), []);
  const copy = "node_modules/@scope/one/node_modules/react/index.js";
  assert.deepEqual(twinsOf([...FILES, copy]), ["node_modules/@scope/one/node_modules/react, node_modules/react"]);
});
