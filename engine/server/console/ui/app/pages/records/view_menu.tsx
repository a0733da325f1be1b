// The saved views of a list or a board: one is chosen, changed for oneself, and saved when it is meant.

import { Ellipsis } from "lucide-react";
import { useState } from "react";
import { useNavigate } from "react-router";

import { byField, describeFailure } from "../../api/errors.ts";
import type { ObjectModel } from "../../api/model.ts";
import { useSession } from "../../api/session_context.ts";
import { useViewChange, useViews, type View, type ViewChange, type ViewInput } from "../../api/views.ts";
import { Button } from "../../kit/button.tsx";
import { Check } from "../../kit/check.tsx";
import { Confirm } from "../../kit/confirm.tsx";
import type { Write } from "../../kit/dialog.tsx";
import { TextField } from "../../kit/field.tsx";
import { FormDialog } from "../../kit/form_dialog.tsx";
import { Menu } from "../../kit/menu.tsx";
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
  const [asked, setAsked] = useState<"saveAs" | "rename" | "delete" | null>(null);
  const { settings } = useSession();
  const navigate = useNavigate();
  const all = views.data ?? [];
  const tables = all.filter((one) => one.kind === "TABLE");
  // A board whose field is gone says so, and can be deleted.
  const boards = all.filter((one) => one.kind === "KANBAN" && (one.boardField !== null || one.missing.length > 0));
  const view = all.find((one) => one.id === viewId && one.kind === kind);
  const changed = isChanged(view);
  // The server refuses the views of others to all but those who see to the roles.
  const mayChange = view?.isMine || settings.includes("ROLES");
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

  function close(): void {
    change.reset();
    setAsked(null);
  }

  function write(next: ViewChange, done: (id: string) => void = () => undefined): void {
    change.mutate(next, {
      onSuccess: (id) => {
        setAsked(null);
        done(id);
      },
    });
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
      {view && (
        <Menu
          kind="quiet"
          label={`The view ${view.name}`}
          aria-label={`Change the view ${view.name}`}
          icon={<Ellipsis aria-hidden />}
          isDisabled={!mayChange}
          actions={[
            { id: "rename", label: "Rename or share…", onAction: () => setAsked("rename") },
            { id: "delete", label: "Delete view…", kind: "danger", onAction: () => setAsked("delete") },
          ]}
        />
      )}
      {view && changed && mayChange && (
        <Button isDisabled={change.isPending} onPress={() => change.mutate({ do: "update", id: view.id, input })}>
          {view.isMine ? "Save view" : `Save view of ${view.ownerName ?? "another"}`}
        </Button>
      )}
      {(changed || (kind === "KANBAN" && !view)) && (
        <Button kind="quiet" onPress={() => setAsked("saveAs")}>
          Save as…
        </Button>
      )}
      {change.error && asked === null && <Problem {...describeFailure(change.error, "The view was not changed.")} />}
      {view && view.missing.length > 0 && (
        <Problem kind="warn" title={`Fields of this view are gone, or no longer fit it: ${view.missing.join(", ")}.`} />
      )}
      {asked === "saveAs" && (
        <NameDialog
          title="Save the view"
          change={change}
          onClose={close}
          onSave={(name, shared) => write({ do: "create", input: { ...input, name, shared } }, onSaved)}
        />
      )}
      {asked === "rename" && view && (
        <NameDialog
          title={`Rename or share the view ${view.name}`}
          view={view}
          change={change}
          onClose={close}
          onSave={(name, shared) => write({ do: "update", id: view.id, input: { name, shared } })}
        />
      )}
      {asked === "delete" && view && (
        <Confirm
          title={`Delete the view ${view.name}?`}
          verb="Delete the view"
          act={() => change.mutateAsync({ do: "delete", id: view.id }).then(() => onChoose(undefined))}
          onClose={close}
        >
          <p>{wordsOf(view)} Nothing brings it back; the records stay as they are.</p>
        </Confirm>
      )}
    </>
  );
}

/** Return the owner of a view and all who lose it with its end. */
function wordsOf({ isMine, ownerName, shared }: View): string {
  const owner = isMine ? "The view is your own" : `The view is that of ${ownerName ?? "another"}`;
  return shared ? `${owner}, and it is shared with everyone who reads these records.` : `${owner}.`;
}

type NameDialogProps = {
  title: string;
  /** The view that gets another name; a new one unless given. */
  view?: View;
  change: Write;
  onClose(): void;
  onSave(name: string, shared: boolean): void;
};

function NameDialog({ title, view, change, onClose, onSave }: NameDialogProps) {
  const [name, setName] = useState(view?.name ?? "");
  const [shared, setShared] = useState(view?.shared ?? false);
  const problems = byField(change.error);
  return (
    <FormDialog
      title={title}
      size="small"
      submit="Save"
      onSubmit={() => name.trim() !== "" && onSave(name.trim(), shared)}
      onClose={onClose}
      write={change}
    >
      {change.error && !problems.has("name") && (
        <Problem {...describeFailure(change.error, "The view was not kept.")} />
      )}
      <TextField label="Name" value={name} onChange={setName} problem={problems.get("name")} autoFocus isRequired />
      <Check label="Shared with everyone who reads these records" isSelected={shared} onChange={setShared} />
    </FormDialog>
  );
}
