// The model of one object, asked for where its records are shown.

import { queryOptions, type UseQueryResult, useQueries, useQuery, useQueryClient } from "@tanstack/react-query";
import { useCallback } from "react";

import { metadata } from "./client.ts";
import { readFieldRights, withFieldRights } from "./field_rights.ts";
import { keyOf, type Scope } from "./keys.ts";
import type { LabelField, ObjectModel } from "./model.ts";
import OBJECT from "./object.graphql";
import { decodeObject, type ObjectNode, unnamedTargets, withRights, withTargetLabels } from "./object.ts";
import { pageOf } from "./page_limit.ts";
import { mayDo } from "./session.ts";
import { useScope, useSession } from "./session_context.ts";

type Answer = { objects: { edges: readonly { node: ObjectNode }[] } };

/** Return the object that a filter finds, and all of its fields; null if the role sees none. */
async function readObject(filter: object, signal: AbortSignal): Promise<ObjectModel | null> {
  const node = await readWhole(filter, signal);
  if (node === null) return null;
  const object = decodeObject(node);
  const unnamed = unnamedTargets(object);
  const [rights, labels] = await Promise.all([
    readFieldRights(object.id, signal),
    unnamed.length === 0 ? null : readLabels(unnamed, signal),
  ]);
  const named = labels === null ? object : withTargetLabels(object, labels);
  return rights === null ? named : withFieldRights(named, rights);
}

async function readWhole(filter: object, signal: AbortSignal): Promise<ObjectNode | null> {
  const [node] = await readNodes({ filter }, signal);
  return node ? withAllFields(node, signal) : null;
}

async function withAllFields(node: ObjectNode, signal: AbortSignal): Promise<ObjectNode | null> {
  const edges = [...node.fields.edges];
  let page = node.fields.pageInfo;
  while (page.hasNextPage) {
    const [next] = await readNodes({ filter: { id: { eq: node.id } }, after: page.endCursor }, signal);
    if (!next) return null;
    edges.push(...next.fields.edges);
    page = next.fields.pageInfo;
  }
  return { ...node, fields: { pageInfo: page, edges } };
}

/** Return the fields that name the records of objects of which too few texts are known, or which relations name. */
async function readLabels(
  plurals: readonly string[],
  signal: AbortSignal,
): Promise<ReadonlyMap<string, readonly LabelField[]>> {
  const first = pageOf(plurals.length);
  const pages = Array.from({ length: Math.ceil(plurals.length / first) }, (_, page) =>
    readNodes({ filter: { namePlural: { in: plurals.slice(page * first, (page + 1) * first) } }, first }, signal),
  );
  const nodes = await Promise.all((await Promise.all(pages)).flat().map((node) => withAllFields(node, signal)));
  return new Map(nodes.flatMap((node) => (node ? [[node.namePlural, decodeObject(node).labels]] : [])));
}

async function readNodes(
  variables: { filter: object; first?: number; after?: string | null },
  signal: AbortSignal,
): Promise<readonly ObjectNode[]> {
  const { objects } = await metadata<Answer>(OBJECT, variables, { signal });
  return objects.edges.map(({ node }) => node);
}

/** The object of that plural name; one that another renames meanwhile is found by its id, so that its page stays. */
function objectQuery(scope: Scope, plural: string) {
  return queryOptions({
    queryKey: keyOf(scope, "model", plural),
    queryFn: async ({ client, queryKey, signal }) => {
      const before = client.getQueryData<ObjectModel | null>(queryKey);
      const named = await readObject({ namePlural: { eq: plural } }, signal);
      return named === null && before ? readObject({ id: { eq: before.id } }, signal) : named;
    },
  });
}

export function useObject(plural: string): UseQueryResult<ObjectModel | null> {
  const scope = useScope();
  const session = useSession();
  return useQuery({
    ...objectQuery(scope, plural),
    // One function for a session: the object stays the same one for as long as neither changes.
    select: useCallback(
      (object: ObjectModel | null) => object && withRights(object, (name) => mayDo(session, name, "aggregate")),
      [session],
    ),
  });
}

/** Return the models of several objects that are here already; the others are asked for. */
export function useObjects(plurals: readonly string[]): ReadonlyMap<string, ObjectModel> {
  const scope = useScope();
  const results = useQueries({
    queries: plurals.map((plural) => objectQuery(scope, plural)),
  });
  return new Map(results.flatMap((result, index) => (result.data ? [[plurals[index] ?? "", result.data]] : [])));
}

/** Return a function that reads the model of an object for a write, unless it is here already. */
export function useReadObject(): (plural: string) => Promise<ObjectModel | null> {
  const scope = useScope();
  const client = useQueryClient();
  // Of a server that is away it is not asked again: the write would be made once that is back, with nobody to see it.
  return (plural) => client.fetchQuery({ ...objectQuery(scope, plural), retry: false, networkMode: "always" });
}
