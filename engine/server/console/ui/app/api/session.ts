// The session of the person at the browser: begun by a key, a one-time code or an OpenID provider, kept by a cookie.

import { useQuery } from "@tanstack/react-query";

import { ask, metadata } from "./client.ts";
import { ApiError } from "./errors.ts";
import ME from "./me.graphql";

/** The principal of the session, as `me` on /metadata describes it. */
export interface Session {
  kind: string;
  id: string;
  name: string;
  role: string;
  workspace: string;
  /** The settings of the workspace that the role may see and change: DATA_MODEL, ROLES, .. */
  settings: readonly string[];
  /** The actions on records by object; "*" has those of all objects that are not named. */
  may?: Readonly<Record<string, readonly string[]>>;
  version?: string;
  environment?: string;
  expiresAt?: string | null;
}

export interface Provider {
  name: string;
  path: string;
}

/** The ways in, and the session if there is one. */
export interface Door {
  environment: string;
  providers: readonly Provider[];
  session: Session | null;
}

export const DOOR_KEY = ["door"] as const;

/** The ways in and the present session, asked for once: it ends when a request is refused. */
export function useDoor() {
  return useQuery({
    queryKey: DOOR_KEY,
    queryFn: async (): Promise<Door> => ({ environment: "", providers: [], session: await readSession() }),
    staleTime: Number.POSITIVE_INFINITY,
  });
}

/** Begins a session by an API key, which is not kept. */
export async function signInByKey(key: string): Promise<Session> {
  await ask<object>("POST", "/auth/sign-in", { key });
  return (await metadata<{ me: Session }>(ME)).me;
}

async function readSession(): Promise<Session | null> {
  try {
    return (await metadata<{ me: Session }>(ME)).me;
  } catch (error) {
    if (error instanceof ApiError && error.code === "UNAUTHENTICATED") {
      return null;
    }
    throw error;
  }
}
