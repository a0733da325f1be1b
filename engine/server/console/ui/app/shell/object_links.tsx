// The objects in the side bar: the pinned ones, and the last ones or all others.

import { Pin, PinOff } from "lucide-react";
import { useEffect, useRef } from "react";
import { NavLink, useLocation } from "react-router";

import { type ObjectHead, useObjectList } from "../api/objects.ts";
import { withPin, withVisit } from "../api/preferences/navigation.ts";
import type { usePreferences } from "../api/preferences/use_preferences.ts";
import { Button } from "../kit/button.tsx";

/** Objects that all stand in the side bar; of more of them, those that were opened last do. */
const SHOWN = 12;

export function ObjectLinks({ items, keepItems }: Pick<ReturnType<typeof usePreferences>, "items" | "keepItems">) {
  const { pathname } = useLocation();
  const objects = useObjectList();
  const active = objects.data?.filter(({ isActive }) => isActive) ?? [];
  const areMany = active.length > SHOWN;
  const opened = active.find(
    ({ namePlural }) => pathname.split("/")[2] === namePlural && pathname.startsWith("/records/"),
  );
  const noted = useRef<string | null>(null);
  useEffect(() => {
    // Once for each visit: a list that the server refuses to keep is not sent again and again.
    if (!areMany || items === null || opened === undefined || noted.current === opened.id) return;
    noted.current = opened.id;
    const visited = withVisit(items, opened.id);
    if (visited !== items) keepItems(visited);
  }, [areMany, items, opened, keepItems]);

  const byId = new Map(active.map((object) => [object.id, object]));
  const find = (ids: readonly string[] | undefined) => (ids ?? []).flatMap((id) => byId.get(id) ?? []);
  const pinned = find(items?.pinned);
  const rest = (areMany ? find(items?.recent) : active).filter((object) => !pinned.includes(object));
  const list = (objects: readonly ObjectHead[], isPinned: boolean) =>
    objects.map(({ id, namePlural, labelPlural }) => (
      <li key={id} className="side-bar-object">
        <NavLink to={`/records/${namePlural}`}>{labelPlural}</NavLink>
        {items && (
          <Button
            kind="quiet"
            icon={isPinned ? <PinOff aria-hidden /> : <Pin aria-hidden />}
            aria-label={isPinned ? `Unpin ${labelPlural}` : `Pin ${labelPlural}`}
            onPress={() => keepItems(withPin(items, id, !isPinned))}
          />
        )}
      </li>
    ));
  return (
    <>
      {pinned.length > 0 && (
        <>
          <h2>Pinned</h2>
          <ul aria-label="Pinned objects">{list(pinned, true)}</ul>
        </>
      )}
      <h2>{areMany ? "Recent" : "Records"}</h2>
      <ul aria-label={areMany ? "Objects opened last" : "Objects"}>
        {list(rest, false)}
        <li>
          <NavLink to="/records" end>
            All objects{objects.data ? ` (${active.length})` : ""}
          </NavLink>
        </li>
      </ul>
    </>
  );
}
