// The side bar: the objects of the workspace, its settings, and the person.

import { useMutation } from "@tanstack/react-query";
import { ChevronsUpDown, Search } from "lucide-react";
import { useState } from "react";
import { NavLink } from "react-router";

import type { usePreferences } from "../api/preferences/use_preferences.ts";
import { signOut } from "../api/session.ts";
import { useSession } from "../api/session_context.ts";
import { Button } from "../kit/button.tsx";
import { Dialog } from "../kit/dialog.tsx";
import { Menu, type MenuAction } from "../kit/menu.tsx";
import { timeZone } from "../kit/times.ts";
import { endPage, loadAgain } from "../kit/unsaved.ts";
import { type Choice, DENSITY, THEME } from "./choices.ts";
import { ObjectLinks } from "./object_links.tsx";
import { places } from "./places.ts";
import "./side_bar.css";

export interface SideBarProps {
  isOpen: boolean;
  open: (what: Shown) => void;
  preferences: ReturnType<typeof usePreferences>;
}

/** A dialog that the frame shows over the page. */
export type Shown = "palette" | "keys" | "strip";

export function SideBar({ isOpen, open, preferences }: SideBarProps) {
  const session = useSession();
  const others = places(session);
  return (
    <nav className="side-bar" aria-label="Main" data-region data-open={isOpen || undefined}>
      <NavLink to="/" end className="side-bar-brand">
        Fieldstone <span>{session.workspace}</span>
      </NavLink>
      <Button icon={<Search aria-hidden />} onPress={() => open("palette")}>
        Search or jump… <kbd>Ctrl K</kbd>
      </Button>
      <ObjectLinks items={preferences.items} keepItems={preferences.keepItems} />
      {others.length > 0 && <h2>Workspace</h2>}
      <ul>
        {others.map(({ address, label }) => (
          <li key={address}>
            <NavLink to={address}>{label}</NavLink>
          </li>
        ))}
      </ul>
      <Person open={open} />
    </nav>
  );
}

function Person({ open }: Pick<SideBarProps, "open">) {
  const { name, role, settings } = useSession();
  // Nothing that this person read stays for the next one.
  const leaving = useMutation({ mutationFn: signOut, onSuccess: loadAgain });
  // The menu reads the present choices each time it is drawn.
  const [, setChosen] = useState("");

  return (
    <div className="side-bar-person">
      {leaving.error && (
        <Dialog
          title="You may still be signed in"
          role="alertdialog"
          size="small"
          onClose={leaving.reset}
          actions={
            <>
              <Button onPress={leaving.reset}>Cancel</Button>
              <Button kind="primary" onPress={() => leaving.mutate()}>
                Try again
              </Button>
            </>
          }
        >
          <p>{leaving.error.message}</p>
        </Dialog>
      )}
      <p>Times in {timeZone}</p>
      <Menu
        kind="quiet"
        label="Settings"
        actions={[
          ...choicesOf("Theme", THEME, setChosen),
          ...choicesOf("Controls", DENSITY, setChosen),
          ...(settings.includes("DATA_MODEL")
            ? [{ id: "strip", label: "Strip of the workspace…", onAction: () => open("strip") }]
            : []),
          { id: "keys", label: "Keys", end: <kbd>?</kbd>, onAction: () => open("keys") },
          { id: "leave", label: "Sign out", onAction: () => endPage(leaving.mutate) },
        ]}
      >
        <span className="side-bar-name">{name}</span>
        <span className="side-bar-role">{role}</span>
        <ChevronsUpDown aria-hidden />
      </Menu>
    </div>
  );
}

function choicesOf<Word extends string>(
  name: string,
  choice: Choice<Word>,
  chosen: (label: string) => void,
): MenuAction[] {
  return choice.words.map((word) => {
    const label = `${name}: ${word}`;
    return {
      id: label.replace(": ", "-"),
      label,
      end: word === choice.read() ? "✓" : null,
      onAction: () => {
        choice.choose(word);
        chosen(label);
      },
    };
  });
}
