// The editor of options: one of a SELECT, several of a MULTI_SELECT, and yes or no.

import { useState } from "react";

import { Chip, colorOf } from "../../kit/chip.tsx";
import { typeOf } from "../registry.ts";
import { optionsOf } from "../types/select.ts";
import type { EditorProps, Then } from "./editing.ts";
import { type Choice, Picker } from "./picker.tsx";

const NONE: Choice = { value: null, label: "No value" };
const FLAGS: readonly Choice[] = [
  { value: "true", label: "Yes" },
  { value: "false", label: "No" },
];

export function OptionPicker({ field, value, text, label, onSave, onCancel }: EditorProps) {
  const kind = typeOf(field).editor;
  const isMultiple = kind === "options";
  const [search, setSearch] = useState(text ?? "");
  const [several, setSeveral] = useState<readonly string[]>(Array.isArray(value) ? value : []);
  const options: readonly Choice[] =
    kind === "check"
      ? FLAGS
      : optionsOf(field).map((option) => ({
          value: option.value,
          label: option.label,
          shown: <Chip color={colorOf(option.color)}>{option.label}</Chip>,
        }));
  const all = field.isNullable && !isMultiple ? [...options, NONE] : options;
  const words = search.trim().toLowerCase();
  // The value is searched, too: it has the digit of a rating.
  const choices = all.filter(({ label: shown, value: name }) => `${shown} ${name ?? ""}`.toLowerCase().includes(words));
  const chosen = isMultiple ? several : [value === null || value === undefined ? null : String(value)];

  function choose(next: string | null, then: Then): void {
    if (isMultiple && next !== null) {
      setSeveral(several.includes(next) ? several.filter((one) => one !== next) : [...several, next]);
      setSearch("");
    } else onSave(kind === "check" && next !== null ? next === "true" : next, then, next ?? "");
  }

  return (
    <Picker
      label={label}
      search={search}
      onSearch={setSearch}
      choices={choices}
      chosen={chosen}
      isMultiple={isMultiple}
      hint={choices.length === 0 ? "No option has these words." : isMultiple ? "Enter chooses, Tab saves." : undefined}
      onChoose={choose}
      // The order of the options is the server's: the same ones in another order are no change.
      onDone={(then) =>
        onSave(isMultiple && (several.length > 0 || value !== null) ? inOrder(several, options) : value, then, "")
      }
      onCancel={onCancel}
    />
  );
}

function inOrder(values: readonly string[], options: readonly Choice[]): string[] {
  return options.flatMap((option) => (option.value !== null && values.includes(option.value) ? [option.value] : []));
}
