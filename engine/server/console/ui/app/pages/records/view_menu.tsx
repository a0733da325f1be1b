// The saved views of a list or a board: one is chosen, changed for oneself, and saved when it is meant.

import { useState } from "react";
import { useNavigate } from "react-router";

import type { ObjectModel } from "../../api/model.ts";
import { useViewChange, useViews, type View, type ViewInput } from "../../api/views.ts";
import { Button } from "../../kit/button.tsx";
import { Check } from "../../kit/check.tsx";
import { TextField } from "../../kit/field.tsx";
import { FormDialog } from "../../kit/form_dialog.tsx";
import { Problem } from "../../kit/problem.tsx";
import { InlineSelect } from "../../kit/select.tsx";
import { boardAddress } from "./view_state.ts";

export type ViewMenuProps = {
  object: ObjectModel;
  /** The views of the kind that the page shows, and the others lead to their page. */
  kind: "TABLE" | "KANBAN";
  viewId: string | null;
  /** The members of a view that would keep the page as it is. */
  input: ViewInput;
  isChanged(view: View | undefined): boolean;
  /** Show the page as a view of its kind has it, or as it is without one. */
  onChoose(view: View | undefined): void;
  onSaved(id: string): void;
};

export function ViewMenu({ object, kind, viewId, input, isChanged, onChoose, onSaved }: ViewMenuProps) {
  const views = useViews(object);
  const change = useViewChange(object);
  const [isNaming, setNaming] = useState(false);
  const navigate = useNavigate();
  const all = views.data ?? [];
  const tables = all.filter((one) => one.kind === "TABLE");
  const boards = all.filter((one) => one.kind === "KANBAN" && one.boardField !== null);
  const view = all.find((one) => one.id === viewId && one.kind === kind);
  const changed = isChanged(view);
  const none = kind === "TABLE" ? `All ${object.labelPlural.toLowerCase()}` : "Board";
  const choiceOf = (one: View) => ({
    id: one.id,
    label: `${one.name}${one.id === view?.id && changed ? "*" : ""}${one.isMine ? "" : ` · ${one.ownerName ?? "shared"}`}`,
  });

  function choose(next: View | undefined): void {
    if (next === undefined || next.kind === kind) onChoose(next);
    else
      void navigate(
        next.kind === "KANBAN" ? boardAddress(next, object) : `/records/${object.namePlural}?view=${next.id}`,
      );
  }

  return (
    <>
      <InlineSelect
        label="View"
        value={view?.id ?? ""}
        choices={[
          { id: "", label: `${none}${changed && !view ? "*" : ""}` },
          ...(kind === "TABLE" ? tables.map(choiceOf) : []),
          ...(boards.length > 0 ? [{ label: "Boards", choices: boards.map(choiceOf) }] : []),
          ...(kind === "KANBAN" && tables.length > 0 ? [{ label: "Tables", choices: tables.map(choiceOf) }] : []),
        ]}
        onChange={(id) => choose(all.find((one) => one.id === id))}
      />
      {view && changed && (
        <Button isDisabled={change.isPending} onPress={() => change.mutate({ do: "update", id: view.id, input })}>
          {view.isMine ? "Save view" : `Save view of ${view.ownerName ?? "another"}`}
        </Button>
      )}
      {(changed || (kind === "KANBAN" && !view)) && (
        <Button kind="quiet" onPress={() => setNaming(true)}>
          Save as…
        </Button>
      )}
      {view && !changed && (
        <Button
          kind="quiet"
          isDisabled={change.isPending}
          onPress={() => change.mutate({ do: "delete", id: view.id }, { onSuccess: () => onChoose(undefined) })}
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
            change.isPending ||
            change.mutate(
              { do: "create", input: { ...input, name, shared } },
              {
                onSuccess: (id) => {
                  setNaming(false);
                  onSaved(id);
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
    <FormDialog
      title="Save the view"
      size="small"
      submit="Save"
      onSubmit={() => name.trim() !== "" && onSave(name.trim(), shared)}
      onClose={onClose}
    >
      <TextField label="Name" value={name} onChange={setName} problem={problem} autoFocus isRequired />
      <Check label="Shared with everyone who reads these records" isSelected={shared} onChange={setShared} />
    </FormDialog>
  );
}
