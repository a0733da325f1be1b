import assert from "node:assert/strict";
import { test } from "node:test";
import { exactNumber } from "../../api/exact_json.ts";
import type { Step } from "../../kit/unsaved.ts";
import { type Address, isLeft, readAddress, requestAddress, writeAddress } from "./address.ts";

test("a list's state goes to the address and back", () => {
  const address: Address = {
    filter: {
      city: { eq: "Zürich & Söhne" },
      price: { in: [exactNumber("12345678901234567.89"), exactNumber("1.50")] },
    },
    order: [{ path: ["company", "name"], descending: true }],
    search: "ada love",
    view: "v1",
    open: [
      { plural: null, id: "1" },
      { plural: "companies", id: "2" },
    ],
  };
  const parameters = writeAddress(new URLSearchParams(), address);
  const read = readAddress(new URLSearchParams(parameters.toString()));
  assert.deepEqual(read, address);
  assert.match(JSON.stringify(read.filter), /\[12345678901234567\.89,1\.50\]/);
});

test("a state that says nothing leaves no trace, and other parameters stay", () => {
  const before = new URLSearchParams('f={"a":{"eq":1}}&sort=a&q=x&open=1&other=2');
  const after = writeAddress(before, { filter: {}, order: [], search: "", view: null, open: [] });
  assert.equal(after.toString(), "other=2");
});

test("a broken filter is none", () => {
  for (const text of ['{"a":', "[1]", "null", "x"])
    assert.deepEqual(readAddress(new URLSearchParams({ f: text })).filter, {});
});

test("a list leads to its request", () => {
  const order = [{ path: ["createdAt"], descending: true }];
  const address = new URL(
    requestAddress("people", { filter: { city: { eq: "Zürich & Söhne" } }, order, search: "ada" }),
    "http://x",
  );
  assert.equal(address.pathname, "/api");
  assert.equal(address.searchParams.get("object"), "people");
  assert.equal(address.searchParams.get("sort"), "-createdAt");
  assert.equal(address.searchParams.get("q"), "ada");
  assert.deepEqual(readAddress(address.searchParams).filter, { city: { eq: "Zürich & Söhne" } });
});

test("a page is left by its path, and a record beside it when it is no longer open", () => {
  const at = (address: string) => {
    const { pathname, search } = new URL(address, "http://x");
    return { pathname, search, hash: "", state: null, key: "", unstable_mask: undefined } as Step["currentLocation"];
  };
  const step = (from: string, to: string) => ({ currentLocation: at(from), nextLocation: at(to) });
  assert.ok(isLeft(step("/records/people", "/records/companies"), null));
  assert.ok(!isLeft(step("/records/people?open=1", "/records/people?q=a"), null));
  assert.ok(isLeft(step("/records/people?open=1", "/records/people"), "1"));
  assert.ok(isLeft(step("/records/people?open=1", "/records/people?open=2"), "1"));
  // Another one opens beside it; a page of one record has it in its path.
  assert.ok(!isLeft(step("/records/people?open=1", "/records/people?open=1,companies/2"), "1"));
  assert.ok(!isLeft(step("/records/people/1", "/records/people/1?open=companies/2"), "1"));
});
