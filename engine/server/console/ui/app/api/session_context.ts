// The session that the page is shown for.

import { createContext, useContext } from "react";

import type { Scope } from "./keys.ts";
import type { Session } from "./session.ts";

const SessionContext = createContext<Session | null>(null);

export const SessionProvider = SessionContext.Provider;

/** The session: pages are shown to nobody without one. */
export function useSession(): Session {
  const session = useContext(SessionContext);
  if (session === null) {
    throw new Error("A page was shown without a session.");
  }
  return session;
}

/** The beginning of the keys of queries. */
export function useScope(): Scope {
  const { workspace, role } = useSession();
  return { workspace, role, version: 0 };
}
