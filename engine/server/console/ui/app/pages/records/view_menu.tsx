// The saved views of a list: one is chosen, changed for oneself, and saved when it is meant.

import { useState } from "react";
import { useNavigate } from "react-router";

import { useViewChange, useViews, type View } from "../../api/views.ts";
import { Button } from "../../kit/button.tsx";
import { Dialog } from "../../kit/dialog.tsx";
import { TextField } from "../../kit/field.tsx";
import { Problem } from "../../kit/problem.tsx";
import type { Address } from "./address.ts";
import type { List } from "./use_list.ts";
import { boardAddress, inputOf, isChanged, type ListState, stateOf } from "./view_state.ts";

export type ViewMenuProps = {
  list: List;
  address: Address;
  onAddress(change: Partial<Address>, isStep?: boolean): void;
};

export function ViewMenu({ list, address, onAddress }: ViewMenuProps) {
  const { object } = list;
  const views = useViews(object);
  const change = useViewChange(object);
  const [isNaming, setNaming] = useState(false);
  const navigate = useNavigate();
  const tables = (views.data ?? []).filter((view) => view.kind === "TABLE");
  const boards = (views.data ?? []).filter((view) => view.kind === "KANBAN" && view.boardField !== null);
  const view = tables.find((one) => one.id === address.view);
  const state: ListState = { columns: list.columns, filter: address.filter, order: list.order };
  const changed = isChanged(state, view, object);

  function choose(next: View | undefined): void {
    const { columns, filter, order } = stateOf(next, object);
    list.setColumns(columns);
    onAddress({ view: next?.id ?? null, filter, order }, true);
  }

  return (
    <>
      <select
        className="view-menu"
        aria-label="View"
        value={view?.id ?? ""}
        onChange={(event) => {
          const board = boards.find((one) => one.id === event.target.value);
          if (board) void navigate(boardAddress(board, object));
          else choose(tables.find((one) => one.id === event.target.value));
        }}
      >
        <option value="">{`All ${object.labelPlural.toLowerCase()}${changed && !view ? "*" : ""}`}</option>
        {tables.map((one) => (
          <option key={one.id} value={one.id}>
            {one.name}
            {one.id === view?.id && changed ? "*" : ""}
            {one.isMine ? "" : ` · ${one.ownerName ?? "shared"}`}
          </option>
        ))}
        {boards.length > 0 && (
          <optgroup label="Boards">
            {boards.map((one) => (
              <option key={one.id} value={one.id}>
                {one.name}
              </option>
            ))}
          </optgroup>
        )}
      </select>
      {view && changed && (
        <Button
          isDisabled={change.isPending}
          onPress={() => change.mutate({ do: "update", id: view.id, input: inputOf(state, object) })}
        >
          {view.isMine ? "Save view" : `Save view of ${view.ownerName ?? "another"}`}
        </Button>
      )}
      {changed && (
        <Button kind="quiet" onPress={() => setNaming(true)}>
          Save as…
        </Button>
      )}
      {view && !changed && (
        <Button
          kind="quiet"
          isDisabled={change.isPending}
          onPress={() => change.mutate({ do: "delete", id: view.id }, { onSuccess: () => choose(undefined) })}
        >
          Delete view
        </Button>
      )}
      {change.error && !isNaming && <Problem title="The view was not changed." text={change.error.message} />}
      {view && view.missing.length > 0 && (
        <Problem kind="warn" title={`Fields of this view are gone: ${view.missing.join(", ")}.`} />
      )}
      {isNaming && (
        <NameDialog
          problem={change.error?.message}
          onClose={() => {
            change.reset();
            setNaming(false);
          }}
          onSave={(name, shared) =>
            change.mutate(
              { do: "create", input: { ...inputOf(state, object), name, shared } },
              {
                onSuccess: (id) => {
                  setNaming(false);
                  onAddress({ view: id });
                },
              },
            )
          }
        />
      )}
    </>
  );
}

type NameDialogProps = { problem: string | undefined; onClose(): void; onSave(name: string, shared: boolean): void };

function NameDialog({ problem, onClose, onSave }: NameDialogProps) {
  const [name, setName] = useState("");
  const [shared, setShared] = useState(false);
  return (
    <Dialog
      title="Save the view"
      size="small"
      onClose={onClose}
      actions={
        <>
          <Button onPress={onClose}>Cancel</Button>
          <Button kind="primary" isDisabled={name.trim() === ""} onPress={() => onSave(name.trim(), shared)}>
            Save
          </Button>
        </>
      }
    >
      <TextField label="Name" value={name} onChange={setName} problem={problem} autoFocus />
      <label>
        <input type="checkbox" checked={shared} onChange={(event) => setShared(event.target.checked)} /> Shared with
        everyone who reads these records
      </label>
    </Dialog>
  );
}
