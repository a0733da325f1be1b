import assert from "node:assert/strict";
import { test } from "node:test";
import { OwnVersions } from "./own_versions.ts";

test("a version is followed through own writes of its record alone", () => {
  const versions = new OwnVersions();
  versions.note("ada", "1", "2");
  versions.note("ada", "2", "3");
  assert.equal(versions.latest("ada", "1"), "3");
  assert.equal(versions.latest("ada", "2"), "3");
  assert.equal(versions.latest("ada", "9"), "9");
  assert.equal(versions.latest("grace", "1"), "1");
});

test("an event is one's own by its version: neither the end of a record is, nor a later write of another", () => {
  const versions = new OwnVersions();
  versions.add([
    { id: "ada", updatedAt: "1" },
    { id: "ada", updatedAt: "2" },
  ]);
  assert.deepEqual(
    ["1", "2", "3", undefined].map((version) => versions.has("ada", version)),
    [true, true, false, false],
  );
  assert.equal(versions.has("grace", "1"), false);
  assert.equal(versions.has("grace", undefined), false);
  // A role that does not read the versions knows none of its own writes.
  versions.add([{ id: "grace" }]);
  versions.note("grace", undefined, undefined);
  assert.equal(versions.has("grace", undefined), false);
  assert.equal(versions.latest("grace", undefined), undefined);
});
