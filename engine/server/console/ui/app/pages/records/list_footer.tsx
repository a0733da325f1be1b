// The line below a list: the number of records, the selection with its actions, and the news.

import { MOST_MERGED } from "../../api/merging.ts";
import type { BulkVerb } from "../../api/row_writes.ts";
import { shownRows } from "../../grid/grid.tsx";
import { cellKey } from "../../grid/marks.ts";
import { useRowHeight } from "../../grid/row_height.ts";
import { clearRows } from "../../grid/selection.ts";
import { Button } from "../../kit/button.tsx";
import { later } from "../../kit/later.tsx";
import { plural } from "../../kit/numbers.ts";
import type { Bulk } from "./bulk.ts";
import { BulkRemoveDialog } from "./bulk_remove_dialog.tsx";
import { DraftLine } from "./draft_line.tsx";
import { EditsNotice } from "./edits_notice.tsx";
import type { List } from "./use_list.ts";

const BulkEditDialog = later(() => import("./bulk_edit_dialog.tsx").then((part) => part.BulkEditDialog));
const MergeDialog = later(() => import("./merge_dialog.tsx").then((part) => part.MergeDialog));

/** A dialog about the selected records. */
export type BulkDialog = "edit" | "merge" | BulkVerb | null;

export type ListFooterProps = {
  list: List;
  isDrafting: boolean;
  dialog: BulkDialog;
  setDialog(dialog: BulkDialog): void;
  /** Open a record beside the list. */
  onOpen(id: string): void;
};

export function ListFooter({ list, isDrafting, dialog, setDialog, onOpen }: ListFooterProps) {
  const { rows, selection, edits, news, object, isTrash, shown } = list;
  const count = rows.count;
  const shownCount = shownRows(count ?? 0, useRowHeight());
  const chosen = selection.all ? (count ?? 0) : selection.rows.size;
  const ids = [...selection.rows];
  const bulk: Bulk = {
    // "All" may be all records of the object, for which a filter that says nothing is refused.
    filter: selection.all
      ? Object.keys(list.filter).length > 0
        ? list.filter
        : { id: { is: "NOT_NULL" } }
      : { id: { in: ids }, ...(isTrash ? { deletedAt: { is: "NOT_NULL" } } : {}) },
    count: selection.all && rows.isCounting ? undefined : chosen,
    ids: selection.all ? [] : ids,
  };
  const record = rows.pages.row(selection.cell.row);
  const field = shown[selection.cell.column]?.field;
  const refused = record && field && edits.marks.refused.get(cellKey(record.id, field.id));
  const told = edits.notice?.id;
  const close = () => setDialog(null);
  return (
    <footer className="list-footer">
      <p role="status" aria-label="Number of records">
        {count === undefined || rows.isCounting
          ? rows.error === null
            ? "Counting…"
            : "Not counted"
          : rows.isOpen
            ? `More than ${plural(count - 1, "record")}`
            : `${rows.isEstimate ? "≈ " : ""}${plural(count, "record")}`}
        {count !== undefined &&
          !rows.isCounting &&
          shownCount < count &&
          `, the first ${plural(shownCount, "record")} shown: filter them to see the others`}
      </p>
      {isDrafting && <DraftLine object={object} />}
      {refused && (
        <p role="alert" className="list-refused">
          {refused.message}
        </p>
      )}
      {chosen > 0 && (
        <div role="toolbar" aria-label="Selection" className="list-selection">
          <strong>{bulk.count === undefined ? "All records" : plural(bulk.count, "record")} selected</strong>
          {isTrash ? (
            <>
              <Button onPress={() => setDialog("restoreMany")}>Restore…</Button>
              <Button kind="danger" onPress={() => setDialog("destroyMany")}>
                Destroy…
              </Button>
            </>
          ) : (
            <>
              {list.may.update && <Button onPress={() => setDialog("edit")}>Edit…</Button>}
              {list.may.update && list.may.delete && !selection.all && chosen <= MOST_MERGED && (
                <Button onPress={() => setDialog("merge")}>Merge…</Button>
              )}
              {list.may.delete && (
                <Button
                  kind="danger"
                  onPress={() => (selection.all ? setDialog("removeMany") : void edits.move("removeMany", ids))}
                >
                  {selection.all ? "Delete…" : "Delete"}
                </Button>
              )}
            </>
          )}
          <Button kind="quiet" onPress={() => list.setSelection(clearRows)}>
            Clear
          </Button>
        </div>
      )}
      <div className="list-news" role="status">
        <EditsNotice edits={edits} />
        {told !== undefined && <Button onPress={() => onOpen(told)}>Open</Button>}
        {news.flood ? (
          <Button onPress={() => list.renew()}>Many changes · refresh</Button>
        ) : (
          news.created > 0 && <Button onPress={() => list.renew()}>{plural(news.created, "new record")} · show</Button>
        )}
      </div>
      {dialog === "edit" && <BulkEditDialog list={list} bulk={bulk} onClose={close} />}
      {dialog === "merge" && <MergeDialog list={list} selected={ids} onClose={close} />}
      {dialog !== null && dialog !== "edit" && dialog !== "merge" && (
        <BulkRemoveDialog
          bulk={bulk}
          verb={dialog}
          object={object}
          onWritten={(text) => {
            list.setSelection((before) => ({ ...before, rows: new Set(), all: false }));
            list.renew();
            edits.tell(text);
          }}
          onUnsure={list.renew}
          onClose={close}
        />
      )}
    </footer>
  );
}
