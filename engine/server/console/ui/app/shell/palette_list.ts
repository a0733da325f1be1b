// The entries of the palette that a search finds, the best first.

export interface Entry {
  id: string;
  label: string;
  /** The kind of the entry in a word: Records, Data model, On this page. */
  group: string;
  run: () => void;
}

/** Entries that are shown at once. */
export const SHOWN = 50;

/** The entries whose label or group has all words of the search; those whose label begins with it come first. */
export function findEntries(entries: readonly Entry[], search: string): Entry[] {
  const words = search.toLowerCase().split(/\s+/).filter(Boolean);
  const start = words.join(" ");
  return entries
    .filter(({ label, group }) => {
      const text = `${label} ${group}`.toLowerCase();
      return words.every((word) => text.includes(word));
    })
    .map((entry, place) => ({ entry, place, rank: entry.label.toLowerCase().startsWith(start) ? 0 : 1 }))
    .sort((a, b) => a.rank - b.rank || a.place - b.place)
    .slice(0, SHOWN)
    .map(({ entry }) => entry);
}
