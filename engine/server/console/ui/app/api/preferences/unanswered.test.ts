import assert from "node:assert/strict";
import { test } from "node:test";

import { unansweredOf } from "./unanswered.ts";

test("items wait until they are answered, and later ones on", () => {
  const kept = new Map<string, string>();
  const storage = {
    getItem: (place: string) => kept.get(place) ?? null,
    setItem: (place: string, word: string) => void kept.set(place, word),
    removeItem: (place: string) => void kept.delete(place),
  };
  const [first, second] = [
    { pinned: ["a"], recent: [] },
    { pinned: ["a", "b"], recent: ["c"] },
  ];
  const unanswered = unansweredOf(["Ada"], storage);
  assert.equal(unanswered.read(), null);
  unanswered.begin(first);
  unanswered.begin(second);
  unanswered.end(first);
  assert.deepEqual(unansweredOf(["Ada"], storage).read(), second);
  assert.equal(unansweredOf(["Grace"], storage).read(), null);
  unanswered.end(second);
  assert.equal(kept.size, 0);
});
