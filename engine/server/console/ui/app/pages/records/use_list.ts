// Everything that a list of records is: its rows, columns, edits and live changes.

import { useCallback, useEffect, useLayoutEffect, useMemo, useRef, useState } from "react";

import { records } from "../../api/client.ts";
import { ApiError } from "../../api/errors.ts";
import { type Field, type ObjectModel, otherEnds, type RecordRow } from "../../api/model.ts";
import { pageOf } from "../../api/page_limit.ts";
import { buildDocuments, MAXIMUM_PAGE } from "../../api/record_documents.ts";
import { mayDo } from "../../api/session.ts";
import { useSession } from "../../api/session_context.ts";
import { labelOf } from "../../fields/registry.ts";
import { bothOf, buildSearch } from "../../filter/search.ts";
import type { Filter } from "../../filter/tree.ts";
import { knownFilter, useFieldsAt } from "../../filter/use_fields.ts";
import { type Column, defaultColumns, reconcile, shownFields } from "../../grid/columns.ts";
import { changedFields } from "../../grid/edits.ts";
import { type Batch, isLater, withLater } from "../../grid/live.ts";
import { cellKey, withEntries } from "../../grid/marks.ts";
import { buildOrderBy, type Key, knownKeys } from "../../grid/order.ts";
import { clearRows, followColumns, followRows, START } from "../../grid/selection.ts";
import { useEdits } from "../../grid/use_edits.ts";
import { useLive, useLivePause } from "../../grid/use_live.ts";
import { useRows } from "../../grid/use_rows.ts";
import { type Address, isLeft } from "./address.ts";

const FLASH_MILLISECONDS = 1200;
export const TRASH: Filter = { deletedAt: { is: "NOT_NULL" } };

export function useList(object: ObjectModel, address: Address, isTrash: boolean, first?: readonly Column[]) {
  // Without a view, the columns are the usual ones of the object as it is now, until one is changed.
  const [chosen, setChosen] = useState(address.view === null ? undefined : first);
  const columns = useMemo(() => (chosen ? reconcile(chosen, object) : defaultColumns(object)), [chosen, object]);
  const setColumns = (next: readonly Column[] | ((before: readonly Column[]) => readonly Column[])) =>
    setChosen((before) => (typeof next === "function" ? next(before ?? columns) : next));
  const [selection, setSelection] = useState(START);
  const [news, setNews] = useState({ created: 0, flood: false });
  const shown = useMemo(() => shownFields(columns, object), [columns, object]);
  const drawn = useRef(shown);
  // The focus stays in its column where another comes or goes before it.
  useLayoutEffect(() => {
    const [before, after] = [drawn.current, shown].map((columns) => columns.map(({ field }) => field.id));
    drawn.current = shown;
    if (before && after) setSelection((now) => followColumns(now, before, after));
  }, [shown]);
  const fields = useSelected(
    shown.map(({ field }) => field),
    object,
  );
  const order = knownKeys(address.order, object);
  const own = object.fields.filter((field) => !field.isSystem);
  const fieldsAt = useFieldsAt(object, address.filter);
  const filterOf = (one: Address) =>
    bothOf(bothOf(isTrash ? TRASH : {}, knownFilter(one.filter, fieldsAt)), buildSearch(one.search, own));
  const filter = filterOf(address);
  const filterKey = JSON.stringify(filter);
  // Of other records none is selected, and "all" would mean others.
  // biome-ignore lint/correctness/useExhaustiveDependencies: another filter ends the selection
  useEffect(() => setSelection(clearRows), [filterKey]);
  const session = useSession();
  const may = {
    create: mayDo(session, object.nameSingular, "create"),
    update: mayDo(session, object.nameSingular, "update"),
    delete: mayDo(session, object.nameSingular, "delete"),
  };
  const rows = useRows(object, fields, { filter, orderBy: buildOrderBy(order) });
  const { pages, refresh } = rows;
  // The row of a new record is behind the last page.
  const focused = Math.max(0, Math.min(selection.cell.row, (rows.count ?? Number.POSITIVE_INFINITY) - 1));
  useEffect(() => pages.focus(focused), [pages, focused]);

  const renew = useCallback(() => {
    setNews({ created: 0, flood: false });
    edits.current?.setMarks((before) => ({ ...before, rows: new Map() }));
    refresh();
  }, [refresh]);
  // The focus goes where its record is after the list was read again; one that nobody has moved stays in the first row.
  const at = useRef<{ pages: object; row: number; id: string | undefined } | null>(null);
  // The rows are no state of React's: each of their changes draws the list again.
  useLayoutEffect(() => {
    const { row } = selection.cell;
    const [was, id] = [at.current, pages.row(row)?.id];
    const isFollowed = was?.pages === pages && was.row === row && was.id !== undefined && selection.cell !== START.cell;
    if (isFollowed && was.id !== id) {
      const found = pages.find((one) => one.id === was.id);
      if (found) setSelection((now) => followRows(now, row, found.index));
      // Its page may be still under way.
      if (found || pages.isReading()) return;
    }
    at.current = { pages, row, id };
  });

  const edits = useRef<ReturnType<typeof useEdits> | null>(null);
  const present = useEdits({
    object,
    fields,
    pages,
    onWritten: (written, kind) => {
      if (kind === "updated") void markLost(written, order);
      else {
        setSelection(clearRows);
        renew();
      }
    },
    onUnsure: () => renew(),
    isLeft: (step) => isLeft(step, null),
  });
  edits.current = present;

  /** Mark the rows that the filter no longer wants, and those whose place in the order has changed. */
  async function markLost(changed: readonly RecordRow[], keys: readonly Key[]): Promise<void> {
    const here = changed.filter((row) => pages.find((one) => one.id === row.id));
    if (here.length === 0 || (Object.keys(filter).length === 0 && keys.length === 0)) return;
    const ids = here.map((row) => row.id);
    const kept = new Set(Object.keys(filter).length === 0 ? ids : await readMatching(object, filter, ids).catch(all));
    // Of a refused read nothing is known: the rows stay as they are.
    function all(error: unknown): readonly string[] {
      if (error instanceof ApiError) return ids;
      throw error;
    }
    const lost = ids.filter((id) => !kept.has(id)).map((id) => [id, "no longer matches the filter"] as const);
    present.setMarks((before) => ({ ...before, rows: withEntries(before.rows, lost) }));
  }

  function onBatch({ events, flood }: Batch): void {
    if (flood) {
      setNews((before) => ({ ...before, flood: true }));
      return;
    }
    const flashed: string[] = [];
    const gone: [string, string][] = [];
    const updated: RecordRow[] = [];
    const changed: RecordRow[] = [];
    let created = 0;
    for (const { action, record } of events) {
      const row = record as RecordRow;
      if (present.isOwn(row.id, row.updatedAt)) continue;
      const here = pages.find((one) => one.id === row.id)?.row;
      if (action === "UPDATED") {
        updated.push(row);
        // An own write may be here before the event of the write before it.
        if (!here || !isLater(row.updatedAt, here.updatedAt)) continue;
        flashed.push(...changedFields(here, row, fields).map((field) => cellKey(row.id, field.id)));
        changed.push(row);
      } else if ((here || pages.isReading()) && (action === "DESTROYED" || (action === "DELETED") !== isTrash)) {
        gone.push([
          row.id,
          action === "RESTORED" ? "was restored" : action === "DELETED" ? "was deleted" : "was destroyed",
        ]);
      } else if (!here && (action === "DELETED") === isTrash && action !== "DESTROYED") created++;
    }
    pages.replace(withLater(updated));
    present.setMarks((before) => ({
      ...before,
      flashed: new Set([...before.flashed, ...flashed]),
      rows: withEntries(before.rows, gone),
    }));
    setTimeout(() => {
      present.setMarks((before) => ({
        ...before,
        flashed: new Set([...before.flashed].filter((key) => !flashed.includes(key))),
      }));
    }, FLASH_MILLISECONDS);
    if (created > 0) setNews((before) => ({ ...before, created: before.created + created }));
    void markLost(changed, order);
  }

  const live = useLive(object, fields, onBatch, refresh);
  const isPaused = useLivePause();
  return {
    object,
    isTrash,
    may,
    columns,
    setColumns,
    shown,
    fields,
    order,
    /** The filter of the address as a view keeps it. */
    known: knownFilter(address.filter, fieldsAt),
    filter,
    /** The filter of this list at another address. */
    filterOf,
    rows,
    selection,
    setSelection,
    edits: present,
    news,
    renew,
    live: { ...live, isPaused },
    nameOf: (row: RecordRow) => labelOf(row, object.labels),
  };
}

export type List = ReturnType<typeof useList>;

/** Return all fields that were shown so far, with those that name the record: a column that is hidden costs no request. */
function useSelected(shown: readonly Field[], object: ObjectModel): readonly Field[] {
  const selected = useRef<readonly Field[]>([]);
  const names = object.labels.map((label) => label.name);
  const ends = shown.flatMap((field) => otherEnds(field, object.fields));
  const wanted = [...shown, ...ends, ...object.fields.filter((field) => names.includes(field.name))];
  const missing = wanted.filter((field, index) => !selected.current.includes(field) && wanted.indexOf(field) === index);
  if (missing.length > 0)
    selected.current = [...selected.current.filter((field) => object.fields.includes(field)), ...missing];
  return selected.current;
}

async function readMatching(object: ObjectModel, filter: Filter, ids: readonly string[]): Promise<string[]> {
  const found: string[] = [];
  const page = pageOf(MAXIMUM_PAGE);
  for (let at = 0; at < ids.length; at += page)
    found.push(...(await readMatchingPage(object, filter, ids.slice(at, at + page))));
  return found;
}

async function readMatchingPage(object: ObjectModel, filter: Filter, ids: readonly string[]): Promise<string[]> {
  const answer = await records<Record<string, { edges: readonly { node: { id: string } }[] }>>(
    buildDocuments({ ...object, labels: [] }, []).options,
    { filter: { and: [filter, { id: { in: ids } }] }, first: ids.length },
  );
  return answer[object.namePlural]?.edges.map((edge) => edge.node.id) ?? [];
}
