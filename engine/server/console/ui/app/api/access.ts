// Roles, keys, sessions and the audit log.

import ACCESS from "./access.graphql";
import { metadata } from "./client.ts";

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
  createdAt: string;
  lastUsedAt: string | null;
  expiresAt: string | null;
  revokedAt: string | null;
}

export interface CreatedKey {
  name: string;
  token: string;
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

async function read<T>(
  operation: string,
  root: string,
  after: string | null,
  signal?: AbortSignal,
): Promise<PageOf<T>> {
  const answer = await metadata<Record<string, Connection<T>>>(ACCESS, { after }, { operation, signal });
  const found = answer[root];
  return {
    rows: found?.edges.map(({ node }) => node) ?? [],
    next: found?.pageInfo?.hasNextPage ? found.pageInfo.endCursor : null,
  };
}

export async function readRoles(signal?: AbortSignal): Promise<readonly Role[]> {
  const answer = await metadata<{ roles: Connection<Role> }>(ACCESS, {}, { operation: "ConsoleRoles", signal });
  return answer.roles.edges.map(({ node }) => node);
}

export function readKeys(after: string | null, signal?: AbortSignal): Promise<PageOf<ApiKey>> {
  return read("ConsoleKeys", "apiKeys", after, signal);
}

/** The sessions that were not ended. */
export function readSessions(after: string | null, signal?: AbortSignal): Promise<PageOf<OpenSession>> {
  return read("ConsoleSessions", "sessions", after, signal);
}

export function readAudit(after: string | null, signal?: AbortSignal): Promise<PageOf<AuditEntry>> {
  return read("ConsoleAudit", "auditLog", after, signal);
}

/** Creates a key; its token is in this answer alone. */
export async function createKey(input: { name: string; role: string; expiresAt: string | null }): Promise<CreatedKey> {
  const answer = await metadata<{ createApiKey: CreatedKey }>(ACCESS, { input }, { operation: "ConsoleCreateKey" });
  return answer.createApiKey;
}

export async function revokeKey(id: string): Promise<void> {
  await metadata(ACCESS, { id }, { operation: "ConsoleRevokeKey" });
}

export async function revokeSession(id: string): Promise<void> {
  await metadata(ACCESS, { id }, { operation: "ConsoleRevokeSession" });
}
