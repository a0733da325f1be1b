// A search field with the list of what can be chosen below it: the pattern of a combobox whose list is always open.

import { Check } from "lucide-react";
import { type KeyboardEvent, type ReactNode, useId, useState } from "react";

import type { Then } from "./editor.tsx";
import { saveKey } from "./editor.tsx";

export type Choice = { value: string | null; label: string; shown?: ReactNode };

export type PickerProps = {
  label: string;
  search: string;
  onSearch(text: string): void;
  choices: readonly Choice[];
  chosen: readonly (string | null)[];
  isMultiple?: boolean;
  /** A sentence about the list: that it has more, or nothing. */
  hint?: string | undefined;
  onChoose(value: string | null, then: Then): void;
  /** The picker was left with Tab, or its list of several was closed. */
  onDone(then: Then): void;
  onCancel(): void;
};

export function Picker(props: PickerProps) {
  const { choices, chosen, onChoose } = props;
  const id = useId();
  const [place, setPlace] = useState(() =>
    Math.max(
      0,
      choices.findIndex((choice) => chosen.includes(choice.value)),
    ),
  );
  const active = Math.min(place, choices.length - 1);
  const option = (index: number) => `${id}o${index}`;

  function onKeyDown(event: KeyboardEvent): void {
    const then = saveKey(event, false);
    const steps: Readonly<Record<string, number>> = { ArrowDown: 1, ArrowUp: -1, PageDown: 8, PageUp: -8 };
    const step = steps[event.key];
    if (step !== undefined) {
      event.preventDefault();
      const next = Math.max(0, Math.min(choices.length - 1, active + step));
      setPlace(next);
      document.getElementById(option(next))?.scrollIntoView({ block: "nearest" });
    } else if (then !== null) {
      event.preventDefault();
      const choice = choices[active];
      const leaves = event.key === "Tab" || (props.isMultiple && (event.ctrlKey || event.metaKey));
      if (leaves || !choice) props.onDone(then);
      else onChoose(choice.value, then);
    } else if (event.key === "Escape") {
      event.preventDefault();
      props.onCancel();
    }
  }

  return (
    <div className="picker">
      <input
        role="combobox"
        aria-label={props.label}
        aria-expanded
        aria-controls={`${id}list`}
        aria-autocomplete="list"
        aria-activedescendant={choices.length > 0 ? option(active) : undefined}
        data-autofocus=""
        className="editor-input"
        autoComplete="off"
        spellCheck={false}
        placeholder="Search…"
        value={props.search}
        onChange={(event) => {
          setPlace(0);
          props.onSearch(event.target.value);
        }}
        onKeyDown={onKeyDown}
        onBlur={() => props.onDone("stay")}
      />
      <div
        id={`${id}list`}
        role="listbox"
        aria-label={props.label}
        aria-multiselectable={props.isMultiple || undefined}
      >
        {choices.map((choice, index) => (
          // biome-ignore lint/a11y/useKeyWithClickEvents: the keys are those of the search field.
          <div
            key={choice.value ?? ""}
            id={option(index)}
            role="option"
            aria-selected={chosen.includes(choice.value)}
            data-active={index === active || undefined}
            className="picker-option"
            // The search field keeps the focus.
            onPointerDown={(event) => event.preventDefault()}
            onClick={() => onChoose(choice.value, "stay")}
          >
            <Check aria-hidden size={14} visibility={chosen.includes(choice.value) ? "visible" : "hidden"} />
            {choice.shown ?? choice.label}
          </div>
        ))}
      </div>
      {props.hint && (
        <p role="status" className="editor-hint">
          {props.hint}
        </p>
      )}
    </div>
  );
}
