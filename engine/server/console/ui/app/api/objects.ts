// The objects of the workspace, by the words that lists of them show.

import { type UseQueryResult, useQuery } from "@tanstack/react-query";

import { metadata } from "./client.ts";
import { keyOf } from "./keys.ts";
import OBJECTS from "./objects.graphql";
import { useScope } from "./session_context.ts";

export interface ObjectHead {
  id: string;
  nameSingular: string;
  namePlural: string;
  labelSingular: string;
  labelPlural: string;
  description: string | null;
  icon: string | null;
  isCustom: boolean;
  isSystem: boolean;
  isActive: boolean;
}

interface Page {
  objects: {
    edges: readonly { node: ObjectHead }[];
    pageInfo: { hasNextPage: boolean; endCursor: string | null };
  };
}

/** All objects that the role may see. */
export function useObjectList(): UseQueryResult<ObjectHead[]> {
  const scope = useScope();
  return useQuery({
    queryKey: keyOf(scope, "model", null, "objects"),
    queryFn: ({ signal }) => listObjects(signal),
  });
}

async function listObjects(signal?: AbortSignal): Promise<ObjectHead[]> {
  const found: ObjectHead[] = [];
  let after: string | null = null;
  do {
    const { objects }: Page = await metadata<Page>(OBJECTS, { after }, { signal });
    found.push(...objects.edges.map(({ node }) => node));
    after = objects.pageInfo.hasNextPage ? objects.pageInfo.endCursor : null;
  } while (after !== null);
  return found;
}
