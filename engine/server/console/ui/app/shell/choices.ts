// Choices that this browser keeps: the theme, the size of controls, and whether letters are keys.

/** A choice among words, the first of which is the usual one. */
export interface Choice<Word extends string> {
  words: readonly Word[];
  read(): Word;
  /** Choose a word, at once and for later visits: styles see it on the root of the document. */
  choose(word: Word): void;
}

type Kept = Pick<Storage, "getItem" | "setItem" | "removeItem">;

/** The choice of a name, as `styles/theme.js` sets it again before anything is drawn. */
export function choiceOf<Word extends string>(
  name: string,
  words: readonly [Word, ...Word[]],
  kept: () => Kept = () => window.localStorage,
  shown: () => DOMStringMap = () => document.documentElement.dataset,
): Choice<Word> {
  const place = `fieldstone:${name}`;
  return {
    words,
    read: () => words.find((word) => word === kept().getItem(place)) ?? words[0],
    choose(word) {
      if (word === words[0]) {
        kept().removeItem(place);
        delete shown()[name];
      } else {
        kept().setItem(place, word);
        shown()[name] = word;
      }
    },
  };
}

/** That of the system, or always the light or the dark one. */
export const THEME = choiceOf("theme", ["system", "light", "dark"]);

/** The height of controls: comfortable ones are hit more easily. */
export const DENSITY = choiceOf("density", ["usual", "comfortable"]);

/** Whether G and `?` are keys: software for speech types letters that nobody meant as keys (WCAG 2.1.4). */
export const LETTERS = choiceOf("letters", ["on", "off"]);
