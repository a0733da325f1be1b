import assert from "node:assert/strict";
import { test } from "node:test";

import type { Job } from "../../api/imports.ts";
import { isUnwritten, progressOf, wordsOf } from "./progress.ts";

function job(status: Job["status"], hasWritten: boolean): Job {
  return { status, hasWritten, created: 7, updated: 0, failed: 10_001 } as Job;
}

test("a check that was stopped or has failed has created nothing, and its columns can be chosen again", () => {
  for (const status of ["STOPPED", "FAILED"] as const) {
    const check = job(status, false);
    assert.ok(isUnwritten(check));
    assert.match(wordsOf(check), /Nothing is written yet/);
    assert.equal(progressOf(check), "7 would be created, 0 updated, 10,001 refused.");
    const run = job(status, true);
    assert.ok(!isUnwritten(run));
    assert.doesNotMatch(wordsOf(run), /Nothing/);
    assert.equal(progressOf(run), "7 created, 0 updated, 10,001 refused.");
  }
});

test("an import whose rows were all refused is no check", () => {
  assert.equal(progressOf(job("DONE", false)), "7 created, 0 updated, 10,001 refused.");
  assert.equal(progressOf(job("RUNNING", false)), "7 created, 0 updated, 10,001 refused.");
  assert.equal(progressOf(job("CHECKING", false)), "7 would be created, 0 updated, 10,001 refused.");
});
