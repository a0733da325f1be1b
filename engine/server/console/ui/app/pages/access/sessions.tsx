// The open sessions of browsers.

import { useState } from "react";

import { type OpenSession, readSessions, revokeSession } from "../../api/access.ts";
import { useReadAgain } from "../../api/use_read_again.ts";
import { Button } from "../../kit/button.tsx";
import { Confirm } from "../../kit/confirm.tsx";
import type { Column } from "../../kit/table.tsx";
import { Time } from "../../kit/time.tsx";
import { Paged } from "./paged.tsx";

export function Sessions() {
  const readAgain = useReadAgain("access");
  const [ended, setEnded] = useState<OpenSession | null>(null);
  const columns: Column<OpenSession>[] = [
    { id: "name", title: "Name", cell: ({ name }) => name },
    { id: "kind", title: "By", cell: ({ kind }) => (kind === "API_KEY" ? "API key" : "OpenID Connect") },
    { id: "role", title: "Role", cell: ({ role }) => role },
    { id: "address", title: "Address", cell: ({ address }) => address },
    { id: "created", title: "Since", cell: ({ createdAt }) => <Time at={createdAt} /> },
    { id: "expires", title: "Until", cell: ({ expiresAt }) => <Time at={expiresAt} /> },
    {
      id: "end",
      title: "End",
      cell: (session) => (
        <Button kind="quiet" aria-label={`End the session of ${session.name}`} onPress={() => setEnded(session)}>
          End…
        </Button>
      ),
    },
  ];
  return (
    <>
      <Paged label="Sessions" name="sessions" columns={columns} read={readSessions} />
      {ended && (
        <Confirm
          title={`End the session of ${ended.name}?`}
          verb="End the session"
          act={() => revokeSession(ended.id).then(() => void readAgain())}
          onClose={() => setEnded(null)}
        >
          <p>The browser has to sign in again. Open sockets end within a second.</p>
        </Confirm>
      )}
    </>
  );
}
