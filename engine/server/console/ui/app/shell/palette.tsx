// The palette: a search over objects, pages, settings, and every button of the page.

import { type KeyboardEvent, useId, useState } from "react";
import { useNavigate } from "react-router";

import { useObjectList } from "../api/objects.ts";
import { useSession } from "../api/session_context.ts";
import { Dialog } from "../kit/dialog.tsx";
import { DENSITY, THEME } from "./choices.ts";
import { type Entry, findEntries } from "./palette_list.ts";
import { places } from "./places.ts";
import "../kit/field.css";
import "./palette.css";

export function Palette({ onClose }: { onClose: () => void }) {
  const list = useId();
  const [search, setSearch] = useState("");
  const [place, setPlace] = useState(0);
  // The buttons of the page are those of the moment at which the palette opened.
  const [buttons] = useState(pageButtons);
  const found = findEntries([...useEntries(), ...buttons], search);
  const active = found[Math.min(place, found.length - 1)];

  function run(entry: Entry | undefined) {
    if (entry !== undefined) {
      onClose();
      entry.run();
    }
  }

  function press(event: KeyboardEvent) {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step !== undefined) {
      event.preventDefault();
      setPlace((found.indexOf(active as Entry) + step + found.length) % Math.max(found.length, 1));
    } else if (event.key === "Enter") {
      event.preventDefault();
      run(active);
    }
  }

  return (
    <Dialog title="Search or jump" onClose={onClose}>
      <input
        className="field-input"
        autoFocus
        role="combobox"
        aria-label="Search or jump"
        aria-expanded={found.length > 0}
        aria-controls={list}
        aria-activedescendant={active && `${list}-${active.id}`}
        placeholder="An object, a page, or a button of this page"
        value={search}
        onChange={(event) => {
          setSearch(event.target.value);
          setPlace(0);
        }}
        onKeyDown={press}
      />
      <p role="status" className="palette-count">
        {found.length === 0 ? "Nothing has these words." : `${found.length} found`}
      </p>
      <div role="listbox" id={list} aria-label="Found" className="palette-list">
        {found.map((entry) => (
          // biome-ignore lint/a11y/useFocusableInteractive: the field keeps the focus and names the active option
          // biome-ignore lint/a11y/useKeyWithClickEvents: the field has the keys
          <div
            key={entry.id}
            id={`${list}-${entry.id}`}
            role="option"
            aria-selected={entry === active}
            className="palette-entry"
            ref={(element) => {
              if (entry === active) {
                element?.scrollIntoView({ block: "nearest" });
              }
            }}
            onClick={() => run(entry)}
          >
            <span>{entry.label}</span>
            <small>{entry.group}</small>
          </div>
        ))}
      </div>
    </Dialog>
  );
}

function useEntries(): Entry[] {
  const navigate = useNavigate();
  const session = useSession();
  const objects = useObjectList();
  const to = (address: string) => () => void navigate(address);
  const hasModel = session.settings.includes("DATA_MODEL");
  return [
    ...(objects.data ?? []).flatMap(({ id, labelPlural, namePlural, nameSingular }) => [
      { id: `records-${id}`, label: labelPlural, group: "Records", run: to(`/records/${namePlural}`) },
      ...(hasModel
        ? [{ id: `model-${id}`, label: labelPlural, group: "Data model", run: to(`/model/${nameSingular}`) }]
        : []),
    ]),
    ...places(session).map(({ address, label }) => ({
      id: `page-${label.replaceAll(" ", "-")}`,
      label,
      group: "Pages",
      run: to(address),
    })),
    ...THEME.words.map((word) => ({
      id: `theme-${word}`,
      label: `Theme: ${word}`,
      group: "Settings",
      run: () => THEME.choose(word),
    })),
    ...DENSITY.words.map((word) => ({
      id: `density-${word}`,
      label: `Controls: ${word}`,
      group: "Settings",
      run: () => DENSITY.choose(word),
    })),
  ];
}

function pageButtons(): Entry[] {
  const found = document.querySelectorAll<HTMLButtonElement>("main button:not([disabled])");
  return [...found].flatMap((button, place) => {
    const label = (button.getAttribute("aria-label") ?? button.textContent ?? "").trim();
    return label === "" ? [] : [{ id: `button-${place}`, label, group: "On this page", run: () => button.click() }];
  });
}
