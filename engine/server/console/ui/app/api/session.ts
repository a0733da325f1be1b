// The session of the person at the browser: begun by a key, a one-time code or an OpenID provider, kept by a cookie.

import { useQuery } from "@tanstack/react-query";

import { ask, metadata } from "./client.ts";
import ME from "./me.graphql";
import { useViewedRole } from "./view_as.ts";

/** The principal of the session, as `me` on /metadata describes it. */
export interface Session {
  kind: string;
  id: string;
  name: string;
  role: string;
  workspace: string;
  /** The settings of the workspace that the role may see and change: DATA_MODEL, ROLES, .. */
  settings: readonly string[];
  /** The actions on records by object, and `aggregate`; "*" has those of all objects that are not named. */
  may?: Readonly<Record<string, readonly string[]>>;
  /** The limits that hold for the role. */
  limits?: { maxPage: number };
  /** The version of the model that the session was read with: all other reads are of this one or a later one. */
  modelVersion: string;
  version?: string;
  environment?: string;
  expiresAt?: string | null;
}

/** Whether the role may do this with some records of an object; the server decides about each of them. */
export function mayDo({ may }: Pick<Session, "may">, object: string, action: string): boolean {
  const actions = may?.[object] ?? may?.["*"];
  return actions === undefined || actions.includes(action);
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

/**
 * The ways in and the present session, asked for once: it ends when a request is refused, and another one may begin in
 * another tab.
 */
export function useDoor() {
  return useQuery({
    queryKey: DOOR_KEY,
    queryFn: () => ask<Door>("GET", "/auth/sign-in"),
    staleTime: Number.POSITIVE_INFINITY,
    refetchOnWindowFocus: ({ state }) => state.data?.session === null && "always",
  });
}

/** Begins a session by an API key, which is not kept. */
export function signInByKey(key: string): Promise<Session> {
  return ask<Session>("POST", "/auth/sign-in", { key });
}

/** Begins a session by the one-time code of the link that a development server prints. */
export function signInByCode(code: string): Promise<Session> {
  return ask<Session>("POST", "/auth/sign-in", { code });
}

/** Ends the session. */
export function signOut(): Promise<object> {
  return ask<object>("DELETE", "/auth/session");
}

/** The principal of requests that have the rights of another role; undefined while nobody is viewed as. */
export function useViewed() {
  const role = useViewedRole();
  return useQuery({
    queryKey: ["viewed", role],
    queryFn: async ({ client, signal }) => {
      const { me } = await metadata<{ me: Session }>(ME, {}, { signal });
      // The answers of an earlier view may be those of other rights.
      client.removeQueries({ queryKey: [me.workspace, me.role] });
      return me;
    },
    enabled: role !== null,
    staleTime: Number.POSITIVE_INFINITY,
    gcTime: 0,
  });
}
