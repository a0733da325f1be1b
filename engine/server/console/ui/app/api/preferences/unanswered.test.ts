import assert from "node:assert/strict";
import { test } from "node:test";

import { differenceOf, withPin, withVisit } from "./navigation.ts";
import { unansweredOf } from "./unanswered.ts";

const NONE = { pinned: [], recent: [] };

function openStorage(kept = new Map<string, string>()) {
  return {
    kept,
    getItem: (place: string) => kept.get(place) ?? null,
    setItem: (place: string, word: string) => void kept.set(place, word),
    removeItem: (place: string) => void kept.delete(place),
  };
}

test("a change waits for its answer, also in the next page of the tab", () => {
  const storage = openStorage();
  const unanswered = unansweredOf(["Ada"], () => storage);
  assert.equal(unanswered.isAny(), false);
  unanswered.begin(differenceOf(NONE, { pinned: ["a", "b"], recent: ["d", "c"] }));
  assert.deepEqual(unansweredOf(["Ada"], () => storage).apply(NONE), { pinned: ["a", "b"], recent: ["d", "c"] });
  assert.equal(unansweredOf(["Grace"], () => storage).isAny(), false);
  unanswered.end();
  assert.equal(unanswered.isAny(), false);
  assert.equal(storage.kept.size, 0);
});

test("what another tab has changed meanwhile stays beside a change that waits", () => {
  const unanswered = unansweredOf(["Ada"], openStorage);
  const before = { pinned: ["a", "b"], recent: ["x"] };
  unanswered.begin(differenceOf(before, withVisit(withPin(withPin(before, "a", false), "c", true), "y")));
  const later = { pinned: ["b", "a", "other"], recent: ["z", "x"] };
  assert.deepEqual(unanswered.apply(later), { pinned: ["b", "other", "c"], recent: ["y", "z", "x"] });
});

test("a pin that is taken back while it is written is taken back in the next page, too", () => {
  const storage = openStorage();
  const unanswered = unansweredOf(["Ada"], () => storage);
  const pinned = { pinned: ["a"], recent: [] };
  unanswered.begin(differenceOf(NONE, pinned));
  unanswered.begin(differenceOf(pinned, NONE));
  assert.deepEqual(unansweredOf(["Ada"], () => storage).apply(pinned), NONE);
});

const full = openStorage();
full.setItem = () => {
  throw new DOMException("full", "QuotaExceededError");
};
const STORAGES = {
  forbidden: () => {
    throw new DOMException("forbidden", "SecurityError");
  },
  full: () => full,
  foreign: () => ({ ...openStorage(), getItem: () => "[no JSON" }),
};

for (const [said, storage] of Object.entries(STORAGES)) {
  test(`a change waits in the page alone where the storage of the tab is ${said}`, () => {
    const unanswered = unansweredOf(["Ada"], storage);
    assert.equal(unanswered.isAny(), false);
    unanswered.begin(differenceOf(NONE, { pinned: ["a"], recent: [] }));
    assert.deepEqual(unanswered.apply(NONE), { pinned: ["a"], recent: [] });
  });
}
