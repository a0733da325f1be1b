// The editor of a composite: a field for each of its parts.

import { type FocusEvent, type KeyboardEvent, useId, useState } from "react";

import { isObject, sameJson } from "../../api/exact_json.ts";
import type { Field } from "../../api/model.ts";
import { useTyped } from "../../kit/unsaved.ts";
import { partsOf } from "../parts.ts";
import { copyText, parseText } from "../registry.ts";
import { type EditorProps, saveKey, type Then } from "./editing.ts";

export function PartsEditor({ field, value, text, label, onSave, onCancel }: EditorProps) {
  const id = useId();
  const parts = partsOf(field.type);
  const like = (type: string): Field => ({ ...field, type });
  const before = isObject(value) ? value : {};
  const [typed, setTyped] = useState<Readonly<Record<string, string>>>(() => {
    const refused = refusedParts(text, field);
    return Object.fromEntries(
      parts.map((part, index) => [
        part.name,
        index === 0 && text !== null && refused === null
          ? text
          : copyText({ ...before, ...refused }[part.name], like(part.type)),
      ]),
    );
  });
  const [first] = useState(typed);
  // A field of one line would drop the line ends of a street.
  const isLong = (name: string) => name === "markdown" || (first[name] ?? "").includes("\n");
  const [problems, setProblems] = useState<Readonly<Record<string, string>>>({});

  function save(then: Then): void {
    const found: Record<string, string> = {};
    const next: Record<string, unknown> = {};
    for (const part of parts) {
      const old = before[part.name] ?? null;
      const given = typed[part.name] ?? "";
      // One that neither was there nor was typed is left as it is: the value may be for many records.
      if (given === "" && !(part.name in before)) continue;
      const parsed = given === copyText(old, like(part.type)) ? { value: old } : parseText(given, like(part.type));
      if ("problem" in parsed) found[part.name] = parsed.problem;
      else next[part.name] = parsed.value;
    }
    setProblems(found);
    if (Object.keys(found).length === 0) onSave(sameJson(next, before) ? value : next, then, JSON.stringify(next));
  }

  const hasProblem = Object.keys(problems).length > 0;
  useTyped(label, typed !== first || text !== null, hasProblem, () => hasProblem || save("stay"));

  function onKeyDown(event: KeyboardEvent): void {
    const then = saveKey(event, event.target instanceof HTMLTextAreaElement);
    // Tab goes from part to part, and from the outer ones on to the next value.
    const inputs = [...event.currentTarget.querySelectorAll("input, textarea")];
    const isWithin = then !== null && then !== "stay" && event.target !== inputs.at(then === "next" ? -1 : 0);
    if (then !== null && !isWithin) {
      event.preventDefault();
      save(then);
    } else if (event.key === "Escape") {
      event.preventDefault();
      onCancel();
    }
  }

  function onBlur(event: FocusEvent<HTMLDivElement>): void {
    if (!event.currentTarget.contains(event.relatedTarget) && !hasProblem) save("stay");
  }

  return (
    <div className="parts" role="group" aria-label={label} onKeyDown={onKeyDown} onBlur={onBlur}>
      {parts.map((part, index) => {
        const shared = {
          id: `${id}${part.name}`,
          className: "field-input",
          "data-autofocus": index === 0 ? "" : undefined,
          "aria-invalid": part.name in problems || undefined,
          autoComplete: "off",
          spellCheck: false,
          value: typed[part.name] ?? "",
        };
        const set = (next: string) => setTyped({ ...typed, [part.name]: next });
        return (
          <div key={part.name} className="parts-row">
            <label htmlFor={`${id}${part.name}`}>{part.label}</label>
            {isLong(part.name) ? (
              <textarea {...shared} rows={6} onChange={(event) => set(event.target.value)} />
            ) : (
              <input {...shared} onChange={(event) => set(event.target.value)} />
            )}
            {problems[part.name] && (
              <p role="alert" className="editor-problem">
                {problems[part.name]}
              </p>
            )}
          </div>
        );
      })}
      <p className="editor-hint">
        {parts.some((part) => isLong(part.name)) ? "Enter, in several lines Ctrl+Enter" : "Enter"} saves, Escape
        restores.
      </p>
    </div>
  );
}

/** Return the parts that a write was refused with, as this editor has told them; null for a typed letter. */
function refusedParts(text: string | null, field: Field): Readonly<Record<string, unknown>> | null {
  const parsed = text?.startsWith("{") ? parseText(text, field) : null;
  return parsed && "value" in parsed && isObject(parsed.value) ? parsed.value : null;
}
