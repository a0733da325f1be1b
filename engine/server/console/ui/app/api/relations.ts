// The relations of the model, for its graph.

import { metadata } from "./client.ts";
import { onceEach, type Relation, type RelationRow } from "./relation_rows.ts";
import RELATIONS from "./relations.graphql";

interface Answer {
  relations: { edges: readonly { node: RelationRow }[]; pageInfo: { hasNextPage: boolean; endCursor: string | null } };
}

/** All relations, once each, from the object that has the key, whose both objects the role may see. */
export async function listRelations(signal?: AbortSignal): Promise<Relation[]> {
  const rows: RelationRow[] = [];
  let after: string | null = null;
  do {
    const { relations }: Answer = await metadata<Answer>(RELATIONS, { after }, { signal });
    rows.push(...relations.edges.map(({ node }) => node));
    after = relations.pageInfo.hasNextPage ? relations.pageInfo.endCursor : null;
  } while (after !== null);
  return onceEach(rows);
}
