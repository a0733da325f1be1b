// The bar above a list: search, filter, order, columns, and a new record.

import {
  ArchiveRestore,
  ArrowUpDown,
  Code,
  Columns3,
  Download,
  Filter as FilterIcon,
  Plus,
  SquareKanban,
  Trash2,
  Upload,
} from "lucide-react";
import { useState } from "react";
import { Link } from "react-router";

import { hasTrash } from "../../api/model.ts";
import { root } from "../../api/place.ts";
import { useViewedRole } from "../../api/view_as.ts";
import { exportAddress, type FileForm } from "../../filter/rest.ts";
import { countConditions, parseFilter } from "../../filter/tree.ts";
import { Button } from "../../kit/button.tsx";
import { IconLink } from "../../kit/icon_link.tsx";
import { later } from "../../kit/later.tsx";
import { Menu } from "../../kit/menu.tsx";
import { Search } from "../../kit/search.tsx";
import { boardFields } from "../board/board.ts";
import { type Address, requestAddress, writeAddress } from "./address.ts";
import type { List } from "./use_list.ts";
import { ViewMenu } from "./view_menu.tsx";
import { inputOf, isChanged, type ListState, stateOf } from "./view_state.ts";

const ColumnsDialog = later(() => import("./columns_dialog.tsx").then((part) => part.ColumnsDialog));
const SortDialog = later(() => import("./sort_dialog.tsx").then((part) => part.SortDialog));

export type ListBarProps = {
  list: List;
  address: Address;
  onAddress(change: Partial<Address>, isStep?: boolean): void;
  isFilterOpen: boolean;
  onFilterOpen(open: boolean): void;
  onCreate(): void;
};

export function ListBar({ list, address, onAddress, isFilterOpen, onFilterOpen, onCreate }: ListBarProps) {
  const [open, setOpen] = useState<"columns" | "sort" | null>(null);
  const conditions = countConditions(parseFilter(address.filter));
  const { object, isTrash } = list;
  const state: ListState = { columns: list.columns, filter: list.known, order: list.order };
  return (
    <>
      {!isTrash && (
        <ViewMenu
          object={object}
          kind="TABLE"
          viewId={address.view}
          input={inputOf(state, object)}
          isChanged={(view) => isChanged(state, view, object)}
          onChoose={(view) => {
            const { columns, filter, order } = stateOf(view, object);
            list.setColumns(columns);
            onAddress({ view: view?.id ?? null, filter, order }, true);
          }}
          onSaved={(id) => onAddress({ view: id })}
        />
      )}
      <div className="list-bar" role="toolbar" aria-label="List">
        <Button
          kind="quiet"
          icon={<FilterIcon aria-hidden />}
          aria-expanded={isFilterOpen}
          onPress={() => onFilterOpen(!isFilterOpen)}
        >
          {conditions > 0 ? `Filter ${conditions}` : "Filter"}
        </Button>
        <Button kind="quiet" icon={<ArrowUpDown aria-hidden />} onPress={() => setOpen("sort")}>
          {list.order.length > 0 ? `Sort ${list.order.length}` : "Sort"}
        </Button>
        <Button kind="quiet" icon={<Columns3 aria-hidden />} onPress={() => setOpen("columns")}>
          Columns
        </Button>
      </div>
      <div className="list-end">
        <Search
          label={`Search ${object.labelPlural}`}
          value={address.search}
          onChange={(search) => onAddress({ search })}
        />
        <LiveSign list={list} />
        {isTrash ? (
          <Link className="button" to={`/records/${object.namePlural}`}>
            <ArchiveRestore aria-hidden /> All {object.labelPlural.toLowerCase()}
          </Link>
        ) : (
          <>
            <div className="list-bar">
              {boardFields(object).length > 0 && (
                <IconLink
                  to={`/records/${object.namePlural}/board?${writeAddress(new URLSearchParams(), { ...address, view: null })}`}
                  label="As a board"
                  icon={<SquareKanban aria-hidden />}
                />
              )}
              <ExportLink list={list} />
              <IconLink
                to={requestAddress(object.namePlural, address)}
                label="As a request"
                icon={<Code aria-hidden />}
              />
              {list.may.create && (
                <IconLink to={`/records/${object.namePlural}/import`} label="Import" icon={<Upload aria-hidden />} />
              )}
              {hasTrash(object) && (
                <IconLink to={`/records/${object.namePlural}/trash`} label="Trash" icon={<Trash2 aria-hidden />} />
              )}
            </div>
            {list.may.create && (
              <Button kind="primary" icon={<Plus aria-hidden />} onPress={onCreate}>
                {object.labelSingular}
              </Button>
            )}
          </>
        )}
      </div>
      {open === "columns" && <ColumnsDialog list={list} onClose={() => setOpen(null)} />}
      {open === "sort" && (
        <SortDialog list={list} onChange={(order) => onAddress({ order })} onClose={() => setOpen(null)} />
      )}
    </>
  );
}

const NO_SPELLING =
  "An export has no spelling for this filter: several conditions on one related record, or a filter within an aggregate. " +
  "“As a request” shows how a program reads these records.";
const NO_ROLE = "A file would have your own rights, and not those of the role that you view: stop viewing it first.";

/** The records of the list as a file of either form: its filter, its order, its columns, and all of its rows. */
function ExportLink({ list }: { list: List }) {
  const shown = list.shown.map(({ field }) => field);
  const addressOf = (form: FileForm) => exportAddress(list.object.namePlural, list.filter, list.order, shown, form);
  const [csv, jsonl] = [addressOf("csv"), addressOf("jsonl")];
  const isViewed = useViewedRole() !== null;
  if (isViewed || csv === null || jsonl === null) {
    return (
      <Button
        kind="quiet"
        icon={<Download aria-hidden />}
        aria-label="Export"
        onPress={() => list.edits.tell(isViewed ? NO_ROLE : NO_SPELLING)}
      />
    );
  }
  return (
    <Menu
      kind="quiet"
      icon={<Download aria-hidden />}
      aria-label="Export"
      label="Export"
      actions={[
        { id: "csv", label: "As CSV", file: root + csv },
        { id: "jsonl", label: "As JSON Lines", file: root + jsonl },
      ]}
    />
  );
}

function LiveSign({ list }: { list: List }) {
  const { hasBegun, refusal, isPaused } = list.live;
  const hasNone = useViewedRole() !== null || refusal !== null;
  const text = hasNone ? "no live updates" : isPaused ? "Live updates paused" : hasBegun ? "live" : "connecting…";
  return (
    <span
      className="list-live"
      role="status"
      data-off={hasNone || isPaused || !hasBegun ? "" : undefined}
      title={refusal ?? undefined}
    >
      {text}
    </span>
  );
}
