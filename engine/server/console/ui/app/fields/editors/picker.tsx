// A search field with the list of what can be chosen below it: the pattern of a combobox whose list is always open.

import { Check } from "lucide-react";
import { type KeyboardEvent, type ReactNode, useEffect, useId, useState } from "react";

import { saveKey, type Then } from "./editing.ts";

export type Choice = { value: string | null; label: string; shown?: ReactNode };

export type PickerProps = {
  label: string;
  search: string;
  onSearch(text: string): void;
  choices: readonly Choice[];
  chosen: readonly (string | null)[];
  isMultiple?: boolean;
  /** The choices are those of a search before: a key that chooses waits for the ones that were searched for. */
  isStale?: boolean;
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
  // Until a key moves it, the place is that of the present value, or of the first record that was found.
  const [moved, setPlace] = useState<number | null>(null);
  const present = props.search === "" ? choices.findIndex((choice) => chosen.includes(choice.value)) : 0;
  const active = Math.min(moved ?? Math.max(0, present), choices.length - 1);
  const [waiting, setWaiting] = useState<Then | null>(null);
  const isStale = props.isStale === true;
  const option = (index: number) => `${id}o${index}`;

  function choose(then: Then): void {
    const choice = choices[active];
    // A search without a result stays open beside its hint: nothing typed is lost.
    if (choice) onChoose(choice.value, then);
  }

  // biome-ignore lint/correctness/useExhaustiveDependencies: the choices that arrive are those of the last render.
  useEffect(() => {
    if (waiting === null || isStale) return;
    setWaiting(null);
    choose(waiting);
  }, [waiting, isStale]);

  function onKeyDown(event: KeyboardEvent): void {
    const then = saveKey(event, false);
    const steps: Readonly<Record<string, number>> = { ArrowDown: 1, ArrowUp: -1, PageDown: 8, PageUp: -8 };
    const step = steps[event.key];
    if (step !== undefined) {
      event.preventDefault();
      const next = Math.max(0, Math.min(choices.length - 1, active + step));
      setPlace(next);
      setWaiting(null);
      document.getElementById(option(next))?.scrollIntoView({ block: "nearest" });
    } else if (then !== null) {
      event.preventDefault();
      const isAsked = props.search !== "" || moved !== null;
      const leaves = props.isMultiple
        ? event.key === "Tab" || event.ctrlKey || event.metaKey
        : event.key === "Tab" && !isAsked;
      if (leaves) props.onDone(then);
      else if (isStale) setWaiting(then);
      else choose(then);
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
        className="field-input"
        autoComplete="off"
        spellCheck={false}
        placeholder="Search…"
        value={props.search}
        onChange={(event) => {
          setPlace(null);
          setWaiting(null);
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
