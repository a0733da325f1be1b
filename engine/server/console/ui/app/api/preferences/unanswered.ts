// Items of the side bar that this tab has sent and the server has not answered yet: the next page of the tab has them.

import { decodeItems, patchOfItems, type SideBarItems } from "./navigation.ts";

type Kept = Pick<Storage, "getItem" | "setItem" | "removeItem">;

/** The items of one person that wait for their answer. */
export interface Unanswered {
  read(): SideBarItems | null;
  begin(items: SideBarItems): void;
  /** End the wait for these items; later ones wait on. */
  end(items: SideBarItems): void;
}

/** The unanswered items of `owner`, the key of a query by that person, in the storage of the tab. */
export function unansweredOf(owner: readonly unknown[], kept: Kept = window.sessionStorage): Unanswered {
  const place = `fieldstone:${JSON.stringify(owner)}`;
  const write = (items: SideBarItems) => JSON.stringify(patchOfItems(items));
  return {
    read() {
      const found = kept.getItem(place);
      return found === null ? null : decodeItems(JSON.parse(found));
    },
    begin: (items) => kept.setItem(place, write(items)),
    end: (items) => kept.getItem(place) === write(items) && kept.removeItem(place),
  };
}
