// Asks before a page is left with values that nothing has saved; those that are saved meanwhile need no answer.

import { useEffect, useRef, useState, useSyncExternalStore } from "react";
import { useBlocker } from "react-router";

import { Button } from "./button.tsx";
import { Dialog } from "./dialog.tsx";
import { takeLostFocus } from "./focus.ts";
import { allUnsaved, askAbout, dropEnd, onUnsaved, pageEnd, type Question } from "./unsaved.ts";

/** A write that takes longer is asked about. */
const SAVED_WITHIN_MILLISECONDS = 500;

export function Leaving() {
  const present = useSyncExternalStore(onUnsaved, allUnsaved);
  const end = useSyncExternalStore(onUnsaved, pageEnd);
  const stepped = useRef<Question | null>(null);
  const blocker = useBlocker((step) => {
    const question = askAbout((unsaved) => unsaved.isLeft(step));
    const isLeaving = allUnsaved().some(question.isLeft);
    if (isLeaving) stepped.current = question;
    return isLeaving;
  });
  const isBlocked = end !== null || blocker.state === "blocked";
  const asked = end ?? stepped.current;
  function proceed() {
    if (end === null) blocker.proceed?.();
    else {
      dropEnd();
      end.act();
    }
  }
  function stay() {
    if (end === null) blocker.reset?.();
    else dropEnd();
  }
  const [isLong, setLong] = useState(false);
  // An editor hands its value on to those who save it.
  const left = isBlocked && asked ? present.filter(asked.isLeft) : [];
  const isSaved = isBlocked && left.length === 0;
  const isRefused = isBlocked && asked?.isWaiting === true && left.some(asked.isRefused);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the question is the one that has just begun.
  useEffect(() => {
    if (!isBlocked) return;
    setLong(false);
    for (const one of allUnsaved()) if (asked?.isLeft(one)) one.current.settle?.();
    const timer = setTimeout(() => setLong(true), SAVED_WITHIN_MILLISECONDS);
    return () => {
      clearTimeout(timer);
      // A link in the side bar does not get the focus back by itself.
      setTimeout(() => asked?.origin instanceof HTMLElement && takeLostFocus(asked.origin));
    };
  }, [isBlocked, end]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: each answer is given once.
  useEffect(() => {
    if (isSaved) proceed();
    else if (isRefused) stay();
  }, [isSaved, isRefused, end]);
  const [first] = left;
  if (!isBlocked || isRefused || !first || (!isLong && left.every(({ current }) => current.isPassing))) return null;
  return (
    <Dialog
      title={first.current.title}
      role="alertdialog"
      size="small"
      onClose={stay}
      actions={
        <>
          <Button onPress={stay}>Stay</Button>
          <Button kind="danger" onPress={proceed}>
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
