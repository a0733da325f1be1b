// Lets a person in: the shell with a session, the sign-in page without one, and both when a session has ended.

import { useEffect, useLayoutEffect, useState } from "react";

import { goOn } from "../api/client.ts";
import { limitPages } from "../api/page_limit.ts";
import { type Session, useDoor, useViewed } from "../api/session.ts";
import { SessionProvider } from "../api/session_context.ts";
import { viewAs } from "../api/view_as.ts";
import { Button } from "../kit/button.tsx";
import { Dialog } from "../kit/dialog.tsx";
import { Problem } from "../kit/problem.tsx";
import { takeCode } from "./code.ts";
import { Loading } from "./loading.tsx";
import { Shell } from "./shell.tsx";
import { SignInOver, SignInPage } from "./sign_in.tsx";

export function Gate() {
  const door = useDoor();
  const viewed = useViewed();
  const [last, setLast] = useState<Session | null>(null);
  const session = door.data?.session ?? null;
  const isOther = session !== null && last !== null && session.workspace !== last.workspace;
  if (session !== null && session !== last && !isOther) {
    setLast(session);
  }
  useEffect(() => {
    // A page, and the requests of it that wait, are of no workspace but their own.
    if (isOther) window.location.reload();
    else if (session !== null) {
      // The code of a link that nobody needed would be shared with the address.
      takeCode();
      goOn();
    }
  }, [session, isOther]);
  const largestPage = (viewed.data ?? session)?.limits?.maxPage;
  // Before the pages read anything.
  useLayoutEffect(() => limitPages(largestPage), [largestPage]);
  // Answers as the viewed role are kept under its name: no page asks for one before that is known.
  if (viewed.isLoading && session !== null) return <Loading />;
  if (door.data === undefined) {
    return door.error === null ? <Loading /> : <Problem title="The console cannot start." text={door.error.message} />;
  }
  const shown = isOther ? last : (session ?? last);
  if (shown === null) {
    return <SignInPage door={door.data} />;
  }
  return (
    <SessionProvider value={viewed.data ?? shown}>
      {viewed.error && (
        <Dialog
          title="The role cannot be viewed"
          size="small"
          actions={<Button onPress={() => viewAs(null)}>Stop</Button>}
        >
          <p>{viewed.error.message}</p>
        </Dialog>
      )}
      <Shell environment={door.data.environment} />
      {session === null && <SignInOver door={door.data} />}
    </SessionProvider>
  );
}
