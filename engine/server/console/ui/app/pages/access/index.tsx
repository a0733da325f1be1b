// Access to the workspace: roles, keys, sessions, trusted documents, and the audit log.

import { NavLink, useParams } from "react-router";

import { useSession } from "../../api/session_context.ts";
import { Empty } from "../../kit/empty.tsx";
import { Page } from "../../kit/page.tsx";
import "./access.css";
import { Audit } from "./audit.tsx";
import { Documents } from "./documents.tsx";
import { Explain } from "./explain.tsx";
import { Keys } from "./keys.tsx";
import { Roles } from "./roles.tsx";
import { Sessions } from "./sessions.tsx";

const TABS = [
  { id: "roles", label: "Roles", setting: "ROLES", Tab: Roles },
  { id: "keys", label: "Keys", setting: "API_KEYS", Tab: Keys },
  { id: "sessions", label: "Sessions", setting: "ROLES", Tab: Sessions },
  { id: "documents", label: "Documents", setting: "DOCUMENTS", Tab: Documents },
  { id: "explain", label: "Explain", setting: "ROLES", Tab: Explain },
  { id: "audit", label: "Audit log", setting: "AUDIT", Tab: Audit },
];

export function Component() {
  const { tab } = useParams();
  const { settings, role } = useSession();
  const seen = TABS.filter(({ setting }) => settings.includes(setting));
  const shown = seen.find(({ id }) => id === tab) ?? (tab === undefined ? seen[0] : undefined);
  return (
    <Page
      title="Access"
      bar={
        <nav className="access-tabs" aria-label="Access">
          {seen.map(({ id, label }) => (
            <NavLink key={id} to={`/access/${id}`} aria-current={id === shown?.id ? "page" : undefined}>
              {label}
            </NavLink>
          ))}
        </nav>
      }
    >
      {shown ? (
        <shown.Tab />
      ) : (
        <Empty title="Nothing to see here">
          The role {role} has no part in the administration of access; a role such as admin has it.
        </Empty>
      )}
    </Page>
  );
}
