// The options of a field: their labels, values, colours and order, by drag and by keys.

import { ArrowDown, ArrowUp, GripVertical, Plus, Trash2 } from "lucide-react";
import { useState } from "react";

import { Button } from "../../kit/button.tsx";
import { Chip, COLORS, colorOf } from "../../kit/chip.tsx";
import { InlineSelect } from "../../kit/select.tsx";
import { moveOption, type OptionDraft, optionValue } from "./field_draft.ts";
import "./options_editor.css";

/** The colours of new options in their order: neighbours differ. */
const NEXT = ["blue", "green", "orange", "purple", "teal", "red", "yellow", "pink", "brown", "gray"] as const;

export interface OptionsEditorProps {
  options: readonly OptionDraft[];
  onChange: (options: readonly OptionDraft[]) => void;
  problem?: string | undefined;
}

/** The type under which a dragged option is known: no field of text takes it for a text. */
const OPTION = "application/x-fieldstone-option";

/** An option that is being dragged: its place, and the order to which a drag that is taken back returns. */
type Dragged = { place: number; before: readonly OptionDraft[] };

let made = 0;

export function OptionsEditor({ options, onChange, problem }: OptionsEditorProps) {
  const [dragged, setDragged] = useState<Dragged | null>(null);

  function change(place: number, changed: Partial<OptionDraft>) {
    onChange(options.map((option, at) => (at === place ? { ...option, ...changed } : option)));
  }

  function add() {
    made += 1;
    const color = NEXT[options.length % NEXT.length] ?? "gray";
    onChange([...options, { key: `new-${made}`, was: null, value: "", label: "", color }]);
  }

  function move(from: number, to: number) {
    onChange(moveOption(options, from, to));
  }

  return (
    <fieldset className="options">
      <legend className="field-label">Options</legend>
      <ol onDragOver={(event) => dragged !== null && event.preventDefault()} onDrop={(event) => event.preventDefault()}>
        {options.map((option, place) => {
          const name = option.label || `option ${place + 1}`;
          return (
            <li
              key={option.key}
              data-dragged={dragged?.place === place || undefined}
              onDragEnter={() => {
                if (dragged !== null && dragged.place !== place) {
                  move(dragged.place, place);
                  setDragged({ ...dragged, place });
                }
              }}
            >
              <span
                className="options-grip"
                draggable
                aria-hidden
                onDragStart={(event) => {
                  event.dataTransfer.setData(OPTION, option.key);
                  event.dataTransfer.effectAllowed = "move";
                  setDragged({ place, before: options });
                }}
                onDragEnd={(event) => {
                  if (dragged !== null && event.dataTransfer.dropEffect === "none") onChange(dragged.before);
                  setDragged(null);
                }}
              >
                <GripVertical />
              </span>
              <input
                className="field-input"
                aria-label={`Label of ${name}`}
                value={option.label}
                placeholder="Label"
                onChange={(event) => {
                  const label = event.target.value;
                  // The value follows the label until records have it, or it was typed.
                  const follows = option.was === null && option.value === optionValue(option.label);
                  change(place, follows ? { label, value: optionValue(label) } : { label });
                }}
              />
              <input
                className="field-input"
                data-code
                aria-label={`Value of ${name}`}
                value={option.value}
                placeholder="VALUE"
                onChange={(event) => change(place, { value: event.target.value })}
              />
              <InlineSelect
                label={`Color of ${name}`}
                value={colorOf(option.color)}
                choices={COLORS.map((id) => ({ id, label: id }))}
                onChange={(color) => change(place, { color })}
              />
              <Chip color={colorOf(option.color)}>{option.label || "…"}</Chip>
              <Button
                kind="quiet"
                icon={<ArrowUp aria-hidden />}
                aria-label={`Move ${name} up`}
                isDisabled={place === 0}
                onPress={() => move(place, place - 1)}
              />
              <Button
                kind="quiet"
                icon={<ArrowDown aria-hidden />}
                aria-label={`Move ${name} down`}
                isDisabled={place === options.length - 1}
                onPress={() => move(place, place + 1)}
              />
              <Button
                kind="quiet"
                icon={<Trash2 aria-hidden />}
                aria-label={`Remove ${name}`}
                onPress={() => onChange(options.filter((_, at) => at !== place))}
              />
            </li>
          );
        })}
      </ol>
      {problem && <p className="field-problem">{problem}</p>}
      <Button icon={<Plus aria-hidden />} onPress={add}>
        Option
      </Button>
    </fieldset>
  );
}
