// The editor of a value that is typed: a text, a number, a date, a JSON document.

import { type ChangeEvent, type KeyboardEvent, useRef, useState } from "react";

import { timeZone } from "../../kit/times.ts";
import { useTyped } from "../../kit/unsaved.ts";
import { copyText, parseText } from "../registry.ts";
import { toLocal, withOffsetOf } from "../types/date_time.ts";
import { CodeInput, useCode } from "./code_input.tsx";
import { type EditorProps, saveKey, type Then } from "./editing.ts";
import "./editor.css";

type TextEditorProps = EditorProps & {
  lines?: number;
  type?: "date" | "datetime-local";
  /** Any text is a value, the empty one and one of several lines, too. */
  hasFreeText?: boolean;
};

const MOST_LINES = 8;

export function TextEditor({ field, value, text, label, onSave, onCancel, lines, type, hasFreeText }: TextEditorProps) {
  const input = useRef<HTMLInputElement & HTMLTextAreaElement>(null);
  // What is typed, or was refused, goes into a field of text: those of dates take no text.
  const picks = text === null ? type : undefined;
  const before = picks === "datetime-local" && value !== null ? toLocal(String(value)) : copyText(value, field);
  const [typed, setTyped] = useState(text ?? before);
  // A key that saves may come before the letter of CodeMirror before it is shown.
  const latest = useRef(typed);
  const [problem, setProblem] = useState<string | null>(null);
  const code = useCode(field.type === "RAW_JSON");

  function save(then: Then): void {
    // A date of which a part is missing has an empty text.
    if (input.current?.validity.badInput) {
      setProblem("The date is not complete. Delete empties the field.");
      return;
    }
    const now = latest.current;
    // An unchanged text is an unchanged value: a time keeps its microseconds, an empty text stays one.
    if (now === before) {
      onSave(value, then, now);
      return;
    }
    const parsed = parseText(now, field);
    if ("problem" in parsed) setProblem(parsed.problem);
    else if (picks === "datetime-local" && typeof value === "string" && typeof parsed.value === "string")
      onSave(withOffsetOf(value, parsed.value), then, now);
    else onSave(parsed.value, then, now);
  }

  function onKeyDown(event: KeyboardEvent): void {
    const then = hasFreeText && event.key === "Enter" && event.shiftKey ? null : saveKey(event, lines !== undefined);
    if (then === null && event.key !== "Escape") return;
    event.preventDefault();
    if (then === null) onCancel();
    else if (hasFreeText && typed === "" && event.ctrlKey) onSave("", then, "");
    else save(then);
  }

  function change(text: string): void {
    latest.current = text;
    setTyped(text);
    setProblem(null);
  }

  const leave = () => problem === null && save("stay");
  useTyped(label, typed !== before || problem !== null, problem !== null, leave);

  const shared = {
    ref: input,
    "aria-label": label,
    "aria-invalid": problem !== null || undefined,
    "data-autofocus": "",
    "data-code": lines === undefined ? undefined : "",
    className: "field-input",
    value: typed,
    spellCheck: false,
    onKeyDown,
    onBlur: leave,
    onChange: (event: ChangeEvent<HTMLInputElement | HTMLTextAreaElement>) => change(event.target.value),
  };
  const rows = hasFreeText ? Math.min(MOST_LINES, typed.split("\n").length) : lines;
  return (
    <>
      {code ? (
        <CodeInput
          code={code}
          label={label}
          text={typed}
          isInvalid={problem !== null}
          onChange={change}
          onKeyDown={onKeyDown}
          onBlur={leave}
        />
      ) : rows === undefined ? (
        <input {...shared} type={picks ?? "text"} step="any" autoComplete="off" />
      ) : (
        <textarea {...shared} rows={rows} />
      )}
      {problem !== null && (
        <p role="alert" className="editor-problem">
          {problem}
        </p>
      )}
      {lines !== undefined && <p className="editor-hint">Ctrl+Enter saves, Escape restores.</p>}
      {type === "datetime-local" && <p className="editor-hint">{timeZone}</p>}
      {hasFreeText && typed === "" && before !== "" && (
        <p className="editor-hint">Enter leaves no value, Ctrl+Enter an empty text.</p>
      )}
    </>
  );
}
