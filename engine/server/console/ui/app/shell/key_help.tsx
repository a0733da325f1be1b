// All keys in one dialog.

import { useState } from "react";

import { Check } from "../kit/check.tsx";
import { Dialog } from "../kit/dialog.tsx";
import { LETTERS } from "./choices.ts";
import { GOALS } from "./shortcuts.ts";
import "./key_help.css";

const EVERYWHERE: readonly (readonly [string, string])[] = [
  ["Ctrl K", "Search or jump: objects, pages, and every button of the page"],
  ["F6, Shift F6", "Next or previous region: side bar, bar, content, panel"],
  ["Ctrl Enter", "Save a form; open a record as a page"],
  ["Escape", "Close what is open; restore the value of a cell"],
  ["?", "All keys"],
  ...GOALS.map(({ letter, label }) => [`G ${letter.toUpperCase()}`, `Go to: ${label}`] as const),
];

const GRID: readonly (readonly [string, string])[] = [
  ["Arrows, Home, End, Page Up, Page Down", "Move; with Shift extend the range"],
  ["Enter, F2, a letter", "Edit the cell; a letter replaces its value"],
  ["Tab, Shift Tab in an editor", "Save and move across"],
  ["Space", "Open the record in the panel"],
  ["Shift Space, Ctrl Space", "Select the row, the column"],
  ["Ctrl C, V, D", "Copy, paste, fill down"],
  ["Ctrl Z, Ctrl Shift Z", "Undo, redo"],
  ["Delete", "Empty the cells, or move the rows to the trash"],
  ["Shift Enter", "New record in the panel; a letter in the last row begins one there"],
  ["Alt Up, Alt Down", "Previous or next record in the panel"],
];

export function KeyHelp({ onClose }: { onClose: () => void }) {
  const [areOn, setOn] = useState(LETTERS.read() === "on");
  return (
    <Dialog title="Keys" size="large" onClose={onClose}>
      <Check
        label="Letters are keys"
        description="Without them G and ? do nothing by themselves; all other keys stay."
        isSelected={areOn}
        onChange={(isOn) => {
          LETTERS.choose(isOn ? "on" : "off");
          setOn(isOn);
        }}
      />
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: a list that scrolls has to be reached by keys */}
      <section className="key-help" aria-label="All keys" tabIndex={0}>
        <Keys title="Anywhere" keys={EVERYWHERE} />
        <Keys title="In the grid of records" keys={GRID} />
      </section>
    </Dialog>
  );
}

function Keys({ title, keys }: { title: string; keys: readonly (readonly [string, string])[] }) {
  return (
    <section aria-label={title}>
      <h3>{title}</h3>
      <dl>
        {keys.map(([key, meaning]) => (
          <div key={key}>
            <dt>
              <kbd>{key}</kbd>
            </dt>
            <dd>{meaning}</dd>
          </div>
        ))}
      </dl>
    </section>
  );
}
