// The editor of a value: one for each kind, chosen by the field's type.

import type { ReactNode } from "react";

import { typeOf } from "../registry.ts";
import type { EditorProps } from "./editing.ts";
import { OptionPicker } from "./option_picker.tsx";
import { PartsEditor } from "./parts_editor.tsx";
import { RelationPicker } from "./relation_picker.tsx";
import { TextEditor } from "./text_editor.tsx";

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
