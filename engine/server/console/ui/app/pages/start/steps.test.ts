import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { test } from "node:test";

import { commandOf, stepsOf } from "./steps.ts";

const ALL = ["DATA_MODEL", "API_KEYS", "WEBHOOKS"];

test("steps tick themselves off by what is there", () => {
  const none = stepsOf(
    { ownObjects: null, records: null, keys: null, webhooks: null },
    { settings: ALL, mayCreate: true },
    null,
  );
  assert.deepEqual(
    none.map(({ id, isDone }) => [id, isDone]),
    [
      ["object", false],
      ["records", false],
      ["key", false],
      ["webhook", false],
    ],
  );
  const some = stepsOf(
    { ownObjects: 1, records: 5, keys: 1, webhooks: 1 },
    { settings: ALL, mayCreate: true },
    "people",
  );
  assert.deepEqual(
    some.map(({ isDone }) => isDone),
    [true, true, false, true],
  );
  assert.equal(some[1]?.address, "/records/people");
});

test("a role is shown the steps that it may take", () => {
  const steps = stepsOf(
    { ownObjects: 0, records: 0, keys: null, webhooks: null },
    { settings: [], mayCreate: true },
    null,
  );
  assert.deepEqual(
    steps.map(({ id }) => id),
    ["records"],
  );
  const none = { ownObjects: null, records: null, keys: null, webhooks: null };
  assert.deepEqual(stepsOf(none, { settings: [], mayCreate: false }, null), []);
});

test("the command of a step is one that a shell takes", () => {
  for (const step of stepsOf(
    { ownObjects: 0, records: 0, keys: 0, webhooks: 0 },
    { settings: ALL, mayCreate: true },
    null,
  )) {
    const command = commandOf(step, "http://x").replace("curl -s", "printf '%s\\n'");
    const words = execFileSync("sh", ["-c", command], { env: { KEY: "fs_1" }, encoding: "utf8" }).split("\n");
    assert.equal(words[0], `http://x${step.endpoint}`);
    assert.equal(words[2], "Authorization: Bearer fs_1");
    assert.deepEqual(JSON.parse(words[6] ?? ""), { query: step.query });
  }
});
