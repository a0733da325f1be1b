// The form of a field as data, and the change that it makes.

import { sameJson } from "../../api/exact_json.ts";
import type { Change, FieldOption, FieldTypeInfo, ModelField, ModelObject } from "../../api/model_edit.ts";

export const RELATION_TYPES = ["MANY_TO_ONE", "ONE_TO_MANY", "ONE_TO_ONE", "MANY_TO_MANY"] as const;
export type RelationType = (typeof RELATION_TYPES)[number];

/** An option while it is edited; `was` is its value before, null for a new one. */
export interface OptionDraft extends FieldOption {
  key: string;
  was: string | null;
}

export interface FieldDraft {
  type: string;
  label: string;
  name: string;
  /** The name follows the label until a person opens its lock. */
  isNameLocked: boolean;
  description: string;
  isRequired: boolean;
  isUnique: boolean;
  isActive: boolean;
  /** The default value; null for none. */
  defaultValue: unknown;
  /** The value for the records that have none, if the field becomes required; null for none. */
  backfillValue: unknown;
  options: readonly OptionDraft[];
  /** By the value of an option that goes: the key of the one that its records get, null for no value. */
  successors: Readonly<Record<string, string | null>>;
  settings: Readonly<Record<string, unknown>>;
  relationType: RelationType;
  target: string | null;
  /** The objects of a relation to one of several. */
  targets: readonly string[];
  inverseLabel: string;
}

/** The draft of a new field. */
export function newDraft(): FieldDraft {
  return {
    type: "TEXT",
    label: "",
    name: "",
    isNameLocked: true,
    description: "",
    isRequired: false,
    isUnique: false,
    isActive: true,
    defaultValue: null,
    backfillValue: null,
    options: [],
    successors: {},
    settings: {},
    relationType: "MANY_TO_ONE",
    target: null,
    targets: [],
    inverseLabel: "",
  };
}

/** The draft of a field as it stands. */
export function draftOf(field: ModelField): FieldDraft {
  return {
    ...newDraft(),
    type: field.type,
    label: field.label,
    name: field.name,
    description: field.description ?? "",
    isRequired: !field.isNullable,
    isUnique: field.isUnique,
    isActive: field.isActive,
    defaultValue: field.defaultValue ?? null,
    options: (field.options ?? []).map(({ value, label, color }) => ({ key: value, was: value, value, label, color })),
    settings: field.settings ?? {},
  };
}

/** The value of an option's label: `In review` is IN_REVIEW. */
export function optionValue(label: string): string {
  const value = label
    .normalize("NFKD")
    .replace(/\p{M}/gu, "")
    .toUpperCase()
    .replace(/[^A-Z0-9]+/g, "_")
    .replace(/^_+|_+$/g, "");
  return /^[0-9]/.test(value) ? `_${value}` : value;
}

/** The change that creates a field in `object`. */
export function createChange(object: ModelObject, draft: FieldDraft, info: FieldTypeInfo | undefined): Change {
  const value = draft.defaultValue;
  const otherEnd = draft.inverseLabel || object.labelPlural;
  const isRelation = draft.type === "RELATION";
  return {
    createField: {
      objectMetadataId: object.nameSingular,
      type: draft.type,
      name: draft.name,
      label: draft.label,
      ...(draft.description && { description: draft.description }),
      ...(draft.isRequired && { isNullable: false }),
      ...(draft.isUnique && info?.canBeUnique && { isUnique: true }),
      ...(value !== null && info?.canDefault && { defaultValue: value }),
      ...(info?.hasOptions && draft.options.length > 0 && { options: optionsOf(draft.options) }),
      ...(Object.keys(draft.settings).length > 0 && { settings: draft.settings }),
      ...(isRelation && {
        relationCreationPayload: {
          type: draft.relationType,
          targetObjectMetadataId: draft.target,
          targetFieldLabel: otherEnd,
        },
      }),
      ...(draft.type === "MORPH_RELATION" && {
        morphRelationsCreationPayload: draft.targets.map((target) => ({
          targetObjectMetadataId: target,
          targetFieldLabel: otherEnd,
        })),
      }),
    },
  };
}

/** The members that a draft changes of the field that it was made of, as one change; none where nothing was changed. */
export function updateChanges(
  field: ModelField,
  draft: FieldDraft,
  info: FieldTypeInfo | undefined,
  allowDataLoss = false,
): Change[] {
  const before = draftOf(field);
  const update: Record<string, unknown> = {};
  if (draft.type !== before.type) {
    update.type = draft.type;
    if (allowDataLoss) {
      update.allowDataLoss = true;
    }
  }
  if (draft.label !== before.label) update.label = draft.label;
  if (draft.name !== before.name) update.name = draft.name;
  if (draft.description !== before.description) update.description = draft.description || null;
  if (draft.isRequired !== before.isRequired) update.isNullable = !draft.isRequired;
  if (draft.isUnique !== before.isUnique) update.isUnique = draft.isUnique;
  if (draft.isActive !== before.isActive) update.isActive = draft.isActive;
  if (!sameJson(draft.defaultValue, before.defaultValue)) update.defaultValue = draft.defaultValue;
  if (isFilled(field, draft) && draft.backfillValue !== null) update.backfillValue = draft.backfillValue;
  if (JSON.stringify(draft.settings) !== JSON.stringify(before.settings)) update.settings = draft.settings;
  const options = optionsOf(draft.options);
  if (info?.hasOptions && JSON.stringify(options) !== JSON.stringify(optionsOf(before.options))) {
    update.options = options;
    const mapping = { ...renamed(draft.options), ...successorsOf(before.options, draft) };
    if (Object.keys(mapping).length > 0) {
      update.optionMapping = mapping;
    }
  }
  return Object.keys(update).length === 0 ? [] : [{ updateField: { id: field.id, update } }];
}

/** Return true if a draft makes its field required, so that records without a value need one; a relation takes none. */
export function isFilled(field: ModelField, { type, isRequired, isActive }: FieldDraft): boolean {
  const wasRequired = !field.isNullable && field.isActive;
  return isRequired && isActive && !wasRequired && type === field.type && type !== "RELATION";
}

function optionsOf(options: readonly OptionDraft[]): object[] {
  return options.map(({ value, label, color }, position) => ({ value, label, color, position }));
}

/** The new value of each option whose value was changed. */
function renamed(options: readonly OptionDraft[]): Record<string, string> {
  return Object.fromEntries(
    options.flatMap(({ was, value }) => (was !== null && was !== value ? [[was, value] as const] : [])),
  );
}

/** The options that a draft has no more. */
export function goneOptions(before: readonly OptionDraft[], options: readonly OptionDraft[]): readonly OptionDraft[] {
  return before.filter(({ value }) => !options.some((option) => option.was === value || option.value === value));
}

/** The value that the records of each option that goes get, as far as one was chosen. */
function successorsOf(
  before: readonly OptionDraft[],
  { options, successors }: FieldDraft,
): Record<string, string | null> {
  return Object.fromEntries(
    goneOptions(before, options).flatMap(({ value }) => {
      const key = successors[value];
      const next = options.find((option) => option.key === key)?.value;
      return key === null || next !== undefined ? [[value, next ?? null] as const] : [];
    }),
  );
}

/** The options with the one at `from` moved to `to`. */
export function moveOption(options: readonly OptionDraft[], from: number, to: number): OptionDraft[] {
  const moved = options[from];
  if (moved === undefined || to < 0 || to >= options.length) {
    return [...options];
  }
  const rest = options.filter((_, place) => place !== from);
  return [...rest.slice(0, to), moved, ...rest.slice(to)];
}
