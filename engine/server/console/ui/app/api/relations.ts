// The relations of the model, for its graph.

import { metadata } from "./client.ts";
import RELATIONS from "./relations.graphql";

export interface Relation {
  id: string;
  type: string;
  source: string;
  sourceLabel: string;
  target: string;
  targetLabel: string;
}

interface Row {
  id: string;
  type: string;
  sourceFieldId: string;
  targetFieldId: string;
  sourceObject: { nameSingular: string } | null;
  sourceField: { label: string } | null;
  targetObject: { nameSingular: string } | null;
  targetField: { label: string } | null;
}

interface Answer {
  relations: { edges: readonly { node: Row }[]; pageInfo: { hasNextPage: boolean; endCursor: string | null } };
}

/** All relations, once each, from the object that has the key, whose both objects the role may see. */
export async function listRelations(signal?: AbortSignal): Promise<Relation[]> {
  const found = new Map<string, Relation>();
  let after: string | null = null;
  do {
    const { relations }: Answer = await metadata<Answer>(RELATIONS, { after }, { signal });
    for (const { node } of relations.edges) {
      // The API lists a relation from both of its ends.
      const pair = [node.sourceFieldId, node.targetFieldId].sort().join();
      if (node.sourceObject !== null && node.targetObject !== null && node.type !== "ONE_TO_MANY") {
        found.set(pair, {
          id: node.id,
          type: node.type,
          source: node.sourceObject.nameSingular,
          sourceLabel: node.sourceField?.label ?? "",
          target: node.targetObject.nameSingular,
          targetLabel: node.targetField?.label ?? "",
        });
      }
    }
    after = relations.pageInfo.hasNextPage ? relations.pageInfo.endCursor : null;
  } while (after !== null);
  return [...found.values()];
}
