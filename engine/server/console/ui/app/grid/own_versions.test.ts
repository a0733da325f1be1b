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
