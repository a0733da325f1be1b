// The ways in: an API key, which is exchanged for a session and not kept, or an OpenID provider.

import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type FormEvent, useEffect, useState } from "react";
import { useLocation } from "react-router";

import { byField } from "../api/errors.ts";
import { base } from "../api/place.ts";
import { DOOR_KEY, type Door, type Session, signInByCode, signInByKey } from "../api/session.ts";
import { Button } from "../kit/button.tsx";
import { Dialog } from "../kit/dialog.tsx";
import { TextField } from "../kit/field.tsx";
import { Problem } from "../kit/problem.tsx";
import { takeCode } from "./code.ts";
import "./sign_in.css";

/** Milliseconds without a key before the sign-in comes over a page: letters on their way would go into it. */
const QUIET_MS = 800;

interface Props {
  door: Door;
  /** The sign-in stands over a page, which a provider must not take the place of. */
  isOver?: boolean;
}

/** The whole page, for a person without a session. */
export function SignInPage({ door }: Props) {
  useEffect(() => {
    document.title = "Sign in · Fieldstone";
  }, []);
  return (
    <main className="sign-in">
      <h1>Sign in to Fieldstone</h1>
      <SignInForm door={door} />
    </main>
  );
}

/** Asks for a sign-in over a page whose session has ended: the page keeps all that was typed, and its requests wait. */
export function SignInOver({ door }: Props) {
  const isQuiet = useQuiet();
  return (
    <Dialog title="Your session has ended" size="small" isOpen={isQuiet}>
      <p>Sign in to go on. The page behind keeps all that you typed, and finishes what you began.</p>
      <SignInForm door={door} isOver />
    </Dialog>
  );
}

/** Whether no key has been pressed for a moment. */
function useQuiet(): boolean {
  const [isQuiet, setQuiet] = useState(false);
  useEffect(() => {
    let timer = setTimeout(() => setQuiet(true), QUIET_MS);
    function wait() {
      clearTimeout(timer);
      timer = setTimeout(() => setQuiet(true), QUIET_MS);
    }
    window.addEventListener("keydown", wait, true);
    return () => {
      clearTimeout(timer);
      window.removeEventListener("keydown", wait, true);
    };
  }, []);
  return isQuiet;
}

function SignInForm({ door, isOver = false }: Props) {
  const client = useQueryClient();
  const location = useLocation();
  const [key, setKey] = useState("");
  const entry = useMutation({
    mutationFn: (way: { key: string } | { code: string }) =>
      "key" in way ? signInByKey(way.key) : signInByCode(way.code),
    onSuccess: (session: Session) => {
      setKey("");
      client.setQueryData<Door>(DOOR_KEY, { ...door, session });
      void client.invalidateQueries({ predicate: (query) => query.queryKey[0] !== DOOR_KEY[0] });
    },
  });
  const { mutate } = entry;

  useEffect(() => {
    function enter() {
      const code = takeCode();
      if (code !== null) mutate({ code });
    }
    enter();
    // A link that is opened in the place of this page differs in its fragment alone: the browser loads no other page.
    window.addEventListener("hashchange", enter);
    return () => window.removeEventListener("hashchange", enter);
  }, [mutate]);

  function submit(event: FormEvent) {
    event.preventDefault();
    if (entry.isPending) {
      return;
    }
    mutate({ key: key.trim().replace(/^Bearer\s+/i, "") });
  }

  const problems = byField(entry.error);
  const general = entry.error === null || problems.has("key") ? undefined : entry.error.message;
  return (
    <form className="sign-in-form" onSubmit={submit}>
      {general && <Problem title={general} />}
      <TextField
        label="API key"
        type="password"
        autoComplete="off"
        spellCheck="false"
        isCode
        autoFocus
        isRequired
        value={key}
        onChange={setKey}
        problem={problems.get("key")}
        placeholder="fs_…"
        description="The key is exchanged for a session. The browser does not keep it."
      />
      <Button type="submit" kind="primary">
        {entry.isPending ? "Signing in…" : "Sign in"}
      </Button>
      {door.providers.map(({ name, path }) => (
        <a
          key={name}
          className="button"
          target={isOver ? "_blank" : undefined}
          href={`${path}&returnTo=${encodeURIComponent(base + location.pathname + location.search)}`}
        >
          {door.providers.length === 1 ? "Sign in with OpenID Connect" : `Sign in with ${name}`}
        </a>
      ))}
      <details>
        <summary>Where is my key?</summary>
        {door.environment === "development" && (
          <p>The server has printed a link at its start, which signs a browser in once and within an hour.</p>
        )}
        <p>A key is shown once, when it is made. This command makes another one:</p>
        <pre>fieldstone api-key create --name {'"my browser"'}</pre>
      </details>
    </form>
  );
}
