// One way in which a role may do something: its records, its fields, its check and its presets hold together.

import { useState } from "react";

import type { ObjectModel } from "../../api/model.ts";
import { Check } from "../../kit/check.tsx";
import { Select } from "../../kit/select.tsx";
import type { Action } from "./grants.ts";
import { PresetFields } from "./preset_fields.tsx";
import { RuleField } from "./rule_field.tsx";
import { namesField, WAY_MEMBERS, type Way, type WayMember, withField } from "./ways.ts";

export interface WayFormProps {
  way: Way;
  /** The place of the way among the ways of its action, from 1. */
  number: number;
  action: Action;
  object: ObjectModel;
  onChange: (way: Way) => void;
  /** Called when a member lacks a value, or has all of them. */
  onWhole: (member: WayMember, isWhole: boolean) => void;
}

const MODES = [
  { id: "all", label: "All fields, later ones too" },
  { id: "only", label: "These fields alone" },
  { id: "allBut", label: "All fields but these" },
] as const;

const DONE: Readonly<Record<Action, string>> = {
  read: "read",
  create: "created",
  update: "updated",
  delete: "deleted",
  restore: "restored",
  destroy: "destroyed",
};

export function WayForm({ way, number, action, object, onChange, onWhole }: WayFormProps) {
  const members = WAY_MEMBERS[action];
  const set = (changed: Partial<Way>) => onChange({ ...way, ...changed });
  return (
    <>
      {members.includes("rule") && (
        <RuleField
          label={`Records of way ${number}`}
          object={object}
          filter={way.rule}
          empty={`All records may be ${DONE[action]}.`}
          onChange={(rule, isWhole) => {
            set({ rule });
            onWhole("rule", isWhole);
          }}
        />
      )}
      {members.includes("fields") && <FieldsOf way={way} number={number} object={object} set={set} />}
      {members.includes("check") && (
        <CheckOf way={way} number={number} action={action} object={object} set={set} onWhole={onWhole} />
      )}
      {members.includes("preset") && (
        <PresetFields object={object} preset={way.preset} onChange={(preset) => set({ preset })} />
      )}
    </>
  );
}

type PartProps = Pick<WayFormProps, "way" | "number" | "object"> & { set: (changed: Partial<Way>) => void };

function FieldsOf({ way, number, object, set }: PartProps) {
  return (
    <div className="rule-field">
      <Select
        label={`Fields of way ${number}`}
        value={way.fields.mode}
        choices={MODES}
        onChange={(mode) => set({ fields: { mode, names: mode === "all" ? [] : way.fields.names } })}
      />
      {way.fields.mode !== "all" && (
        <fieldset className="way-fields" aria-label={`Names of the fields of way ${number}`}>
          {object.fields.map(({ name, label }) => (
            <Check
              key={name}
              label={label}
              isSelected={namesField(way.fields, name)}
              onChange={(isNamed) => set({ fields: withField(way.fields, name, isNamed) })}
            />
          ))}
        </fieldset>
      )}
    </div>
  );
}

function CheckOf({ way, number, action, object, set, onWhole }: PartProps & Pick<WayFormProps, "action" | "onWhole">) {
  const given = way.check === undefined ? "default" : Object.keys(way.check).length === 0 ? "nothing" : "conditions";
  const [mode, setMode] = useState(action === "create" && given === "nothing" ? "default" : given);
  const isUpdate = action === "update";
  return (
    <>
      <Select
        label={`Check of way ${number}`}
        value={mode}
        choices={[
          { id: "default", label: isUpdate ? "The record fulfils the rule afterwards, too" : "Nothing is checked" },
          ...(isUpdate ? [{ id: "nothing" as const, label: "Nothing is checked" }] : []),
          { id: "conditions", label: "The record fulfils conditions as it is written" },
        ]}
        onChange={(next) => {
          setMode(next);
          set({ check: next === "default" ? undefined : {} });
          // A check without conditions would lift the rule, which nobody has chosen.
          onWhole("check", next !== "conditions");
        }}
      />
      {mode === "conditions" && (
        <RuleField
          label={`Conditions of the check of way ${number}`}
          object={object}
          filter={way.check ?? {}}
          empty="No condition yet."
          onChange={(check, isWhole) => {
            set({ check });
            onWhole("check", isWhole && Object.keys(check).length > 0);
          }}
        />
      )}
    </>
  );
}
