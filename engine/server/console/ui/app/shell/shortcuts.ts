// The keys that work on every page. Letters work outside of fields and grids, where they are text.

/** The part of a keyboard event that decides. */
export interface Press {
  key: string;
  ctrlKey: boolean;
  metaKey: boolean;
  altKey: boolean;
  shiftKey: boolean;
}

export type Action =
  | { kind: "palette" }
  | { kind: "keys" }
  | { kind: "region"; step: 1 | -1 }
  | { kind: "prefix" }
  | { kind: "go"; address: string }
  | null;

/** The pages that G and a letter lead to. */
export const GOALS: readonly { letter: string; address: string; label: string }[] = [
  { letter: "r", address: "/records", label: "Records" },
  { letter: "m", address: "/model", label: "Data model" },
  { letter: "h", address: "/model/history", label: "History of the model" },
  { letter: "a", address: "/access", label: "Access" },
  { letter: "w", address: "/webhooks", label: "Webhooks" },
  { letter: "e", address: "/events", label: "Events" },
  { letter: "o", address: "/operations", label: "Operations" },
];

/**
 * The action of a key.
 *
 * `isText` is true where letters are text; `afterPrefix` is true right after G.
 */
export function actionOf(press: Press, isText: boolean, afterPrefix: boolean): Action {
  const command = press.ctrlKey || press.metaKey;
  if (command && !press.altKey && !press.shiftKey && press.key.toLowerCase() === "k") {
    return { kind: "palette" };
  }
  if (press.key === "F6" && !command && !press.altKey) {
    return { kind: "region", step: press.shiftKey ? -1 : 1 };
  }
  if (isText || command || press.altKey) {
    return null;
  }
  if (press.key === "?") {
    return { kind: "keys" };
  }
  const letter = press.key.toLowerCase();
  if (afterPrefix) {
    const goal = GOALS.find((one) => one.letter === letter);
    return goal === undefined ? null : { kind: "go", address: goal.address };
  }
  return letter === "g" ? { kind: "prefix" } : null;
}
