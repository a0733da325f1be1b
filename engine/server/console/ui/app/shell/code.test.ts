import assert from "node:assert/strict";
import { test } from "node:test";

import { readCode, takeCode } from "./code.ts";

test("a code is read from the fragment", () => {
  assert.equal(readCode("#code=a-B_9"), "a-B_9");
  for (const hash of ["", "#", "#code=", "#key=x", "#section"]) {
    assert.equal(readCode(hash), null);
  }
});

test("a code is taken out of the address, which keeps all else", () => {
  const replaced: string[] = [];
  const location = { hash: "#code=a-B_9", pathname: "/console/records", search: "?q=peo" };
  const history = {
    state: null,
    replaceState: (_state: unknown, _title: string, to: string) => void replaced.push(to),
  };
  Object.assign(globalThis, { window: { location, history } });
  assert.equal(takeCode(), "a-B_9");
  assert.deepEqual(replaced, ["/console/records?q=peo"]);
  location.hash = "#section";
  assert.equal(takeCode(), null);
  assert.equal(replaced.length, 1);
});
