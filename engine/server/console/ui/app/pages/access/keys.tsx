// The API keys of the workspace.

import { Plus } from "lucide-react";
import { useState } from "react";

import { type ApiKey, readKeys, revokeKey } from "../../api/access.ts";
import { useReadAgain } from "../../api/use_read_again.ts";
import { Button } from "../../kit/button.tsx";
import { Chip } from "../../kit/chip.tsx";
import { Confirm } from "../../kit/confirm.tsx";
import type { Column } from "../../kit/table.tsx";
import { Time } from "../../kit/time.tsx";
import { NewKey } from "./new_key.tsx";
import { Paged } from "./paged.tsx";
import { RotateKey } from "./rotate_key.tsx";

export function Keys() {
  const readAgain = useReadAgain("access");
  const [isAdding, setAdding] = useState(false);
  const [revoked, setRevoked] = useState<ApiKey | null>(null);
  const [rotated, setRotated] = useState<ApiKey | null>(null);
  const columns: Column<ApiKey>[] = [
    {
      id: "name",
      title: "Name",
      cell: ({ name, prefix }) => (
        <>
          {name} <code className="access-prefix">{prefix}…</code>
        </>
      ),
    },
    { id: "role", title: "Role", cell: ({ role }) => role },
    { id: "created", title: "Created", cell: ({ createdAt }) => <Time at={createdAt} /> },
    { id: "used", title: "Last used", cell: ({ lastUsedAt }) => <Time at={lastUsedAt} /> },
    { id: "expires", title: "Until", cell: ({ expiresAt }) => <Time at={expiresAt} /> },
    { id: "networks", title: "From", cell: ({ networks }) => networks?.join(", ") || "everywhere" },
    {
      id: "state",
      title: "State",
      cell: (key) =>
        key.revokedAt === null ? (
          <span className="access-cell">
            <Button kind="quiet" aria-label={`Rotate ${key.name}`} onPress={() => setRotated(key)}>
              Rotate…
            </Button>
            <Button kind="quiet" aria-label={`Revoke ${key.name}`} onPress={() => setRevoked(key)}>
              Revoke…
            </Button>
          </span>
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
      {rotated && <RotateKey apiKey={rotated} onClose={() => setRotated(null)} />}
      {isAdding && <NewKey onClose={() => setAdding(false)} />}
      {revoked && (
        <Confirm
          title={`Revoke the key ${revoked.name}?`}
          verb="Revoke the key"
          act={() => revokeKey(revoked.id).then(() => void readAgain())}
          onClose={() => setRevoked(null)}
        >
          <p>Programs that use it are refused within a second, and its sessions end.</p>
        </Confirm>
      )}
    </>
  );
}
