// What this tab has changed in the side bar and the server has not answered yet: the next page of the tab has it, too.

import { type Difference, joinDifferences, parseDifference, type SideBarItems, withDifference } from "./navigation.ts";

type Kept = Pick<Storage, "getItem" | "setItem" | "removeItem">;

/** The changes of one person that wait for their answer. */
export interface Unanswered {
  isAny(): boolean;
  /** Return items that were read with the changes that wait. */
  apply(items: SideBarItems): SideBarItems;
  /** Keep a difference behind those that wait. */
  begin(difference: Difference): void;
  /** End the wait for all of them. */
  end(): void;
}

/** The unanswered changes of `owner`, the key of a query by that person, in the storage of the tab. */
export function unansweredOf(owner: readonly unknown[], storage: () => Kept = () => window.sessionStorage): Unanswered {
  const place = `fieldstone:${JSON.stringify(owner)}`;
  // A storage may be full or forbidden: the next page then has what the server has.
  const found = ifAllowed(() => storage().getItem(place));
  let waiting = found === null ? null : parseDifference(found);
  return {
    isAny: () => waiting !== null,
    apply: (items) => (waiting === null ? items : withDifference(items, waiting)),
    begin(difference) {
      const joined = waiting === null ? difference : joinDifferences(waiting, difference);
      waiting = joined;
      ifAllowed(() => storage().setItem(place, JSON.stringify(joined)));
    },
    end() {
      waiting = null;
      ifAllowed(() => storage().removeItem(place));
    },
  };
}

function ifAllowed<Result>(use: () => Result): Result | null {
  try {
    return use();
  } catch {
    return null;
  }
}
