// A field of the bar that searches the list below.

import { useFollowed } from "./use_followed.ts";
import "./field.css";
import "./search.css";

export interface SearchProps {
  label: string;
  /** The words in the address. */
  value: string;
  onChange: (words: string) => void;
}

/** Return the words of a search that stands in the address, and a function that changes them. */
export function useSearch(value: string, onChange: (words: string) => void): [string, (words: string) => void] {
  const [words, note] = useFollowed({ present: value, print: String, read: () => value }, value);
  return [
    words,
    (next) => {
      note(next);
      onChange(next);
    },
  ];
}

export function Search({ label, value, onChange }: SearchProps) {
  const [words, search] = useSearch(value, onChange);
  return (
    <input
      type="search"
      className="field-input search"
      aria-label={label}
      placeholder="Search…"
      value={words}
      onChange={(event) => search(event.target.value)}
    />
  );
}
