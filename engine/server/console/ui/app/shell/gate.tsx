// Lets a person in: the shell with a session, the sign-in page without one, and both when a session has ended.

import { useState } from "react";

import { type Session, useDoor } from "../api/session.ts";
import { SessionProvider } from "../api/session_context.ts";
import { Problem } from "../kit/problem.tsx";
import { Loading } from "./loading.tsx";
import { Shell } from "./shell.tsx";
import { SignInOver, SignInPage } from "./sign_in.tsx";

export function Gate() {
  const door = useDoor();
  const [last, setLast] = useState<Session | null>(null);
  const session = door.data?.session ?? null;
  if (session !== null && session !== last) {
    setLast(session);
  }
  if (door.data === undefined) {
    return door.error === null ? <Loading /> : <Problem title="The console cannot start." text={door.error.message} />;
  }
  const shown = session ?? last;
  if (shown === null) {
    return <SignInPage door={door.data} />;
  }
  return (
    <SessionProvider value={shown}>
      <Shell environment={door.data.environment} />
      {session === null && <SignInOver door={door.data} />}
    </SessionProvider>
  );
}
