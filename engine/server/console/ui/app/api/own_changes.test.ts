import assert from "node:assert/strict";
import { test } from "node:test";

import { isOwn, noteOwn } from "./own_changes.ts";

test("a version that arrives before the answer of the change is its own", async () => {
  let answer: (value: { version: unknown }) => void = () => undefined;
  const noted = noteOwn(new Promise((resolve) => (answer = resolve)));
  const early = isOwn("7");
  answer({ version: "7" });
  assert.equal(await early, true);
  await noted;
  assert.equal(await isOwn("8"), false);
});

test("a change that fails makes no version its own", async () => {
  const failed = noteOwn(Promise.reject(new Error("refused")));
  const asked = isOwn("9");
  await assert.rejects(failed, /refused/);
  assert.equal(await asked, false);
});
