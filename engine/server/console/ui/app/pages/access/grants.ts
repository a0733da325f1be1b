// The grants of a role as a matrix of objects and actions, and the change that a draft of a role makes.

import type { Grant, Role, RoleClaim, RoleLimits } from "../../api/access.ts";
import { changedMembers, isRaw, parseExact } from "../../api/exact_json.ts";
import type { Change } from "../../api/model_edit.ts";

export const ACTIONS = ["read", "create", "update", "delete", "restore", "destroy"] as const;
export type Action = (typeof ACTIONS)[number];

/** The object that stands for all others. */
export const EVERYTHING = "*";

/** No right, one without a restriction, or ways with rules, fields, checks and presets. */
export type Cell = "none" | "all" | "ways";

export interface RoleDraft {
  name: string;
  label: string;
  description: string;
  parents: readonly string[];
  settings: readonly string[];
  grants: readonly Grant[];
  limits: RoleLimits;
  claims: readonly RoleClaim[];
}

/** A new role that reads everything. */
export function newRole(): RoleDraft {
  return {
    name: "",
    label: "",
    description: "",
    parents: [],
    settings: [],
    grants: [{ object: EVERYTHING, read: {}, aggregates: true }],
    limits: {},
    claims: [],
  };
}

export function draftOf({ name, label, description, parents, settings, grants, limits, claims }: Role): RoleDraft {
  return { name, label, description: description ?? "", parents, settings, grants, limits, claims };
}

/** The name of a role with that label: `Night shift` is night-shift. */
export function roleName(label: string): string {
  return label
    .normalize("NFKD")
    .replace(/\p{M}/gu, "")
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^[-0-9]+|-+$/g, "");
}

/** The right of an action in a grant. */
export function cellOf(grant: Grant, action: Action): Cell {
  const ways = grant[action];
  if (ways === undefined || ways === null) {
    return "none";
  }
  const list = Array.isArray(ways) ? ways : [ways];
  const isOpen = list.some((way: unknown) => typeof way === "object" && way !== null && Object.keys(way).length === 0);
  return list.length === 0 ? "none" : isOpen ? "all" : "ways";
}

/** The grants with an action of an object set to these ways; null takes it away. */
export function withWays(grants: readonly Grant[], object: string, action: Action, ways: unknown): Grant[] {
  return grants.map((grant) => {
    if (grant.object !== object) {
      return grant;
    }
    const { [action]: _before, ...rest } = grant;
    return ways === null ? { ...rest, object } : { ...rest, object, [action]: ways };
  });
}

/** The grants with one whose records may be counted, aggregated and grouped, or not. */
export function withAggregates(grants: readonly Grant[], object: string, aggregates: boolean): Grant[] {
  return grants.map((grant) => (grant.object === object ? { ...grant, aggregates } : grant));
}

/** The claims that a role's rules may name: its own, and those of the roles that it inherits. */
export function claimsOf(draft: Pick<RoleDraft, "claims" | "parents">, roles: readonly Role[]): RoleClaim[] {
  const found = new Map<string, RoleClaim>();
  const seen = new Set<string>();
  const add = ({ claims, parents }: Pick<RoleDraft, "claims" | "parents">) => {
    for (const claim of claims) if (claim.name !== "") found.set(claim.name, found.get(claim.name) ?? claim);
    for (const parent of parents) {
      const role = roles.find(({ name }) => name === parent);
      if (role && !seen.has(parent)) {
        seen.add(parent);
        add(role);
      }
    }
  };
  add(draft);
  return [...found.values()];
}

/** The grants with one of its own for an object, which begins as that of everything else. */
export function withObject(grants: readonly Grant[], object: string): Grant[] {
  const others = grants.find((grant) => grant.object === EVERYTHING);
  return grants.some((grant) => grant.object === object) ? [...grants] : [...grants, { ...others, object }];
}

export function withoutObject(grants: readonly Grant[], object: string): Grant[] {
  return grants.filter((grant) => grant.object !== object);
}

/** The ways that a text of JSON gives; null for a text that is none. */
export function parseWays(text: string): object | null {
  try {
    const read = parseExact(text);
    return typeof read === "object" && !isRaw(read) ? read : null;
  } catch {
    return null;
  }
}

/** The change that a draft makes: of a new role where there is none before; none where nothing differs. */
export function changesOf(before: Role | null, draft: RoleDraft): Change[] {
  if (before === null) {
    const { description, ...members } = draft;
    return [{ createRole: { ...members, ...(description && { description }) } }];
  }
  const update = changedMembers(draftOf(before), draft);
  return Object.keys(update).length === 0 ? [] : [{ updateRole: { id: before.name, update } }];
}
