// The letters that an input method builds on the focused cell, as those of Japanese or an accent before its letter do.
// The grid is no input, and keeps the focus: an `EditContext` has it told what is composed. In browsers without one,
// such letters begin in an editor that F2 has opened.

import { type RefObject, useEffect, useRef, useState } from "react";

/** The part of https://developer.mozilla.org/docs/Web/API/EditContext that is used. */
interface EditContext extends EventTarget {
  readonly text: string;
  updateText(start: number, end: number, text: string): void;
  updateSelection(start: number, end: number): void;
  updateControlBounds(bounds: DOMRect): void;
  updateSelectionBounds(bounds: DOMRect): void;
  updateCharacterBounds(start: number, bounds: readonly DOMRect[]): void;
}

declare global {
  interface Window {
    EditContext?: new () => EditContext;
  }
  interface HTMLElement {
    editContext?: EditContext | null;
  }
}

/**
 * Return the letters that are being composed on the cell with the id `cellId`, null for none. `onText` is called with
 * them at their end, and with a text that comes without a key, as that of a list of emoji.
 */
export function useComposition(
  gridRef: RefObject<HTMLElement | null>,
  cellId: string | undefined,
  onText: (text: string) => void,
): string | null {
  const [composed, setComposed] = useState<string | null>(null);
  const latest = useRef({ cellId, onText });
  useEffect(() => {
    latest.current = { cellId, onText };
  });
  useEffect(() => {
    const grid = gridRef.current;
    if (grid === null || window.EditContext === undefined) return;
    const context = new window.EditContext();
    let isComposing = false;

    function end(): void {
      const { text } = context;
      isComposing = false;
      context.updateText(0, text.length, "");
      context.updateSelection(0, 0);
      setComposed(null);
      // A composition that Escape has ended leaves no text.
      if (text !== "") latest.current.onText(text);
    }

    // The list of an input method stands below the cell.
    function placeList(length: number): void {
      const bounds = document.getElementById(latest.current.cellId ?? "")?.getBoundingClientRect();
      if (bounds === undefined) return;
      context.updateControlBounds(bounds);
      context.updateSelectionBounds(bounds);
      context.updateCharacterBounds(0, new Array(length).fill(bounds));
    }

    context.addEventListener("compositionstart", () => {
      isComposing = true;
      placeList(0);
    });
    context.addEventListener("characterboundsupdate", () => placeList(context.text.length));
    context.addEventListener("textupdate", () => (isComposing ? setComposed(context.text) : end()));
    context.addEventListener("compositionend", end);
    grid.editContext = context;
    // A tap on a cell opens no keyboard on the screen: its editor does.
    grid.inputMode = "none";
    return () => {
      grid.editContext = null;
    };
  }, [gridRef]);
  return composed;
}
