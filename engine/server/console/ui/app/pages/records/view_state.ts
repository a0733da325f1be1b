// A saved view as the state of a list, and the state of a list as a view.

import { isObject, sameJson } from "../../api/exact_json.ts";
import type { ObjectModel } from "../../api/model.ts";
import type { View, ViewInput } from "../../api/views.ts";
import type { Filter } from "../../filter/tree.ts";
import { type Column, defaultColumns, reconcile } from "../../grid/columns.ts";
import { buildOrderBy, type Key } from "../../grid/order.ts";
import { writeAddress } from "./address.ts";

export type ListState = { columns: readonly Column[]; filter: Filter; order: readonly Key[] };

/** Return the columns, the filter and the order of a view; those of a list without a view where it is undefined. */
export function stateOf(view: View | undefined, object: ObjectModel): ListState {
  const columns = defaultColumns(object);
  if (view === undefined) return { columns, filter: {}, order: [] };
  const chosen = view.columns.flatMap(({ field, width, visible }): Column[] => {
    const id = object.fields.find((one) => one.name === field)?.id;
    const usual = columns.find((column) => column.fieldId === id);
    return usual ? [{ ...usual, width: width ?? usual.width, visible }] : [];
  });
  return {
    columns: chosen.length > 0 ? reconcile(chosen, object) : columns,
    filter: view.filter ?? {},
    order: (view.orderBy ?? []).flatMap((value) => readKey(value)),
  };
}

function readKey(value: unknown, path: readonly string[] = []): Key[] {
  if (typeof value === "string") return [{ path, descending: value.toLowerCase().startsWith("desc") }];
  const [name, inner] = isObject(value) ? (Object.entries(value)[0] ?? []) : [];
  // An order by an aggregate has no sign in the list; it leaves a view that is saved from here.
  return name === undefined ? [] : readKey(inner, [...path, name]);
}

/** Return the members of a view that keep the state of a list. */
export function inputOf({ columns, filter, order }: ListState, object: ObjectModel): ViewInput {
  return {
    columns: columns.flatMap(({ fieldId, width, visible }) => {
      const field = object.fields.find((one) => one.id === fieldId)?.name;
      return field === undefined ? [] : [{ field, width, visible }];
    }),
    filter: Object.keys(filter).length > 0 ? filter : null,
    orderBy: order.length > 0 ? buildOrderBy(order) : null,
  };
}

/** Return the members of a view that keep the state of a board. */
export function boardInputOf(by: string, filter: Filter, order: readonly Key[]): ViewInput {
  return {
    kind: "KANBAN",
    boardField: by,
    filter: Object.keys(filter).length > 0 ? filter : null,
    orderBy: order.length > 0 ? buildOrderBy(order) : null,
  };
}

/** Return true if a board shows something else than its view has, or than a board without one. */
export function isBoardChanged(input: ViewInput, view: View | undefined, object: ObjectModel): boolean {
  const { filter, order } = stateOf(view, object);
  return !sameJson(input, boardInputOf(view?.boardField ?? input.boardField ?? "", filter, order));
}

/** Return the address of a view that is a board, with the view's filter and order. */
export function boardAddress(view: View, object: ObjectModel): string {
  const { filter, order } = stateOf(view, object);
  const place = new URLSearchParams({ by: view.boardField ?? "" });
  const parameters = writeAddress(place, { filter, order, view: view.id });
  return `/records/${object.namePlural}/board?${parameters}`;
}

/** Return true if the list shows something else than its view has. */
export function isChanged(state: ListState, view: View | undefined, object: ObjectModel): boolean {
  return !sameJson(inputOf(state, object), inputOf(stateOf(view, object), object));
}
