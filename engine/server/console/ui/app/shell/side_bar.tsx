// The side bar: the objects of the workspace, its settings, and the person.

import { useQuery } from "@tanstack/react-query";
import { NavLink } from "react-router";
import { keyOf } from "../api/keys.ts";
import { listObjects } from "../api/objects.ts";
import { useScope, useSession } from "../api/session_context.ts";
import "./side_bar.css";

/** Objects that stand in the side bar; all others are a search away. */
const SHOWN = 12;

export function SideBar() {
  const session = useSession();
  const scope = useScope();
  const objects = useQuery({
    queryKey: keyOf(scope, "model", null, "objects"),
    queryFn: ({ signal }) => listObjects(signal),
  });
  const shown = objects.data?.slice(0, SHOWN) ?? [];
  return (
    <nav className="side-bar" aria-label="Main">
      <NavLink to="/" className="side-bar-brand">
        Fieldstone <span>{session.workspace}</span>
      </NavLink>
      <h2>Records</h2>
      <ul>
        {shown.map(({ id, namePlural, labelPlural }) => (
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
      <p className="side-bar-person">
        {session.name} · {session.role}
      </p>
    </nav>
  );
}
