// A list of records: the bar, the filter, the grid and the record that is open beside it.

import { type KeyboardEvent, useRef, useState } from "react";
import { useNavigate } from "react-router";

import type { Field, ObjectModel, RecordRow } from "../../api/model.ts";
import type { Then } from "../../fields/editors/editing.ts";
import { isEditable, refusalOf } from "../../fields/registry.ts";
import { FilterChips } from "../../filter/chips.tsx";
import { buildFilter } from "../../filter/tree.ts";
import { useFieldsAt } from "../../filter/use_fields.ts";
import { useFilterRows } from "../../filter/use_filter_rows.ts";
import { CellEditor } from "../../grid/cell_editor.tsx";
import type { Column } from "../../grid/columns.ts";
import { cellKey } from "../../grid/marks.ts";
import { focus, moveAcross } from "../../grid/selection.ts";
import { Button } from "../../kit/button.tsx";
import { later } from "../../kit/later.tsx";
import { Page } from "../../kit/page.tsx";
import { Problem } from "../../kit/problem.tsx";
import { RecordPanels } from "../record/panels.tsx";
import { ConflictDialog } from "./conflict_dialog.tsx";
import { EmptyList } from "./empty_list.tsx";
import { ListBar } from "./list_bar.tsx";
import { type BulkDialog, ListFooter } from "./list_footer.tsx";
import { PasteDialog } from "./paste_dialog.tsx";
import { RecordsGrid } from "./records_grid.tsx";
import { useAddress } from "./use_address.ts";
import { DRAFT_ID, useDraft } from "./use_draft.ts";
import { useGestures } from "./use_gestures.ts";
import { useList } from "./use_list.ts";
import "./records.css";

const FilterBuilder = later(() => import("../../filter/builder.tsx").then((part) => part.FilterBuilder));

export type Editing = { row: number; column: number; record: RecordRow; field: Field; text: string | null };

export type RecordsPageProps = {
  object: ObjectModel;
  isTrash: boolean;
  /** The columns that the list begins with; the usual ones unless given. */
  columns?: readonly Column[];
};

export function RecordsPage({ object, isTrash, columns }: RecordsPageProps) {
  const [address, setAddress] = useAddress();
  const navigate = useNavigate();
  const list = useList(object, address, isTrash, columns);
  const gridRef = useRef<HTMLDivElement | null>(null);
  const [editing, setEditing] = useState<Editing | null>(null);
  const [isFilterOpen, setFilterOpen] = useState(false);
  const [dialog, setDialog] = useState<BulkDialog>(null);
  const fieldsAt = useFieldsAt(object, address.filter);
  const [rows, setRows] = useFilterRows(address.filter, fieldsAt);
  const draft = useDraft(list);
  const { edits, rows: read } = list;
  const gestures = useGestures(list, {
    edit: (row, column, text) => {
      const record = row === list.rows.count ? draft.row : list.rows.pages.row(row);
      const field = list.shown[column]?.field;
      if (!record || !field || isTrash || !isEditable(field)) return;
      const refusal = refusalOf(field, record.id === DRAFT_ID ? "create" : "update");
      if (refusal !== null) {
        edits.fail(refusal);
        return;
      }
      const refused = list.edits.marks.refused.get(cellKey(record.id, field.id));
      setEditing({ row, column, record: list.edits.shown(record), field, text: text ?? refused?.text ?? null });
    },
    open: ({ id }) => open(id),
    openPage: (record) => void navigate(`/records/${object.namePlural}/${record.id}`),
    create,
    dropDraft: draft.drop,
    removeAll: () => setDialog("removeMany"),
  });

  function open(id: string): void {
    setAddress({ open: [{ plural: null, id }] }, true);
  }

  // The form is another new record: the one in the last row is left.
  function create(): void {
    draft.leave();
    setAddress({ open: [{ plural: null, id: "new" }] }, true);
  }

  function endEdit(then: Then): void {
    const size = { rows: (list.rows.count ?? 0) + 1, columns: list.shown.length };
    setEditing(null);
    gridRef.current?.focus({ preventScroll: true });
    if (then === "stay") return;
    list.setSelection((before) => focus(before, moveAcross(before.cell, then === "next" ? 1 : -1, size), false));
  }

  function save({ record, field: begun }: Editing, value: unknown, then: Then, text: string): void {
    endEdit(then);
    // Another may have renamed the field since the edit began: the record has its value under the new name.
    const field = list.object.fields.find(({ id }) => id === begun.id);
    if (field === undefined) {
      edits.fail(`The field ${begun.label} is gone: your value was ${text || "none"}.`);
      return;
    }
    if (record.id === DRAFT_ID) {
      draft.put(field, value, then === "stay");
      return;
    }
    const renamed = field.name === begun.name ? undefined : list.rows.pages.find(({ id }) => id === record.id)?.row;
    void list.edits.write(`Changed ${field.label}`, [{ record: renamed ?? record, field, value, text }]);
  }

  /** Show the record before or behind the one that is open beside the list. */
  async function openNext(step: 1 | -1): Promise<void> {
    const [one, ...others] = address.open;
    const place = others.length === 0 && one?.plural === null && list.rows.pages.find((row) => row.id === one.id);
    const next = place ? place.index + step : -1;
    if (next < 0 || next >= (list.rows.count ?? 0)) return;
    await list.rows.pages.load(next, next);
    const row = list.rows.pages.row(next);
    if (!row) return;
    list.setSelection((before) => focus(before, { ...before.cell, row: next }, false));
    setAddress({ open: [{ plural: null, id: row.id }] });
  }

  function onStep(event: KeyboardEvent): void {
    const step = event.altKey && { ArrowUp: -1 as const, ArrowDown: 1 as const }[event.key];
    if (!step || event.target instanceof HTMLInputElement || event.target instanceof HTMLTextAreaElement) return;
    event.preventDefault();
    openNext(step).catch((error: unknown) => list.edits.fail(String(error)));
  }

  const isEmpty = read.isExact && read.count === 0;
  return (
    <Page
      title={isTrash ? `${object.labelPlural} in the trash` : object.labelPlural}
      isFlush
      bar={
        <ListBar
          list={list}
          address={address}
          onAddress={setAddress}
          isFilterOpen={isFilterOpen}
          onFilterOpen={setFilterOpen}
          onCreate={create}
        />
      }
    >
      {isFilterOpen && (
        <FilterBuilder
          rows={rows}
          fieldsAt={fieldsAt}
          onChange={(next) => {
            setRows(next);
            setAddress({ filter: buildFilter(next) });
          }}
          onClose={() => setFilterOpen(false)}
        />
      )}
      <FilterChips filter={address.filter} fieldsAt={fieldsAt} onChange={(filter) => setAddress({ filter })} />
      {read.error instanceof Error && <Problem title="The records cannot be read." text={read.error.message} />}
      {edits.problem && (
        <Problem {...edits.problem}>
          <Button onPress={edits.dropProblem}>Close</Button>
        </Problem>
      )}
      {/* biome-ignore lint/a11y/noStaticElementInteractions: keys of the grid and of the panel, which have the focus. */}
      <div className="records" onKeyDown={onStep}>
        <div className="records-list">
          {isEmpty && !read.error ? (
            <EmptyList list={list} address={address} onAddress={setAddress} onCreate={create} fieldsAt={fieldsAt} />
          ) : (
            <RecordsGrid list={list} gridRef={gridRef} gestures={gestures} draft={draft} onAddress={setAddress} />
          )}
          <ListFooter list={list} isDrafting={!draft.isEmpty} dialog={dialog} setDialog={setDialog} onOpen={open} />
        </div>
        <RecordPanels
          object={object}
          open={address.open}
          onOpen={(open, isStep) => setAddress({ open }, isStep)}
          onWritten={() => list.renew()}
        />
      </div>
      {editing && (
        <CellEditor
          key={cellKey(editing.record.id, editing.field.id)}
          field={editing.field}
          record={editing.record}
          present={edits.shown(read.pages.find((row) => row.id === editing.record.id)?.row ?? editing.record)}
          text={editing.text}
          refusal={edits.marks.refused.get(cellKey(editing.record.id, editing.field.id))?.message}
          label={`${editing.field.label} of ${list.nameOf(editing.record)}`}
          onSave={(value, then, text) => save(editing, value, then, text)}
          onCancel={() => {
            edits.dropRefusal(cellKey(editing.record.id, editing.field.id));
            endEdit("stay");
          }}
        />
      )}
      {edits.conflict && <ConflictDialog conflict={edits.conflict} edits={edits} />}
      <PasteDialog gestures={gestures} />
    </Page>
  );
}
