// The keys with which an input method builds letters, as those of Japanese do: Enter takes the letters, Escape drops them.

/** The code of a key that an input method takes, in browsers that tell it after the end of the composition. */
const TAKEN = 229;

/** Return true if an input method takes a key. */
function isTaken({ isComposing, keyCode }: Pick<KeyboardEvent, "isComposing" | "keyCode">): boolean {
  return isComposing || keyCode === TAKEN;
}

/** Keep the keys of input methods from all that listens to keys: an editor would save at the first Enter. */
export function keepComposing(target: EventTarget): void {
  const keep = (event: Event) => isTaken(event as KeyboardEvent) && event.stopPropagation();
  target.addEventListener("keydown", keep, true);
}
