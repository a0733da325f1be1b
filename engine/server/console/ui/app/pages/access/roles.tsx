// The roles of the workspace.

import { Plus } from "lucide-react";
import { useState } from "react";
import { useNavigate } from "react-router";

import { type Role, useRoles } from "../../api/access.ts";
import { useSession } from "../../api/session_context.ts";
import { settingsInWords } from "../../api/setting_words.ts";
import { useModelChanged } from "../../api/use_model_changed.ts";
import { useReadAgain } from "../../api/use_read_again.ts";
import { viewAs } from "../../api/view_as.ts";
import { Button } from "../../kit/button.tsx";
import { Chip } from "../../kit/chip.tsx";
import { Problem } from "../../kit/problem.tsx";
import { type Column, Table } from "../../kit/table.tsx";
import { ChangeDialog } from "../../plan/change_dialog.tsx";
import { RoleDialog } from "./role_dialog.tsx";

type Shown = { kind: "new" } | { kind: "edit"; role: Role } | { kind: "delete"; role: Role } | null;

export function Roles() {
  const session = useSession();
  const navigate = useNavigate();
  const readAgain = useReadAgain("access");
  const changed = useModelChanged();
  const [shown, setShown] = useState<Shown>(null);
  const roles = useRoles();

  async function done() {
    setShown(null);
    await readAgain();
    await changed();
  }

  const columns: Column<Role>[] = [
    {
      id: "label",
      title: "Role",
      cell: (role) => (
        <Button kind="quiet" onPress={() => setShown({ kind: "edit", role })}>
          {role.label}
        </Button>
      ),
    },
    { id: "name", title: "Name", cell: ({ name }) => <code>{name}</code> },
    { id: "parents", title: "Inherits", cell: ({ parents }) => parents.join(", ") || "—" },
    { id: "objects", title: "Own objects", isNumber: true, cell: ({ grants }) => grants.length },
    {
      id: "settings",
      title: "Administration",
      cell: ({ settings }) => settingsInWords(settings),
    },
    {
      id: "view",
      title: "View as",
      cell: ({ name, label }) =>
        session.settings.includes("IMPERSONATE") && (
          <Button
            kind="quiet"
            aria-label={`View as ${label}`}
            onPress={() => {
              viewAs(name);
              void navigate("/records");
            }}
          >
            View as
          </Button>
        ),
    },
    {
      id: "kind",
      title: "Kind",
      cell: (role) =>
        role.isSystem ? (
          <Chip>standard</Chip>
        ) : (
          <Button kind="quiet" aria-label={`Delete ${role.label}`} onPress={() => setShown({ kind: "delete", role })}>
            Delete…
          </Button>
        ),
    },
  ];

  return (
    <>
      <div className="access-head">
        <p>A role has the rights of the keys, people and webhooks that are bound to it.</p>
        <Button kind="primary" icon={<Plus aria-hidden />} onPress={() => setShown({ kind: "new" })}>
          Role
        </Button>
      </div>
      {roles.error && <Problem title="The roles cannot be read." text={roles.error.message} />}
      {roles.data && <Table label="Roles" columns={columns} rows={roles.data} idOf={({ id }) => id} />}
      {roles.data && (shown?.kind === "new" || shown?.kind === "edit") && (
        <RoleDialog
          role={shown.kind === "edit" ? shown.role : null}
          roles={roles.data}
          onClose={() => setShown(null)}
          onDone={() => void done()}
        />
      )}
      {shown?.kind === "delete" && (
        <ChangeDialog
          title={`Delete the role ${shown.role.label}`}
          changes={() => [{ deleteRole: { id: shown.role.name } }]}
          typed={shown.role.name}
          onClose={() => setShown(null)}
          onDone={() => void done()}
        />
      )}
    </>
  );
}
