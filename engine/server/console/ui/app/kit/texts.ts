// Texts that are too long for their place.

/** Return the beginning of a text that has more than `most` characters, none of which is halved. */
export function cut(text: string, most: number): string {
  return text.length > most ? `${text.slice(0, most).replace(/[\uD800-\uDBFF]$/, "")}…` : text;
}
