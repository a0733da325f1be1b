// The input of a value of JSON: CodeMirror once it is here, and until then a field of text.

import { type FocusEvent, type KeyboardEvent, useEffect, useLayoutEffect, useRef, useState } from "react";

type Module = typeof import("./code.ts");

let loaded: Module | null = null;

/** Return CodeMirror once it is here, if it is wanted: without it a field of text does as well. */
export function useCode(isWanted: boolean): Module | null {
  const [code, setCode] = useState(loaded);
  useEffect(() => {
    if (!isWanted || code !== null) return;
    let isLeft = false;
    void import("./code.ts").then((module) => {
      loaded = module;
      if (!isLeft) setCode(module);
    });
    return () => {
      isLeft = true;
    };
  }, [isWanted, code]);
  return isWanted ? code : null;
}

export interface CodeInputProps {
  code: Module;
  label: string;
  /** The text that it begins with. */
  text: string;
  isInvalid: boolean;
  onChange(text: string): void;
  onKeyDown(event: KeyboardEvent): void;
  onBlur(): void;
}

export function CodeInput({ code, label, text, isInvalid, onChange, onKeyDown, onBlur }: CodeInputProps) {
  const place = useRef<HTMLDivElement>(null);
  const latest = useRef({ text, onChange });
  useLayoutEffect(() => {
    latest.current = { text, onChange };
  });
  useLayoutEffect(() => {
    if (place.current === null) return;
    const view = code.openCode(place.current, {
      text: latest.current.text,
      label,
      changed: (next) => latest.current.onChange(next),
    });
    // The field of text that stood here before had the focus.
    if (document.activeElement === document.body) {
      view.focus();
      view.dispatch({ selection: { anchor: view.state.doc.length } });
    }
    return () => view.destroy();
  }, [code, label]);
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: keys of the editor inside, which has the focus
    <div
      ref={place}
      className="field-input editor-code"
      aria-invalid={isInvalid || undefined}
      onKeyDown={onKeyDown}
      onBlur={(event: FocusEvent<HTMLDivElement>) => {
        if (!event.currentTarget.contains(event.relatedTarget)) onBlur();
      }}
    />
  );
}
