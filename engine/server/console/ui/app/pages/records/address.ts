// The state of a list in its address, which is shared, opened in tabs, and works with Back: `f` is the API's filter itself.

import type { Location } from "react-router";

import { isObject, parseExact } from "../../api/exact_json.ts";
import type { Filter } from "../../filter/tree.ts";
import { type Key, parseOrder, printOrder } from "../../grid/order.ts";
import type { Step } from "../../kit/unsaved.ts";

/** A record that is open in the panel: of the list's object, or of another one. */
export type Open = { plural: string | null; id: string };

export type Address = {
  filter: Filter;
  order: readonly Key[];
  search: string;
  view: string | null;
  open: readonly Open[];
};

export function readAddress(parameters: URLSearchParams): Address {
  return {
    filter: readFilter(parameters.get("f")),
    order: parseOrder(parameters.get("sort")),
    search: parameters.get("q") ?? "",
    view: parameters.get("view"),
    open: readOpen(parameters.get("open")),
  };
}

/** Return the parameters with a part of the address changed; what says nothing is left out. */
export function writeAddress(parameters: URLSearchParams, change: Partial<Address>): URLSearchParams {
  const next = new URLSearchParams(parameters);
  const set = (name: string, text: string | null) => {
    if (text) next.set(name, text);
    else next.delete(name);
  };
  if (change.filter) set("f", Object.keys(change.filter).length > 0 ? JSON.stringify(change.filter) : null);
  if (change.order) set("sort", printOrder(change.order));
  if (change.search !== undefined) set("q", change.search);
  if (change.view !== undefined) set("view", change.view);
  if (change.open) set("open", change.open.map(({ plural, id }) => (plural ? `${plural}/${id}` : id)).join(","));
  return next;
}

/** Return true if a step leaves the page, or the record with this id that is open beside it. */
export function isLeft(
  { currentLocation, nextLocation }: Pick<Step, "currentLocation" | "nextLocation">,
  id: string | null,
): boolean {
  if (currentLocation.pathname !== nextLocation.pathname) return true;
  const isOpen = ({ search }: Location) =>
    readOpen(new URLSearchParams(search).get("open")).some((one) => one.id === id);
  return id !== null && isOpen(currentLocation) && !isOpen(nextLocation);
}

/** The address of the page that shows a list as the request of a program. */
export function requestAddress(
  plural: string,
  { filter, order, search }: Pick<Address, "filter" | "order" | "search">,
): string {
  return `/api?${writeAddress(new URLSearchParams({ object: plural }), { filter, order, search })}`;
}

function readFilter(text: string | null): Filter {
  if (text === null) return {};
  try {
    const value = parseExact(text);
    return isObject(value) ? value : {};
  } catch {
    // An address that was cut off in a mail still opens its list.
    return {};
  }
}

function readOpen(text: string | null): Open[] {
  return (text ?? "")
    .split(",")
    .filter((part) => part !== "")
    .map((part) => {
      const [plural, id] = part.split("/");
      return id === undefined ? { plural: null, id: plural ?? "" } : { plural: plural ?? null, id };
    });
}
