// Asks before a page is left with values that nothing has saved; those that are saved meanwhile need no answer.

import { useEffect, useRef, useState, useSyncExternalStore } from "react";
import { useBlocker } from "react-router";

import { Button } from "./button.tsx";
import { Dialog } from "./dialog.tsx";
import { takeLostFocus } from "./focus.ts";
import { allUnsaved, type Keeper, onUnsaved } from "./unsaved.ts";

/** A write that takes longer is asked about. */
const SAVED_WITHIN_MILLISECONDS = 500;

export function Leaving() {
  const present = useSyncExternalStore(onUnsaved, allUnsaved);
  const asked = useRef<readonly Keeper[]>([]);
  const origin = useRef<Element | null>(null);
  const leaving = useBlocker((step) => {
    asked.current = allUnsaved().filter(({ current }) => current.isLeft(step));
    origin.current = document.activeElement;
    return asked.current.length > 0;
  });
  const [isLong, setLong] = useState(false);
  const isBlocked = leaving.state === "blocked";
  const left = isBlocked ? asked.current.filter((one) => present.includes(one)) : [];
  const isSaved = isBlocked && left.length === 0;
  useEffect(() => {
    if (!isBlocked) return;
    setLong(false);
    const timer = setTimeout(() => setLong(true), SAVED_WITHIN_MILLISECONDS);
    return () => {
      clearTimeout(timer);
      // A link in the side bar does not get the focus back by itself.
      setTimeout(() => origin.current instanceof HTMLElement && takeLostFocus(origin.current));
    };
  }, [isBlocked]);
  useEffect(() => {
    if (isSaved) leaving.proceed?.();
  }, [isSaved, leaving.proceed]);
  const [first] = left;
  if (!isBlocked || !first || (!isLong && left.every(({ current }) => current.isPassing))) return null;
  return (
    <Dialog
      title={first.current.title}
      role="alertdialog"
      size="small"
      onClose={() => leaving.reset()}
      actions={
        <>
          <Button onPress={() => leaving.reset()}>Stay</Button>
          <Button kind="danger" onPress={() => leaving.proceed()}>
            {first.current.verb}
          </Button>
        </>
      }
    >
      {[...new Set(left.map(({ current }) => current.text))].map((text) => (
        <p key={text}>{text}</p>
      ))}
    </Dialog>
  );
}
