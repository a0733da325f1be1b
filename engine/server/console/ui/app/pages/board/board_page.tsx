// The records of an object as a board.

import { useQueryClient } from "@tanstack/react-query";
import { Table2 } from "lucide-react";
import { Link, useNavigate, useSearchParams } from "react-router";

import { describeFailure } from "../../api/errors.ts";
import { areaOf } from "../../api/keys.ts";
import type { Field, ObjectModel, RecordRow } from "../../api/model.ts";
import { readAgain } from "../../api/read_again.ts";
import { useScope } from "../../api/session_context.ts";
import { typeOf } from "../../fields/registry.ts";
import { FilterChips } from "../../filter/chips.tsx";
import { bothOf, buildSearch } from "../../filter/search.ts";
import { knownFilter, useFieldsAt } from "../../filter/use_fields.ts";
import { buildOrderBy, knownKeys } from "../../grid/order.ts";
import { unsavedOf } from "../../grid/unsaved_edits.ts";
import { useLive } from "../../grid/use_live.ts";
import { Button } from "../../kit/button.tsx";
import { Page } from "../../kit/page.tsx";
import { Problem } from "../../kit/problem.tsx";
import { Search } from "../../kit/search.tsx";
import { Select } from "../../kit/select.tsx";
import { useUnsaved } from "../../kit/unsaved.ts";
import { RecordPanels } from "../record/panels.tsx";
import { isLeft, writeAddress } from "../records/address.ts";
import { useAddress } from "../records/use_address.ts";
import { ViewMenu } from "../records/view_menu.tsx";
import { boardAddress, boardInputOf, isBoardChanged } from "../records/view_state.ts";
import { boardFields, columnsOf } from "./board.ts";
import { Column } from "./column.tsx";
import { type Board, type Total, useMoves, useTotals } from "./use_board.ts";
import "./board.css";

/** Values of a record that its card shows beside its name. */
const ON_CARD = 3;
const NONE: Total = { count: 0, sum: null };

export function BoardPage({ object, field }: { object: ObjectModel; field: Field }) {
  const [address, setAddress] = useAddress();
  const [, setParameters] = useSearchParams();
  const scope = useScope();
  const client = useQueryClient();
  const navigate = useNavigate();
  const order = knownKeys(address.order, object);
  const fieldsAt = useFieldsAt(object, address.filter);
  const known = knownFilter(address.filter, fieldsAt);
  const own = object.fields.filter((one) => !one.isSystem);
  const labels = object.labels.map(({ name }) => name);
  const onCard = own
    .filter((one) => one.id !== field.id && !labels.includes(one.name) && one.relation === null && typeOf(one).shown)
    .slice(0, ON_CARD);
  const board: Board = {
    object,
    field,
    shown: [...own.filter(({ name }) => labels.includes(name)), field, ...onCard],
    filter: bothOf(known, buildSearch(address.search, own)),
    orderBy: buildOrderBy(order),
  };
  const state = boardInputOf(field.name, known, order);
  const totals = useTotals(board);
  const moves = useMoves(board);
  const unsaved = unsavedOf(moves.under.size, 0, moves.error && "told");
  useUnsaved(unsaved && { ...unsaved, isLeft: (step) => isLeft(step, null) });
  const refresh = () => void readAgain(client, areaOf(scope, "records", object.namePlural));
  useLive(object, board.shown, refresh, refresh);
  const columns = columnsOf(field);
  const list = writeAddress(new URLSearchParams(), { ...address, view: null });

  /** The row of a dropped card, as one of the columns has it. */
  function find(id: string): RecordRow | undefined {
    const pages = client.getQueriesData<{ pages: { edges: { node: RecordRow }[] }[] }>({
      queryKey: [...areaOf(scope, "records", object.namePlural), "board"],
      // Those under other names or another filter are not read again.
      type: "active",
    });
    return pages
      .flatMap(([, data]) => data?.pages ?? [])
      .flatMap(({ edges }) => edges)
      .find(({ node }) => node.id === id)?.node;
  }

  return (
    <Page
      title={object.labelPlural}
      isFlush
      bar={
        <div className="page-actions">
          <ViewMenu
            object={object}
            kind="KANBAN"
            viewId={address.view}
            input={state}
            isChanged={(view) => isBoardChanged(state, view, object)}
            onChoose={(view) => void navigate(view ? boardAddress(view, object) : `?by=${field.name}`)}
            onSaved={(id) => setAddress({ view: id })}
          />
          <div className="board-by">
            <Select
              label="Columns by"
              value={field.name}
              choices={boardFields(object).map(({ name, label }) => ({ id: name, label }))}
              onChange={(by) =>
                setParameters((before) => {
                  const next = new URLSearchParams(before);
                  next.set("by", by);
                  return next;
                })
              }
            />
          </div>
          <Search
            label={`Search ${object.labelPlural}`}
            value={address.search}
            onChange={(search) => setAddress({ search })}
          />
          <Link className="button" data-kind="quiet" to={`/records/${object.namePlural}?${list}`}>
            <Table2 aria-hidden /> Table
          </Link>
        </div>
      }
    >
      {totals.error && <Problem title="The numbers of the columns cannot be read." text={totals.error.message} />}
      {moves.error && (
        <Problem {...describeFailure(moves.error, "The card was not moved.")}>
          <Button onPress={moves.drop}>Close</Button>
        </Problem>
      )}
      <FilterChips filter={address.filter} fieldsAt={fieldsAt} onChange={(filter) => setAddress({ filter })} />
      <div className="board">
        {/* biome-ignore lint/a11y/noNoninteractiveTabindex: columns that are wider than the window are scrolled by keys */}
        <section className="board-columns" aria-label="Columns" tabIndex={0}>
          {columns.map((column) => (
            <Column
              key={column.value ?? ""}
              board={board}
              column={column}
              columns={columns}
              total={totals.data && (totals.data.get(column.value) ?? NONE)}
              fields={onCard}
              moves={moves}
              onOpen={(id) => setAddress({ open: [{ plural: null, id }] }, true)}
              onDropped={(id) => {
                const row = find(id);
                if (row === undefined) return;
                // The column in which it is seen, which is not yet its own while a move is under way.
                const { value } = moves.under.get(id) ?? { value: row[field.name] ?? null };
                if (value !== column.value) moves.move({ row, value: column.value });
              }}
            />
          ))}
        </section>
        <RecordPanels
          object={object}
          open={address.open}
          onOpen={(open, isStep) => setAddress({ open }, isStep)}
          onWritten={refresh}
        />
      </div>
    </Page>
  );
}
