// CodeMirror as an editor of JSON: colours, brackets, line numbers and undo. It is loaded where a value of JSON is edited.

import { defaultKeymap, history, historyKeymap } from "@codemirror/commands";
import { json } from "@codemirror/lang-json";
import { bracketMatching, syntaxHighlighting } from "@codemirror/language";
import { EditorView, keymap, lineNumbers } from "@codemirror/view";
import { classHighlighter } from "@lezer/highlight";

export interface Code {
  text: string;
  /** The name for a screen reader. */
  label: string;
  changed(text: string): void;
}

/** The styles of CodeMirror itself stand outside of the layers, where those of the console would lose. */
const THEME = EditorView.theme({
  "&": { backgroundColor: "var(--raised)", color: "var(--text)", fontSize: "12px", maxHeight: "40vh" },
  "&.cm-focused": { outline: "none" },
  ".cm-scroller": { fontFamily: "var(--mono)", lineHeight: "18px", overflow: "auto" },
  ".cm-content": { caretColor: "var(--text)" },
  ".cm-gutters": { backgroundColor: "var(--bg)", border: "none", color: "var(--muted)" },
  "&.cm-focused .cm-matchingBracket": { backgroundColor: "var(--accent-soft)" },
});

/** The keys of all editors are none of CodeMirror's own. */
const KEYS = defaultKeymap.filter(({ key }) => key !== "Mod-Enter" && key !== "Escape");

/** Put an editor into `place`, and return what ends it. */
export function openCode(place: HTMLElement, { text, label, changed }: Code): EditorView {
  return new EditorView({
    parent: place,
    doc: text,
    extensions: [
      EditorView.cspNonce.of(document.querySelector<HTMLElement>("meta[property=csp-nonce]")?.nonce ?? ""),
      EditorView.contentAttributes.of({ "aria-label": label, "data-autofocus": "", spellcheck: "false" }),
      EditorView.lineWrapping,
      EditorView.updateListener.of((update) => update.docChanged && changed(update.state.doc.toString())),
      history(),
      lineNumbers(),
      bracketMatching(),
      json(),
      syntaxHighlighting(classHighlighter),
      keymap.of([...KEYS, ...historyKeymap]),
      THEME,
    ],
  });
}
