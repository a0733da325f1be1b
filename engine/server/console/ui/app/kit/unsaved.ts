// The values that are on the page alone: one question is asked about all of them before they are left.

import { createContext, useContext, useEffect, useRef } from "react";
import { type BlockerFunction, useBeforeUnload } from "react-router";

/** A step to another address that a person, or the page itself, is about to make. */
export type Step = Parameters<BlockerFunction>[0];

export interface Unsaved {
  /** The question. */
  title: string;
  /** The values that would be lost. */
  text: string;
  /** The word for leaving them. */
  verb: string;
  /** They are being saved, so that the page can be left in a moment. */
  isPassing?: boolean;
  /** A write was refused, as the page says: a step that waited for it is not made. */
  isRefused?: boolean;
  /** Nobody is asked about them again. */
  isTold?: boolean;
  /** Begin to save what is typed, as the end of the focus does. */
  settle?(): void;
  /** Return true if a step leaves the values. */
  isLeft(step: Step): boolean;
}

export type Keeper = { readonly current: Unsaved };

/** The question about some values: those that are left unless they are saved meanwhile. */
export interface Question {
  isLeft(keeper: Keeper): boolean;
  /** Return true for values whose write was refused since the question began. */
  isRefused(keeper: Keeper): boolean;
  /** Some of them are being saved, so that nobody needs to answer yet. */
  isWaiting: boolean;
  /** The element that had the focus. */
  origin: Element | null;
}

/** The end of the page, such as a sign-out, that waits for the answer about all values. */
export interface End extends Question {
  act(): void;
}

let keepers: readonly Keeper[] = [];
let end: End | null = null;
let isForgotten = false;
const listeners = new Set<() => void>();

function keep(next: readonly Keeper[]): void {
  keepers = next;
  for (const listener of listeners) listener();
}

/** Return those that have values which nothing has saved; the list is another one after each change. */
export function allUnsaved(): readonly Keeper[] {
  return keepers;
}

export function onUnsaved(listener: () => void): () => void {
  listeners.add(listener);
  return () => listeners.delete(listener);
}

/** Return the question about the values that are left, but for those of which it is known by now that they are told. */
export function askAbout(leaves: (unsaved: Unsaved) => boolean): Question {
  const told = keepers.filter(({ current }) => current.isTold);
  // A step waits for no write that was refused before it.
  const refused = keepers.filter(({ current }) => current.isRefused);
  const isLeft = (one: Keeper) => leaves(one.current) && !(one.current.isTold && told.includes(one));
  const isRefused = (one: Keeper) => one.current.isRefused === true && !refused.includes(one);
  const isWaiting = keepers.some((one) => isLeft(one) && one.current.isPassing);
  return { isLeft, isRefused, isWaiting, origin: document.activeElement };
}

/** Call `act`, which ends what the page shows, once no value is left by it, or a person has agreed to leave all. */
export function endPage(act: () => void): void {
  end = { ...askAbout(() => true), act };
  keep(keepers);
}

export function pageEnd(): End | null {
  return end;
}

export function dropEnd(): void {
  end = null;
  keep(keepers);
}

/** Load the page again, without another question about its values. */
export function loadAgain(): void {
  isForgotten = true;
  window.location.reload();
}

/** A change that is not written, as the page asks about it, or has told. */
export type Failed = "asked" | "told" | null;

/** Return the words about a write that is under way, or else about one that has failed; null for none. */
export function unsavedWrite(isUnderWay: boolean, failed: Failed): Omit<Unsaved, "isLeft"> | null {
  if (isUnderWay) {
    const text = "The server has not answered a change yet. If it refuses the change, another page does not say so.";
    return { title: "Leave while a change is being saved?", text, verb: "Leave", isPassing: true };
  }
  if (failed === null) return null;
  return {
    title: "Leave a change that was not saved?",
    text: "The page says what became of a change: it is not written.",
    verb: "Discard it",
    isRefused: true,
    isTold: failed === "told",
  };
}

/** Return true for a step of the person. A step of the page itself follows a write that was made. */
export function isBack({ historyAction }: Step): boolean {
  return historyAction === "POP";
}

/** Have a person asked before `unsaved` is left; null for nothing. */
export function useUnsaved(unsaved: Unsaved | null): void {
  const keeper = useRef<Unsaved | null>(unsaved);
  const words = unsaved && `${unsaved.title} ${unsaved.text}`;
  const isKept = unsaved !== null;
  useBeforeUnload((event) => unsaved && !unsaved.isTold && !isForgotten && event.preventDefault());
  useEffect(() => {
    keeper.current = unsaved;
  });
  // biome-ignore lint/correctness/useExhaustiveDependencies: other words are told as others are.
  useEffect(() => {
    if (!isKept) return;
    const own = keeper as Keeper;
    keep([...keepers, own]);
    return () => keep(keepers.filter((one) => one !== own));
  }, [isKept, words]);
}

/** The steps that leave an editor: those to another page, unless the place of the editor has others. */
export const EditorLeft = createContext<Unsaved["isLeft"]>(
  ({ currentLocation, nextLocation }) => currentLocation.pathname !== nextLocation.pathname,
);

/** Have a typed value saved by a step that leaves its editor, or a person asked where it cannot be read. */
export function useTyped(label: string, isTyped: boolean, hasProblem: boolean, settle: () => void): void {
  const isLeft = useContext(EditorLeft);
  const words = {
    title: "Leave the text that you typed?",
    text: `The editor of ${label} has a text that is not saved.`,
    verb: "Discard it",
  };
  useUnsaved(isTyped ? { ...words, isPassing: !hasProblem, settle, isLeft } : null);
}
