// The objects of the workspace, by the words that lists of them show.

import { metadata } from "./client.ts";
import OBJECTS from "./objects.graphql";

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

/** All objects that the role may see, in pages. */
export async function listObjects(signal?: AbortSignal): Promise<ObjectHead[]> {
  const found: ObjectHead[] = [];
  let after: string | null = null;
  do {
    const { objects }: Page = await metadata<Page>(OBJECTS, { after }, { signal });
    found.push(...objects.edges.map(({ node }) => node));
    after = objects.pageInfo.hasNextPage ? objects.pageInfo.endCursor : null;
  } while (after !== null);
  return found;
}
