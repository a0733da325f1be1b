import assert from "node:assert/strict";
import { test } from "node:test";
import { SETTINGS, settingsInWords } from "./setting_words.ts";

test("settings are told by their labels", () => {
  assert.equal(settingsInWords(["API_KEYS", "AUDIT"]), "API keys, Audit log");
  assert.equal(settingsInWords([]), "—");
  assert.equal(settingsInWords(SETTINGS.map(({ name }) => name)), "all");
});

test("a setting of a newer server stands as the API has it", () => {
  assert.equal(settingsInWords(["AUDIT", "TELEPORT"]), "Audit log, TELEPORT");
});
