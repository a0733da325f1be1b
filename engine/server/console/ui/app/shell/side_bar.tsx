// The side bar: the objects of the workspace, its settings, and the person.

import { useQuery, useQueryClient } from "@tanstack/react-query";
import { ChevronsUpDown, Search } from "lucide-react";
import { useState } from "react";
import { NavLink } from "react-router";

import { keyOf } from "../api/keys.ts";
import { listObjects } from "../api/objects.ts";
import { DOOR_KEY, type Door, signOut } from "../api/session.ts";
import { useScope, useSession } from "../api/session_context.ts";
import { Button } from "../kit/button.tsx";
import { Menu } from "../kit/menu.tsx";
import { places } from "./places.ts";
import { chooseTheme, readTheme, THEMES } from "./theme.ts";
import "./side_bar.css";

/** Objects that stand in the side bar; all others are a search away. */
const SHOWN = 12;

export interface SideBarProps {
  isOpen: boolean;
  open: (what: "palette" | "keys") => void;
}

export function SideBar({ isOpen, open }: SideBarProps) {
  const session = useSession();
  const scope = useScope();
  const objects = useQuery({
    queryKey: keyOf(scope, "model", null, "objects"),
    queryFn: ({ signal }) => listObjects(signal),
  });
  const active = objects.data?.filter(({ isActive }) => isActive) ?? [];
  const others = places(session);
  return (
    <nav className="side-bar" aria-label="Main" data-region data-open={isOpen || undefined}>
      <NavLink to="/" end className="side-bar-brand">
        Fieldstone <span>{session.workspace}</span>
      </NavLink>
      <Button icon={<Search aria-hidden />} onPress={() => open("palette")}>
        Search or jump… <kbd>Ctrl K</kbd>
      </Button>
      <h2>Records</h2>
      <ul>
        {active.slice(0, SHOWN).map(({ id, namePlural, labelPlural }) => (
          <li key={id}>
            <NavLink to={`/records/${namePlural}`}>{labelPlural}</NavLink>
          </li>
        ))}
        <li>
          <NavLink to="/records" end>
            All objects{objects.data ? ` (${objects.data.length})` : ""}
          </NavLink>
        </li>
      </ul>
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
  const { name, role } = useSession();
  const client = useQueryClient();
  const [theme, setTheme] = useState(readTheme);

  async function leave() {
    await signOut();
    client.setQueryData<Door>(DOOR_KEY, (door) => door && { ...door, session: null });
    // Nothing that this person read stays for the next one.
    window.location.reload();
  }

  return (
    <div className="side-bar-person">
      <Menu
        kind="quiet"
        label="Settings"
        actions={[
          ...THEMES.map((one) => ({
            id: `theme-${one}`,
            label: `Theme: ${one}`,
            end: one === theme ? "✓" : null,
            onAction: () => {
              chooseTheme(one);
              setTheme(one);
            },
          })),
          { id: "keys", label: "Keys", end: <kbd>?</kbd>, onAction: () => open("keys") },
          { id: "leave", label: "Sign out", onAction: () => void leave() },
        ]}
      >
        <span className="side-bar-name">{name}</span>
        <span className="side-bar-role">{role}</span>
        <ChevronsUpDown aria-hidden />
      </Menu>
    </div>
  );
}
