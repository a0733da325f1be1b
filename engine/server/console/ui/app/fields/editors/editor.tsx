// The editor of a value: one for each kind, chosen by the field's type.

import { type ChangeEvent, type KeyboardEvent, type ReactNode, useRef, useState } from "react";

import type { Field } from "../../api/model.ts";
import { timeZone } from "../../kit/times.ts";
import { copyText, parseText, typeOf } from "../registry.ts";
import { toLocal } from "../types/date_time.ts";
import { CodeInput, useCode } from "./code_input.tsx";
import { OptionPicker } from "./option_picker.tsx";
import { PartsEditor } from "./parts_editor.tsx";
import { RelationPicker } from "./relation_picker.tsx";
import "./editor.css";

/** Where to go on after a value was saved. */
export type Then = "stay" | "next" | "previous";

export type EditorProps = {
  field: Field;
  /** The value that is edited: the id of a relation's record. */
  value: unknown;
  /** The record of a relation, by which the picker names it. */
  related?: unknown;
  /** A text that stands in the place of the value: a typed letter, or a text that was refused. */
  text: string | null;
  /** The name for a screen reader. */
  label: string;
  onSave(value: unknown, then: Then, text: string): void;
  onCancel(): void;
};

export function Editor(props: EditorProps): ReactNode {
  switch (typeOf(props.field).editor) {
    case "option":
    case "options":
    case "check":
      return <OptionPicker {...props} />;
    case "relation":
      return <RelationPicker {...props} />;
    case "parts":
      return <PartsEditor {...props} />;
    case "long":
      return <TextEditor {...props} lines={6} />;
    case "date":
      return <TextEditor {...props} type="date" />;
    case "dateTime":
      return <TextEditor {...props} type="datetime-local" />;
    case "text":
      return props.field.type === "TEXT" ? <TextEditor {...props} hasFreeText /> : <TextEditor {...props} />;
    default:
      return <TextEditor {...props} />;
  }
}

type TextEditorProps = EditorProps & {
  lines?: number;
  type?: "date" | "datetime-local";
  /** Any text is a value, the empty one and one of several lines, too. */
  hasFreeText?: boolean;
};

const MOST_LINES = 8;

function TextEditor({ field, value, text, label, onSave, onCancel, lines, type, hasFreeText }: TextEditorProps) {
  const input = useRef<HTMLInputElement & HTMLTextAreaElement>(null);
  // What is typed, or was refused, goes into a field of text: those of dates take no text.
  const picks = text === null ? type : undefined;
  const before = picks === "datetime-local" && value !== null ? toLocal(String(value)) : copyText(value, field);
  const [typed, setTyped] = useState(text ?? before);
  const [problem, setProblem] = useState<string | null>(null);
  const code = useCode(field.type === "RAW_JSON");

  function save(then: Then): void {
    // A date of which a part is missing has an empty text.
    if (input.current?.validity.badInput) {
      setProblem("The date is not complete. Delete empties the field.");
      return;
    }
    // An unchanged text is an unchanged value: a time keeps its microseconds, an empty text stays one.
    if (typed === before) {
      onSave(value, then, typed);
      return;
    }
    const parsed = parseText(typed, field);
    if ("problem" in parsed) setProblem(parsed.problem);
    else onSave(parsed.value, then, typed);
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
    setTyped(text);
    setProblem(null);
  }

  const leave = () => problem === null && save("stay");

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

/** Return the way on that a key asks for: Enter and Tab save, and in several lines Ctrl+Enter alone. */
export function saveKey(
  event: Pick<KeyboardEvent, "key" | "shiftKey" | "ctrlKey" | "metaKey">,
  hasLines: boolean,
): Then | null {
  if (event.key === "Tab") return event.shiftKey ? "previous" : "next";
  if (event.key !== "Enter") return null;
  return hasLines && !event.ctrlKey && !event.metaKey ? null : "stay";
}
