// Asks before a page is left with values that nothing has saved; those that are saved meanwhile need no answer.

import { useEffect, useRef, useState, useSyncExternalStore } from "react";
import { useBlocker } from "react-router";

import { Button } from "./button.tsx";
import { Dialog } from "./dialog.tsx";
import { takeLostFocus } from "./focus.ts";
import { allUnsaved, type Keeper, onUnsaved, type Step } from "./unsaved.ts";

/** A write that takes longer is asked about. */
const SAVED_WITHIN_MILLISECONDS = 500;

export function Leaving() {
  const present = useSyncExternalStore(onUnsaved, allUnsaved);
  const asked = useRef<{ step: Step; isWaiting: boolean; told: readonly Keeper[] } | null>(null);
  const origin = useRef<Element | null>(null);
  const leaving = useBlocker((step) => {
    const told = allUnsaved().filter(({ current }) => current.isTold);
    const left = leftBy(step, allUnsaved(), told);
    if (left.length > 0) {
      asked.current = { step, isWaiting: left.some(({ current }) => current.isPassing), told };
      origin.current = document.activeElement;
    }
    return left.length > 0;
  });
  const [isLong, setLong] = useState(false);
  const isBlocked = leaving.state === "blocked";
  // An editor hands its value on to those who save it.
  const left = isBlocked && asked.current ? leftBy(asked.current.step, present, asked.current.told) : [];
  const isSaved = isBlocked && left.length === 0;
  const isRefused = isBlocked && asked.current?.isWaiting === true && left.some(({ current }) => current.isRefused);
  useEffect(() => {
    if (!isBlocked) return;
    setLong(false);
    for (const { current } of allUnsaved()) if (asked.current && current.isLeft(asked.current.step)) current.settle?.();
    const timer = setTimeout(() => setLong(true), SAVED_WITHIN_MILLISECONDS);
    return () => {
      clearTimeout(timer);
      // A link in the side bar does not get the focus back by itself.
      setTimeout(() => origin.current instanceof HTMLElement && takeLostFocus(origin.current));
    };
  }, [isBlocked]);
  useEffect(() => {
    if (isSaved) leaving.proceed?.();
    else if (isRefused) leaving.reset?.();
  }, [isSaved, isRefused, leaving.proceed, leaving.reset]);
  const [first] = left;
  if (!isBlocked || isRefused || !first || (!isLong && left.every(({ current }) => current.isPassing))) return null;
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

/** Return those that a step leaves, but for those of which it was known before that they are told. */
function leftBy(step: Step, keepers: readonly Keeper[], told: readonly Keeper[]): readonly Keeper[] {
  return keepers.filter((one) => one.current.isLeft(step) && !(one.current.isTold && told.includes(one)));
}
