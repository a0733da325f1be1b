// The API keys of the workspace.

import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Check as CheckIcon, Copy, Plus } from "lucide-react";
import { type FormEvent, useState } from "react";

import { type ApiKey, type CreatedKey, createKey, readKeys, readRoles, revokeKey } from "../../api/access.ts";
import { byField } from "../../api/errors.ts";
import { areaOf, keyOf } from "../../api/keys.ts";
import { useScope, useSession } from "../../api/session_context.ts";
import { Button } from "../../kit/button.tsx";
import { Chip } from "../../kit/chip.tsx";
import { Dialog } from "../../kit/dialog.tsx";
import { TextField } from "../../kit/field.tsx";
import { Problem } from "../../kit/problem.tsx";
import { Select } from "../../kit/select.tsx";
import type { Column } from "../../kit/table.tsx";
import { Confirm } from "./confirm.tsx";
import { Paged, timeOf } from "./paged.tsx";

const DAY_MS = 86_400_000;
const LIVES = [
  { id: "30", label: "30 days" },
  { id: "90", label: "90 days" },
  { id: "365", label: "a year" },
  { id: "", label: "until it is revoked" },
] as const;

export function Keys() {
  const [isAdding, setAdding] = useState(false);
  const [revoked, setRevoked] = useState<ApiKey | null>(null);
  const columns: Column<ApiKey>[] = [
    { id: "name", title: "Name", cell: ({ name }) => name },
    { id: "prefix", title: "Begins with", cell: ({ prefix }) => <code>{prefix}</code> },
    { id: "role", title: "Role", cell: ({ role }) => role },
    { id: "created", title: "Created", cell: ({ createdAt }) => timeOf(createdAt) },
    { id: "used", title: "Last used", cell: ({ lastUsedAt }) => timeOf(lastUsedAt) },
    { id: "expires", title: "Until", cell: ({ expiresAt }) => timeOf(expiresAt) },
    {
      id: "state",
      title: "State",
      cell: (key) =>
        key.revokedAt === null ? (
          <Button kind="quiet" aria-label={`Revoke ${key.name}`} onPress={() => setRevoked(key)}>
            Revoke…
          </Button>
        ) : (
          <Chip color="red">revoked</Chip>
        ),
    },
  ];
  return (
    <>
      <div className="access-head">
        <p>A program sends its key with each request. It has the rights of the key's role.</p>
        <Button kind="primary" icon={<Plus aria-hidden />} onPress={() => setAdding(true)}>
          Key
        </Button>
      </div>
      <Paged label="Keys" name="keys" columns={columns} read={readKeys} />
      {isAdding && <NewKey onClose={() => setAdding(false)} />}
      {revoked && (
        <Confirm
          title={`Revoke the key ${revoked.name}?`}
          verb="Revoke the key"
          act={() => revokeKey(revoked.id)}
          onClose={() => setRevoked(null)}
        >
          <p>Programs that use it are refused within a second, and its sessions end.</p>
        </Confirm>
      )}
    </>
  );
}

function NewKey({ onClose }: { onClose: () => void }) {
  const client = useQueryClient();
  const scope = useScope();
  const session = useSession();
  const [name, setName] = useState("");
  const [role, setRole] = useState(session.role);
  const [days, setDays] = useState<(typeof LIVES)[number]["id"]>("90");
  const roles = useQuery({
    queryKey: keyOf(scope, "access", null, "roles"),
    queryFn: ({ signal }) => readRoles(signal),
    enabled: session.settings.includes("ROLES"),
  });
  const making = useMutation({
    mutationFn: () =>
      createKey({
        name,
        role,
        expiresAt: days === "" ? null : new Date(Date.now() + Number(days) * DAY_MS).toISOString(),
      }),
    onSuccess: () => client.invalidateQueries({ queryKey: areaOf(scope, "access") }),
  });
  if (making.data) {
    return <Token made={making.data} onClose={onClose} />;
  }
  const problems = byField(making.error);
  const names = [...new Set([session.role, ...(roles.data ?? []).map((one) => one.name)])];

  function submit(event: FormEvent) {
    event.preventDefault();
    if (!making.isPending) {
      making.mutate();
    }
  }

  return (
    <Dialog
      title="New key"
      isForm
      onClose={onClose}
      actions={
        <>
          <Button onPress={onClose}>Cancel</Button>
          <Button type="submit" form="new-key" kind="primary">
            Create
          </Button>
        </>
      }
    >
      <form id="new-key" className="change-form" onSubmit={submit}>
        {making.error && !problems.has("name") && <Problem title="The key was not made." text={making.error.message} />}
        <TextField label="Name" value={name} onChange={setName} problem={problems.get("name")} autoFocus isRequired />
        <div className="change-row">
          <Select label="Role" value={role} choices={names.map((id) => ({ id, label: id }))} onChange={setRole} />
          <Select label="Valid for" value={days} choices={LIVES} onChange={setDays} />
        </div>
      </form>
    </Dialog>
  );
}

function Token({ made, onClose }: { made: CreatedKey; onClose: () => void }) {
  const [isCopied, setCopied] = useState(false);
  return (
    <Dialog
      title={`The key ${made.name}`}
      isForm
      onClose={onClose}
      actions={
        <>
          <Button
            icon={isCopied ? <CheckIcon aria-hidden /> : <Copy aria-hidden />}
            onPress={() => void navigator.clipboard.writeText(made.token).then(() => setCopied(true))}
          >
            {isCopied ? "Copied" : "Copy"}
          </Button>
          <Button kind="primary" onPress={onClose}>
            Done
          </Button>
        </>
      }
    >
      <p>This is the only time that the key is shown: the server keeps a hash of it.</p>
      <code className="access-token">{made.token}</code>
    </Dialog>
  );
}
