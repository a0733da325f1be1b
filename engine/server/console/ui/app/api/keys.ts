// The keys of queries: each begins with the workspace, the role and the version of the model that its answer is of.

export interface Scope {
  workspace: string;
  role: string;
  version: number;
}

export type Area =
  | "records"
  | "imports"
  | "model"
  | "access"
  | "webhooks"
  | "events"
  | "operations"
  | "views"
  | "preferences";

/** The key of a query about `object`, or about the whole workspace where it is null. */
export function keyOf(
  scope: Scope,
  area: Area,
  object: string | null,
  ...rest: readonly unknown[]
): readonly unknown[] {
  return [scope.workspace, scope.role, scope.version, area, object, ...rest];
}

/** The key with which all queries of an area begin, to read them again. */
export function areaOf(scope: Scope, area: Area, object?: string): readonly unknown[] {
  return [scope.workspace, scope.role, scope.version, area, ...(object === undefined ? [] : [object])];
}
