// The form of a field, for a new one and for one that is there.

import { Lock, LockOpen } from "lucide-react";

import type { FieldTypeInfo, ModelField, ModelObject } from "../../api/model_edit.ts";
import { NAMELESS } from "../../api/use_names.ts";
import { ValueField } from "../../fields/editors/value_field.tsx";
import { Button } from "../../kit/button.tsx";
import { Check } from "../../kit/check.tsx";
import { ComboBox } from "../../kit/combobox.tsx";
import { TextField } from "../../kit/field.tsx";
import { Select } from "../../kit/select.tsx";
import { DefaultField, fieldLike } from "./default_field.tsx";
import { draftOf, type FieldDraft, goneOptions, isFilled } from "./field_draft.ts";
import { OptionsEditor } from "./options_editor.tsx";
import { MorphFields, RelationFields } from "./relation_fields.tsx";
import { settingLabel, settingValue, typeDescription } from "./setting_words.ts";

/** Types that a form cannot make a field of: their fields are made by the API, or by the system. */
const NOT_MADE = new Set(["POSITION", "ACTOR", "TS_VECTOR"]);

export interface FieldFormProps {
  object: ModelObject;
  /** The field as it stands; null for a new one. */
  field: ModelField | null;
  types: readonly FieldTypeInfo[];
  draft: FieldDraft;
  onChange: (draft: FieldDraft) => void;
  problems: ReadonlyMap<string, string>;
}

export function FieldForm({ object, field, types, draft, onChange, problems }: FieldFormProps) {
  const info = types.find(({ type }) => type === draft.type);
  // Such a relation is kept by an object of its own, and a record may have none.
  const isLinked = field === null && draft.type === "RELATION" && draft.relationType === "MANY_TO_MANY";
  // Of the keys of its objects one at most is set.
  const isMorph = draft.type === "MORPH_RELATION";
  const set = (changed: Partial<FieldDraft>) => onChange({ ...draft, ...changed });
  const problemOf = (name: string) =>
    problems.get(name) ?? [...problems].find(([key]) => key.startsWith(`${name}.`) || key.startsWith(`${name}[`))?.[1];

  return (
    <>
      <div className="form-columns">
        <TextField
          label="Label"
          value={draft.label}
          onChange={(text) => set({ label: text })}
          problem={problemOf("label")}
          autoFocus
          isRequired
        />
        <TextField
          label="Name in the API"
          value={draft.name}
          onChange={(name) => set({ name, isNameLocked: false })}
          isReadOnly={draft.isNameLocked && !isNameless(draft)}
          isCode
          problem={problemOf("name")}
          description={nameNote(field, draft)}
          end={
            <Button
              kind="quiet"
              icon={draft.isNameLocked ? <Lock aria-hidden /> : <LockOpen aria-hidden />}
              aria-label={draft.isNameLocked ? "Type the name yourself" : "Let the name follow"}
              onPress={() =>
                set(draft.isNameLocked ? { isNameLocked: false } : { isNameLocked: true, name: field?.name ?? "" })
              }
            />
          }
        />
      </div>
      <TypeField field={field} types={types} draft={draft} set={set} problem={problemOf("type")} />
      {draft.type === "RELATION" && field === null && (
        <RelationFields object={object} draft={draft} set={set} problems={problems} />
      )}
      {isMorph && field === null && (
        <MorphFields object={object} draft={draft} set={set} problem={problemOf("morphRelationsCreationPayload")} />
      )}
      {info?.hasOptions && (
        <OptionsEditor
          options={draft.options}
          onChange={(options) => set({ options })}
          problem={problemOf("options")}
        />
      )}
      {info?.hasOptions && field?.type === draft.type && (
        <Successors field={field} draft={draft} set={set} problem={problemOf("optionMapping")} />
      )}
      {(info?.settings ?? []).map((setting) =>
        setting.isFlag ? (
          <Check
            key={setting.name}
            label={settingLabel(setting.name)}
            isSelected={draft.settings[setting.name] === true}
            onChange={(on) => set({ settings: withSetting(draft.settings, setting.name, on ? true : undefined) })}
            problem={problemOf("settings")}
          />
        ) : (
          <Select
            key={setting.name}
            label={settingLabel(setting.name)}
            value={String(draft.settings[setting.name] ?? "")}
            choices={[
              { id: "", label: setting.values[0] ? `by default: ${settingValue(setting.values[0])}` : "by default" },
              ...setting.values.map((id) => ({ id, label: settingValue(id) })),
            ]}
            onChange={(value) => set({ settings: withSetting(draft.settings, setting.name, value || undefined) })}
            problem={problemOf("settings")}
          />
        ),
      )}
      <div className="form-columns">
        {!isLinked && !isMorph && (
          <Check
            label="Required"
            isSelected={draft.isRequired}
            onChange={(isRequired) => set({ isRequired })}
            description="Each record must have a value."
            problem={problemOf("isNullable")}
          />
        )}
        {info?.canBeUnique !== false && !(isMorph && field === null) && (
          <Check
            label="Unique"
            isSelected={draft.isUnique}
            onChange={(isUnique) => set({ isUnique })}
            description="No two records share a value."
            problem={problemOf("isUnique")}
          />
        )}
        {field !== null && (
          <Check
            label="Shown in the API"
            isSelected={draft.isActive}
            onChange={(isActive) => set({ isActive })}
            problem={problemOf("isActive")}
          />
        )}
      </div>
      {field !== null && isFilled(field, draft) && (
        <ValueField
          label="Records without a value get"
          field={fieldLike(draft)}
          value={draft.backfillValue}
          onChange={(backfillValue) => set({ backfillValue })}
          problem={problemOf("backfillValue")}
        />
      )}
      {info?.canDefault && (
        <DefaultField
          // Another type has another editor.
          key={draft.type}
          draft={draft}
          info={info}
          isNew={field === null}
          onChange={(defaultValue) => set({ defaultValue })}
          problem={problemOf("defaultValue")}
        />
      )}
      <TextField
        label="Description"
        value={draft.description}
        onChange={(description) => set({ description })}
        lines={2}
        problem={problemOf("description")}
      />
    </>
  );
}

interface PartProps {
  draft: FieldDraft;
  set: (changed: Partial<FieldDraft>) => void;
}

function TypeField({
  field,
  types,
  draft,
  set,
  problem,
}: PartProps & Pick<FieldFormProps, "field" | "types"> & { problem: string | undefined }) {
  const own = types.find(({ type }) => type === field?.type);
  const offered = types.filter(({ type }) =>
    field === null ? !NOT_MADE.has(type) : type === field.type || own?.conversions.includes(type),
  );
  const info = types.find(({ type }) => type === draft.type);
  return (
    <ComboBox
      label="Type"
      choices={offered.map((one) => ({ id: one.type, label: one.label, detail: typeDescription(one) }))}
      value={draft.type}
      onChange={(type) =>
        type !== null &&
        set({
          type,
          settings: {},
          isUnique: false,
          isRequired: draft.isRequired && type !== "MORPH_RELATION",
          defaultValue: null,
          backfillValue: null,
        })
      }
      description={
        field !== null && offered.length > 1
          ? "Another type converts the values; the plan counts those that do not fit."
          : info && typeDescription(info)
      }
      problem={problem}
    />
  );
}

type SuccessorsProps = PartProps & { field: ModelField; problem: string | undefined };

/** The options that the records of removed ones get. */
function Successors({ field, draft, set, problem }: SuccessorsProps) {
  const kept = draft.options.map(({ key, label, value }) => ({ id: `to ${key}`, label: label || value }));
  return goneOptions(draftOf(field).options, draft.options).map(({ value, label }) => {
    const chosen = draft.successors[value];
    return (
      <Select
        key={value}
        label={`Records with ${label || value} get`}
        value={chosen === undefined ? "" : chosen === null ? "none" : `to ${chosen}`}
        choices={[
          { id: "", label: "nothing else: no record has it" },
          ...kept,
          ...(draft.isRequired ? [] : [{ id: "none", label: "no value" }]),
        ]}
        onChange={(id) => {
          const { [value]: _before, ...others } = draft.successors;
          const next = id === "none" ? null : id.slice("to ".length);
          set({ successors: id === "" ? others : { ...others, [value]: next } });
        }}
        problem={problem}
      />
    );
  });
}

function withSetting(settings: FieldDraft["settings"], name: string, value: unknown): FieldDraft["settings"] {
  const { [name]: _before, ...rest } = settings;
  return value === undefined ? rest : { ...rest, [name]: value };
}

/** Whether no name follows from the label, as from one without Latin letters: the lock would keep the field empty. */
function isNameless({ label, name, isNameLocked }: FieldDraft): boolean {
  return isNameLocked && label.trim() !== "" && name === "";
}

function nameNote(field: ModelField | null, draft: FieldDraft): string {
  if (isNameless(draft)) {
    return NAMELESS;
  }
  if (field === null) {
    return draft.isNameLocked ? "Follows the label." : "Clients will use this name.";
  }
  return draft.name === field.name
    ? "Clients use this name."
    : "Renaming keeps all values; clients must use the new name.";
}
