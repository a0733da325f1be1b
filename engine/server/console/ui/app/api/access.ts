// Roles, keys, sessions and the audit log.

import { type UseQueryResult, useQuery } from "@tanstack/react-query";

import ACCESS from "./access.graphql";
import { metadata } from "./client.ts";
import { keyOf } from "./keys.ts";
import { useScope, useSession } from "./session_context.ts";

/** A grant as the API shows and takes it: the ways of each action by its name. */
export type Grant = Readonly<Record<string, unknown>> & { readonly object: string };

/** A value that each principal of a role brings along. */
export interface RoleClaim {
  name: string;
  type: string;
  isList?: boolean;
  mayLack?: boolean;
}

export interface RoleLimits {
  maxPage?: number;
  maxCost?: number;
  rateLimit?: number;
}

export interface Role {
  id: string;
  name: string;
  label: string;
  description: string | null;
  parents: readonly string[];
  settings: readonly string[];
  isSystem: boolean;
  grants: readonly Grant[];
  limits: RoleLimits;
  claims: readonly RoleClaim[];
}

export interface ApiKey {
  id: string;
  name: string;
  prefix: string | null;
  role: string | null;
  networks: readonly string[] | null;
  createdAt: string;
  lastUsedAt: string | null;
  expiresAt: string | null;
  revokedAt: string | null;
}

export interface CreatedKey {
  name: string;
  token: string;
  expiresAt: string | null;
}

export interface OpenSession {
  id: string;
  kind: string;
  name: string;
  role: string | null;
  address: string | null;
  createdAt: string;
  expiresAt: string;
}

export interface AuditEntry {
  id: string;
  createdAt: string;
  action: string;
  actorKind: string;
  actorName: string | null;
  address: string | null;
  subjectName: string | null;
  count: number;
}

export interface PageOf<T> {
  rows: readonly T[];
  next: string | null;
}

interface Connection<T> {
  edges: readonly { node: T }[];
  pageInfo?: { hasNextPage: boolean; endCursor: string | null };
}

/** A page of the rows at `root` in the answer of an operation. */
export async function readPage<T>(
  document: string,
  operation: string,
  root: string,
  after: string | null,
  signal?: AbortSignal,
): Promise<PageOf<T>> {
  const answer = await metadata<Record<string, Connection<T>>>(document, { after }, { operation, signal });
  const found = answer[root];
  return {
    rows: found?.edges.map(({ node }) => node) ?? [],
    next: found?.pageInfo?.hasNextPage ? found.pageInfo.endCursor : null,
  };
}

/** All roles; nothing is read for a person that may not see them. */
export function useRoles(): UseQueryResult<readonly Role[]> {
  const scope = useScope();
  return useQuery({
    queryKey: keyOf(scope, "access", null, "roles"),
    queryFn: ({ signal }) => readRoles(signal),
    enabled: useSession().settings.includes("ROLES"),
  });
}

async function readRoles(signal?: AbortSignal): Promise<readonly Role[]> {
  const roles: Role[] = [];
  let after: string | null = null;
  do {
    const page: PageOf<Role> = await readPage<Role>(ACCESS, "ConsoleRoles", "roles", after, signal);
    roles.push(...page.rows);
    after = page.next;
  } while (after !== null);
  return roles;
}

export function readKeys(after: string | null, signal?: AbortSignal): Promise<PageOf<ApiKey>> {
  return readPage(ACCESS, "ConsoleKeys", "apiKeys", after, signal);
}

/** The end of the key that asks, which no other that it makes outlives; null where it has none, and for a user. */
export function useOwnEnd(): string | null {
  const scope = useScope();
  const { kind, id } = useSession();
  const found = useQuery({
    queryKey: keyOf(scope, "access", null, "ownEnd", id),
    queryFn: async ({ signal }) => {
      const options = { operation: "ConsoleOwnKey", signal };
      const answer = await metadata<{ apiKeys: Connection<ApiKey> }>(ACCESS, { id }, options);
      return answer.apiKeys.edges[0]?.node.expiresAt ?? null;
    },
    enabled: kind === "API_KEY",
  });
  return found.data ?? null;
}

/** The sessions that were not ended. */
export function readSessions(after: string | null, signal?: AbortSignal): Promise<PageOf<OpenSession>> {
  return readPage(ACCESS, "ConsoleSessions", "sessions", after, signal);
}

export function readAudit(after: string | null, signal?: AbortSignal): Promise<PageOf<AuditEntry>> {
  return readPage(ACCESS, "ConsoleAudit", "auditLog", after, signal);
}

export interface KeyInput {
  name: string;
  role: string;
  expiresAt: string | null;
  /** Absent: it may be used from everywhere. */
  networks?: readonly string[];
  /** Absent: those of the key that creates it. */
  claims?: Readonly<Record<string, unknown>>;
}

/** Creates a key; its token is in this answer alone. */
export async function createKey(input: KeyInput): Promise<CreatedKey> {
  const answer = await metadata<{ createApiKey: CreatedKey }>(ACCESS, { input }, { operation: "ConsoleCreateKey" });
  return answer.createApiKey;
}

/** Gives a key another token, which is in this answer alone; the one before is valid for some seconds more. */
export async function rotateKey(id: string, overlapSeconds: number): Promise<CreatedKey> {
  const variables = { id, overlapSeconds: overlapSeconds || null };
  const answer = await metadata<{ rotateApiKey: CreatedKey }>(ACCESS, variables, { operation: "ConsoleRotateKey" });
  return answer.rotateApiKey;
}

export interface AccessQuestion {
  role: string;
  object: string;
  action: string;
  field: string | null;
  recordId: string | null;
  principal: Readonly<Record<string, unknown>>;
}

export interface AccessAnswer {
  allowed: boolean;
  reason: string;
  /** The way that allows it or the first one that does not, with the role that grants it. */
  way: Readonly<Record<string, unknown>> | null;
}

export async function explainAccess(input: AccessQuestion): Promise<AccessAnswer> {
  const answer = await metadata<{ explainAccess: AccessAnswer }>(
    ACCESS,
    { input },
    { operation: "ConsoleExplainAccess" },
  );
  return answer.explainAccess;
}

export async function revokeKey(id: string): Promise<void> {
  await metadata(ACCESS, { id }, { operation: "ConsoleRevokeKey" });
}

export async function revokeSession(id: string): Promise<void> {
  await metadata(ACCESS, { id }, { operation: "ConsoleRevokeSession" });
}
