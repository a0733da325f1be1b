import assert from "node:assert/strict";
import { test } from "node:test";

import { choiceOf } from "./choices.ts";

function open() {
  const kept = new Map<string, string>();
  const shown: DOMStringMap = {};
  const storage = {
    getItem: (place: string) => kept.get(place) ?? null,
    setItem: (place: string, word: string) => void kept.set(place, word),
    removeItem: (place: string) => void kept.delete(place),
  };
  const choice = choiceOf(
    "theme",
    ["system", "light", "dark"],
    () => storage,
    () => shown,
  );
  return { kept, shown, choice };
}

test("a choice is kept and shown, and the usual one leaves nothing", () => {
  const { kept, shown, choice } = open();
  assert.equal(choice.read(), "system");
  choice.choose("dark");
  assert.equal(choice.read(), "dark");
  assert.deepEqual([...kept], [["fieldstone:theme", "dark"]]);
  assert.equal(shown.theme, "dark");
  choice.choose("system");
  assert.equal(kept.size, 0);
  assert.deepEqual(shown, {});
});

test("a word that is no longer known counts as the usual one", () => {
  const { kept, choice } = open();
  kept.set("fieldstone:theme", "sepia");
  assert.equal(choice.read(), "system");
});
