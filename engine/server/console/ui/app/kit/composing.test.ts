import assert from "node:assert/strict";
import { test } from "node:test";

import { keepComposing } from "./composing.ts";

test("a key of an input method reaches nothing else", () => {
  const page = new EventTarget();
  keepComposing(page);
  const isKept = (key: object) => {
    const event = Object.assign(new Event("keydown"), key);
    page.dispatchEvent(event);
    return event.cancelBubble;
  };
  assert.equal(isKept({ key: "Enter", isComposing: true, keyCode: 13 }), true);
  // Safari ends the composition before it tells the key.
  assert.equal(isKept({ key: "Enter", isComposing: false, keyCode: 229 }), true);
  assert.equal(isKept({ key: "Enter", isComposing: false, keyCode: 13 }), false);
});
