import assert from "node:assert/strict";
import { test } from "node:test";
import { relationLabel, settingLabel, settingValue, typeDescription } from "./setting_words.ts";

test("a setting of a field has a label, and one that is not known stands as the API has it", () => {
  assert.equal(settingLabel("onDelete"), "When the other record is destroyed");
  assert.equal(settingLabel("teleports"), "teleports");
  assert.equal(relationLabel("ONE_TO_MANY"), "to many");
  assert.equal(relationLabel("MANY_WORLDS"), "MANY_WORLDS");
});

test("a type whose description names settings of the API is described in plain words", () => {
  const describe = (type: string, label: string, description: string) =>
    typeDescription({ type, label, description } as Parameters<typeof typeDescription>[0]);
  assert.ok(!describe("NUMBER", "Number", "settings.dataType")?.includes("dataType"));
  assert.equal(describe("TEXT", "Text", "Text of any length."), "Text of any length.");
  assert.equal(describe("DATE", "Date", "A date."), undefined);
});

test("a value of a setting has words, and one that is not known stands as the API has it", () => {
  assert.equal(settingValue("RESTRICT"), "that is refused");
  assert.equal(settingValue("EXPLODE"), "EXPLODE");
});
