// The operations that a webhook waits for: `person.created`, `person.*`, `*.deleted`.

export const ACTIONS = ["created", "updated", "deleted", "restored", "destroyed"] as const;

/** The operations of a text: one a line, or parted by commas or spaces; each once. */
export function readOperations(text: string): string[] {
  return [...new Set(text.split(/[\s,]+/).filter(Boolean))];
}

/** All operations that can be chosen for these objects: everything, all of an object, an action of all, one action. */
export function choicesOf(objects: readonly string[]): string[] {
  return [
    "*.*",
    ...ACTIONS.map((action) => `*.${action}`),
    ...objects.flatMap((object) => [`${object}.*`, ...ACTIONS.map((action) => `${object}.${action}`)]),
  ];
}
