// The name of a related record of which the id alone is known.

import { useQuery } from "@tanstack/react-query";

import { records } from "../api/client.ts";
import { keyOf } from "../api/keys.ts";
import type { Field, TargetObject } from "../api/model.ts";
import { buildDocuments } from "../api/record_documents.ts";
import { useScope } from "../api/session_context.ts";
import { labelOf, NULL_TEXT } from "./registry.ts";

export type Options = { edges: readonly { node: { id: string } }[]; pageInfo: { hasNextPage: boolean } };

/** Return the first records of an object that a filter matches, each with the fields that name it. */
export async function readOptions(
  target: TargetObject,
  filter: object,
  first: number,
  signal?: AbortSignal,
): Promise<Options> {
  const document = buildDocuments({ ...target, description: null, fields: [] }, []).options;
  const answer = await records<Record<string, Options>>(document, { filter, first }, { signal });
  return answer[target.namePlural] ?? { edges: [], pageInfo: { hasNextPage: false } };
}

/** Return the name of the record that the key of a relation has; its id until it is read, or if the role does not see it. */
export function useRecordName(field: Field, id: unknown): string {
  const scope = useScope();
  const target = field.relation?.target;
  const found = useQuery({
    queryKey: keyOf(scope, "records", target?.namePlural ?? null, "name", id),
    enabled: target !== undefined && typeof id === "string",
    queryFn: async ({ signal }) => {
      const options = target && (await readOptions(target, { id: { eq: id } }, 1, signal));
      return options?.edges[0] ? labelOf(options.edges[0].node, target?.labels ?? []) : "";
    },
  });
  return typeof id === "string" ? found.data || id : NULL_TEXT;
}

export function RecordName({ field, id }: { field: Field; id: unknown }) {
  return useRecordName(field, id);
}
