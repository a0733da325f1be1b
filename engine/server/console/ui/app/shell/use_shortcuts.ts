// Listens for the keys that work on every page.

import { useEffect, useRef } from "react";
import { useNavigate } from "react-router";

import { LETTERS } from "./choices.ts";
import { moveRegion } from "./regions.ts";
import { actionOf } from "./shortcuts.ts";

/** Milliseconds within which a letter belongs to the G before it. */
const PREFIX_MS = 1_500;
const TEXT = "input, textarea, select, [contenteditable], [role=grid], [role=menu], [role=listbox], [role=dialog]";

export function useShortcuts(open: (what: "palette" | "keys") => void): void {
  const navigate = useNavigate();
  const prefixAt = useRef(Number.NEGATIVE_INFINITY);

  useEffect(() => {
    function listen(event: KeyboardEvent) {
      if (event.defaultPrevented) {
        return;
      }
      // No key reaches the page behind a dialog: a step to another page would lose it.
      const isBehind = document.querySelector(".dialog-overlay") !== null;
      const isText = event.target instanceof Element && event.target.closest(TEXT) !== null;
      const action = actionOf(
        event,
        isText || isBehind || LETTERS.read() === "off",
        event.timeStamp - prefixAt.current < PREFIX_MS,
      );
      prefixAt.current = action?.kind === "prefix" ? event.timeStamp : Number.NEGATIVE_INFINITY;
      switch (action?.kind) {
        case "palette":
        case "keys":
          event.preventDefault();
          if (!isBehind) open(action.kind);
          break;
        case "region":
          event.preventDefault();
          if (!isBehind) moveRegion(action.step);
          break;
        case "go":
          event.preventDefault();
          void navigate(action.address);
          break;
      }
    }
    window.addEventListener("keydown", listen);
    return () => window.removeEventListener("keydown", listen);
  }, [navigate, open]);
}
