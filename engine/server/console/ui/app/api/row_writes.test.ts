import assert from "node:assert/strict";
import { test } from "node:test";
import { ApiError } from "./errors.ts";
import { refusedUpdate } from "./row_writes.ts";

function refusal(...path: (string | number)[]) {
  return new ApiError([{ message: "no", path, code: "CONFLICT" }] as unknown as ConstructorParameters<
    typeof ApiError
  >[0]);
}

test("a refusal is about the update that its path names", () => {
  assert.equal(refusedUpdate(refusal("update12", "city")), 12);
  assert.equal(refusedUpdate(refusal("created", 0)), null);
  assert.equal(refusedUpdate(refusal()), null);
  assert.equal(refusedUpdate(new Error("update1")), null);
});
