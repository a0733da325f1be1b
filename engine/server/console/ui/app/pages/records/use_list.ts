// Everything that a list of records is: its rows, columns, edits and live changes.

import { useCallback, useEffect, useLayoutEffect, useMemo, useRef, useState } from "react";

import { type Field, type ObjectModel, otherEnds, type RecordRow } from "../../api/model.ts";
import { mayDo } from "../../api/session.ts";
import { useSession } from "../../api/session_context.ts";
import { useReadRelated } from "../../api/use_read_again.ts";
import { labelOf } from "../../fields/registry.ts";
import { bothOf, buildSearch } from "../../filter/search.ts";
import type { Filter } from "../../filter/tree.ts";
import { knownFilter, useFieldsAt } from "../../filter/use_fields.ts";
import { type Column, defaultColumns, reconcile, shownFields } from "../../grid/columns.ts";
import { changedFields } from "../../grid/edits.ts";
import { type Batch, isLater, withLater } from "../../grid/live.ts";
import { cellKey, NO_MARKS, withEntries, without } from "../../grid/marks.ts";
import { buildOrderBy, knownKeys } from "../../grid/order.ts";
import { clearRows, followColumns, followRows, START } from "../../grid/selection.ts";
import { useEdits } from "../../grid/use_edits.ts";
import { useLive, useLivePause } from "../../grid/use_live.ts";
import { useRows } from "../../grid/use_rows.ts";
import { type Address, isLeft } from "./address.ts";
import { readLost, readMatching, withLost } from "./lost.ts";

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
  const readRelated = useReadRelated();
  const may = {
    create: mayDo(session, object.nameSingular, "create"),
    update: mayDo(session, object.nameSingular, "update"),
    delete: mayDo(session, object.nameSingular, "delete"),
  };
  const query = { filter, orderBy: buildOrderBy(order) };
  const rows = useRows(object, fields, query);
  const { pages, refresh } = rows;
  // The row of a new record is behind the last page.
  const focused = Math.max(0, Math.min(selection.cell.row, (rows.count ?? Number.POSITIVE_INFINITY) - 1));
  useEffect(() => pages.focus(focused), [pages, focused]);

  const renew = useCallback(() => {
    setNews({ created: 0, flood: false });
    edits.current?.setMarks((before) => ({ ...before, rows: NO_MARKS.rows }));
    refresh();
    // Of the records that are open beside the list.
    void readRelated();
  }, [refresh, readRelated]);
  // Another filter or order is another list, which is read anew: the marks are those of the one before.
  const listed = useRef(pages);
  useLayoutEffect(() => {
    listed.current = pages;
    edits.current?.setMarks((before) => (before.rows.size === 0 ? before : { ...before, rows: NO_MARKS.rows }));
  }, [pages]);
  // The focus goes where its record is after the list was read again; one that nobody has moved stays in the first row.
  const at = useRef<{ pages: object; row: number; record: RecordRow | undefined } | null>(null);
  // The rows are no state of React's: each of their changes draws the list again.
  useLayoutEffect(() => {
    const { row } = selection.cell;
    const [was, record] = [at.current, pages.row(row)];
    const left = was?.pages === pages && was.row === row && selection.cell !== START.cell ? was.record : undefined;
    if (left && left.id !== record?.id) {
      const found = pages.find((one) => one.id === left.id);
      if (found) setSelection((now) => followRows(now, row, found.index));
      // Its page may be still under way.
      if (found || pages.isReading()) return;
      void tellMoved(left);
    }
    at.current = { pages, row, record };
  });

  const edits = useRef<ReturnType<typeof useEdits> | null>(null);
  const present = useEdits({
    object,
    fields,
    pages,
    onWritten: (written, kind) => {
      if (kind === "updated") void markLost(written);
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
  async function markLost(changed: readonly RecordRow[]): Promise<void> {
    const lost = await readLost(object, pages, query, edits.current?.marks.rows ?? NO_MARKS.rows, changed);
    // An answer about the list before says nothing about this one.
    if (lost.length > 0 && listed.current === pages)
      present.setMarks((before) => ({ ...before, rows: withLost(before.rows, lost) }));
  }

  /** Tell where the focused record is if the list was read again and has it beyond the rows that are here. */
  async function tellMoved(record: RecordRow): Promise<void> {
    const found = await readMatching(object, query, [record.id]).catch(() => []);
    if (found.length > 0 && listed.current === pages)
      present.tell(`${labelOf(record, object.labels)} has another place in the order, further away`, record.id);
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
    const back: string[] = [];
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
      } else if ((action === "DELETED") === isTrash && action !== "DESTROYED") {
        if (here) back.push(row.id);
        else created++;
      }
    }
    pages.replace(withLater(updated));
    present.setMarks((before) => ({
      ...before,
      flashed: new Set([...before.flashed, ...flashed]),
      rows: withEntries(without(before.rows, back), gone),
    }));
    setTimeout(() => {
      present.setMarks((before) => ({
        ...before,
        flashed: new Set([...before.flashed].filter((key) => !flashed.includes(key))),
      }));
    }, FLASH_MILLISECONDS);
    if (created > 0) setNews((before) => ({ ...before, created: before.created + created }));
    void markLost(changed);
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
