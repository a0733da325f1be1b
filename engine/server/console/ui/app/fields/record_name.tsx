// The names of related records of which the ids alone are known.

import { keepPreviousData, useQuery } from "@tanstack/react-query";

import { records } from "../api/client.ts";
import { keyOf } from "../api/keys.ts";
import type { Field, TargetObject } from "../api/model.ts";
import { pageOf } from "../api/page_limit.ts";
import { buildDocuments, buildNamesDocument, MAXIMUM_PAGE } from "../api/record_documents.ts";
import { useScope } from "../api/session_context.ts";
import { labelOf, NULL_TEXT } from "./registry.ts";

export type Options = { edges: readonly { node: { id: string } }[]; pageInfo: { hasNextPage: boolean } };

/** Return the first records of an object that a filter matches, each with the fields that name it, and its detail. */
export async function readOptions(
  target: TargetObject,
  filter: object,
  first: number,
  signal?: AbortSignal,
): Promise<Options> {
  const labels = [...target.labels, ...(target.detail ? [target.detail] : [])];
  const document = buildDocuments({ ...target, labels, description: null, fields: [] }, []).options;
  const answer = await records<Record<string, Options>>(document, { filter, first }, { signal });
  return answer[target.namePlural] ?? { edges: [], pageInfo: { hasNextPage: false } };
}

/** A record whose name is wanted. */
export type Wanted = { target: TargetObject; id: string };

/** Return the name of a record that is one of those that were wanted. */
export type NameOf = (target: TargetObject, id: string) => string;

/**
 * Return the names of records, read by one request for all of them. One that is away, or that the role does not read, has
 * a word in the place of its name.
 */
export function useRecordNames(wanted: readonly Wanted[], isReady = true): NameOf {
  const scope = useScope();
  const ids = new Map<string, string[]>();
  for (const { target, id } of wanted) ids.set(target.namePlural, [...(ids.get(target.namePlural) ?? []), id]);
  const targets = [...ids.keys()].flatMap((plural) => wanted.find(({ target }) => target.namePlural === plural) ?? []);
  const found = useQuery({
    queryKey: keyOf(scope, "records", null, "names", [...ids]),
    enabled: isReady && wanted.length > 0,
    placeholderData: keepPreviousData,
    queryFn: async ({ signal }) => {
      const document = buildNamesDocument(targets.map(({ target }) => target));
      const names: [string, string][] = [];
      const page = pageOf(MAXIMUM_PAGE);
      for (let at = 0; [...ids.values()].some(({ length }) => length > at); at += page) {
        const variables = [...ids].flatMap(([plural, some]) => {
          const these = some.slice(at, at + page);
          return [
            [plural, these],
            [`${plural}Number`, these.length],
          ];
        });
        const answer = await records<Record<string, Pick<Options, "edges">>>(document, Object.fromEntries(variables), {
          signal,
        });
        for (const { target } of targets) {
          for (const { node } of answer[target.namePlural]?.edges ?? [])
            names.push([keyIn(target, node.id), labelOf(node, target.labels)]);
        }
      }
      return Object.fromEntries(names);
    },
  });
  const isRead = !found.isPending && !found.isPlaceholderData;
  return (target, id) =>
    found.data?.[keyIn(target, id)] ?? (isRead ? `an unknown ${target.labelSingular.toLowerCase()}` : "…");
}

function keyIn(target: TargetObject, id: string): string {
  return `${target.namePlural} ${id}`;
}

/** Return the name of the record that the key of a relation has. */
export function useRecordName(field: Field, id: unknown): string {
  const target = field.relation?.target;
  const wanted = target !== undefined && typeof id === "string" ? [{ target, id }] : [];
  const nameOf = useRecordNames(wanted);
  return target !== undefined && typeof id === "string" ? nameOf(target, id) : NULL_TEXT;
}

export function RecordName({ field, id }: { field: Field; id: unknown }) {
  return useRecordName(field, id);
}
