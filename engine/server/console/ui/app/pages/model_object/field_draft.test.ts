import assert from "node:assert/strict";
import { test } from "node:test";

import type { FieldTypeInfo, ModelField, ModelObject } from "../../api/model_edit.ts";
import {
  createChange,
  draftOf,
  type FieldDraft,
  goneOptions,
  moveOption,
  newDraft,
  optionValue,
  updateChanges,
} from "./field_draft.ts";

const SELECT: FieldTypeInfo = {
  type: "SELECT",
  label: "Select",
  description: "",
  composite: null,
  settings: [],
  hasOptions: true,
  canBeUnique: true,
  canDefault: true,
  functions: [],
  conversions: ["TEXT"],
};

const STAGE: ModelField = {
  id: "1",
  name: "stage",
  label: "Stage",
  type: "SELECT",
  description: null,
  isNullable: true,
  isUnique: false,
  isActive: true,
  isCustom: true,
  isSystem: false,
  status: "READY",
  failure: null,
  defaultValue: "NEW",
  options: [
    { value: "NEW", label: "New", color: "gray" },
    { value: "WON", label: "Won", color: "green" },
  ],
  settings: null,
  relation: null,
};

const PERSON = {
  id: "2",
  nameSingular: "person",
  namePlural: "people",
  labelSingular: "Person",
  labelPlural: "People",
  description: null,
  icon: null,
  isCustom: false,
  isSystem: false,
  isActive: true,
  fields: [STAGE],
} satisfies ModelObject;

test("a relation to one of several objects names each of them with the other end", () => {
  const targets = ["company", "person"];
  const draft = { ...newDraft(), type: "MORPH_RELATION", name: "topic", label: "Topic", targets };
  const { createField } = createChange(PERSON, draft, undefined);
  assert.deepEqual((createField as { morphRelationsCreationPayload: unknown }).morphRelationsCreationPayload, [
    { targetObjectMetadataId: "company", targetFieldLabel: "People" },
    { targetObjectMetadataId: "person", targetFieldLabel: "People" },
  ]);
});

test("a label gives the value of an option", () => {
  assert.equal(optionValue("In review"), "IN_REVIEW");
  assert.equal(optionValue("  Größe: über 9! "), "GROSSE_UBER_9");
  assert.equal(optionValue("1st"), "_1ST");
  assert.equal(optionValue("…"), "");
});

test("a default value is sent where it differs, and null takes it away", () => {
  const draft = draftOf(STAGE);
  assert.equal(draft.defaultValue, "NEW");
  assert.deepEqual(updateChanges(STAGE, { ...draft, defaultValue: null }, SELECT), [
    { updateField: { id: "1", update: { defaultValue: null } } },
  ]);
  const price = { ...STAGE, type: "CURRENCY", options: null, defaultValue: { amountMicros: "1", currencyCode: "EUR" } };
  const same = { ...draftOf(price), defaultValue: { currencyCode: "EUR", amountMicros: "1" } };
  assert.deepEqual(updateChanges(price, same, undefined), []);
  const made = createChange(PERSON, { ...newDraft(), name: "note", label: "Note", defaultValue: "" }, SELECT);
  assert.equal((made.createField as { defaultValue?: unknown }).defaultValue, "");
});

test("a field that becomes required gives its records without a value the one that was typed", () => {
  const draft = { ...draftOf(STAGE), isRequired: true, backfillValue: "NEW" };
  const updateOf = (one: FieldDraft, field = STAGE) => updateChanges(field, one, SELECT)[0]?.updateField;
  assert.deepEqual(updateOf(draft), { id: "1", update: { isNullable: false, backfillValue: "NEW" } });
  assert.deepEqual(updateOf({ ...draft, backfillValue: null }), { id: "1", update: { isNullable: false } });
  // Typed before the field was left optional, or got another type.
  assert.equal(updateOf({ ...draft, isRequired: false }), undefined);
  assert.deepEqual(updateOf({ ...draft, type: "TEXT" }), { id: "1", update: { type: "TEXT", isNullable: false } });
  const hidden = { ...STAGE, isNullable: false, isActive: false };
  const shown = { ...draftOf(hidden), isActive: true, backfillValue: "NEW" };
  assert.deepEqual(updateOf(shown, hidden), { id: "1", update: { isActive: true, backfillValue: "NEW" } });
});

test("an untouched field makes no change", () => {
  assert.deepEqual(updateChanges(STAGE, draftOf(STAGE), SELECT), []);
});

test("changed members alone are sent", () => {
  const draft = { ...draftOf(STAGE), label: "Phase", isRequired: true };
  assert.deepEqual(updateChanges(STAGE, draft, SELECT), [
    { updateField: { id: "1", update: { label: "Phase", isNullable: false } } },
  ]);
});

test("an option that gets another value maps the old one, and the order is sent", () => {
  const draft = draftOf(STAGE);
  const options = moveOption(draft.options, 1, 0).map((option) =>
    option.value === "WON" ? { ...option, value: "CLOSED" } : option,
  );
  assert.deepEqual(updateChanges(STAGE, { ...draft, options }, SELECT), [
    {
      updateField: {
        id: "1",
        update: {
          options: [
            { value: "CLOSED", label: "Won", color: "green", position: 0 },
            { value: "NEW", label: "New", color: "gray", position: 1 },
          ],
          optionMapping: { WON: "CLOSED" },
        },
      },
    },
  ]);
});

test("an option that goes leaves its records to the one that was chosen, or to none", () => {
  const draft = draftOf(STAGE);
  const options = draft.options.slice(1).map((option) => ({ ...option, value: "CLOSED" }));
  const mappingOf = (successors: Readonly<Record<string, string | null>>) => {
    const [change] = updateChanges(STAGE, { ...draft, options, successors }, SELECT);
    return (change?.updateField as { update: { optionMapping: unknown } } | undefined)?.update.optionMapping;
  };
  assert.deepEqual(
    goneOptions(draft.options, options).map(({ value }) => value),
    ["NEW"],
  );
  assert.deepEqual(mappingOf({}), { WON: "CLOSED" });
  assert.deepEqual(mappingOf({ NEW: "WON" }), { WON: "CLOSED", NEW: "CLOSED" });
  assert.deepEqual(mappingOf({ NEW: null }), { WON: "CLOSED", NEW: null });
  // A successor that goes, too, and a choice about an option that is back.
  assert.deepEqual(mappingOf({ NEW: "AWAY" }), { WON: "CLOSED" });
  const back = { ...draft, options: [...options, { key: "k", was: null, value: "NEW", label: "", color: null }] };
  assert.deepEqual(goneOptions(draft.options, back.options), []);
});

test("another type accepts a loss only when it is told to", () => {
  const draft = { ...draftOf(STAGE), type: "NUMBER" };
  const update = (loss: boolean) => updateChanges(STAGE, draft, undefined, loss);
  assert.deepEqual(update(false), [{ updateField: { id: "1", update: { type: "NUMBER" } } }]);
  assert.deepEqual(update(true), [{ updateField: { id: "1", update: { type: "NUMBER", allowDataLoss: true } } }]);
});

test("a relation names its target and the label of its other end", () => {
  const draft = { ...newDraft(), type: "RELATION", label: "Boss", name: "boss", target: "person" };
  assert.deepEqual(createChange(PERSON, draft, undefined), {
    createField: {
      objectMetadataId: "person",
      type: "RELATION",
      name: "boss",
      label: "Boss",
      relationCreationPayload: { type: "MANY_TO_ONE", targetObjectMetadataId: "person", targetFieldLabel: "People" },
    },
  });
});

test("an option stays where it is at the ends of the list", () => {
  const { options } = draftOf(STAGE);
  assert.deepEqual(moveOption(options, 0, -1), options);
  assert.deepEqual(moveOption(options, 1, 2), options);
  assert.deepEqual(
    moveOption(options, 0, 1).map(({ value }) => value),
    ["WON", "NEW"],
  );
});
