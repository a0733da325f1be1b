import assert from "node:assert/strict";
import { test } from "node:test";
import { ApiError } from "./errors.ts";
import { changedMeanwhile, othersOf } from "./merging.ts";

function connection(...ids: string[]) {
  return { edges: ids.map((id) => ({ node: { id } })) };
}

test("a duplicate of several records is offered once, and none of the records themselves is", () => {
  assert.deepEqual(othersOf([connection("b", "c"), connection("c", "a", "d")], ["a", "b"]), ["c", "d"]);
  assert.deepEqual(othersOf([connection("b"), connection()], ["a", "b"]), []);
  assert.deepEqual(othersOf([], ["a"]), []);
});

test("of very many duplicates the first hundred are offered", () => {
  const many = Array.from({ length: 60 }, (_, number) => `x${number}`);
  const others = othersOf([connection(...many), connection(...many.map((id) => `y${id}`))], ["a"]);
  assert.equal(others.length, 100);
  assert.equal(others.at(-1), "yx39");
});

test("a merge that another's change refuses names the record", () => {
  const problem = { code: "CONFLICT", message: "", field: "ifUpdatedAt[1]", path: [] };
  const extensions = { current: { updatedAt: "2026-01-01T00:00:00Z" }, rows: [{ index: 1, id: "b" }] };
  assert.equal(changedMeanwhile(new ApiError([{ ...problem, extensions }])), "b");
  assert.equal(changedMeanwhile(new ApiError([{ ...problem, extensions: {} }])), null);
});
