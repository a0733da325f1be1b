// The records of a record's relations to many: the first five of each, and their number.

import { useInfiniteQuery } from "@tanstack/react-query";

import { records } from "../../api/client.ts";
import { keyOf } from "../../api/keys.ts";
import { type Field, isToMany, type ObjectModel } from "../../api/model.ts";
import { buildRelatedDocument } from "../../api/record_documents.ts";
import { useScope } from "../../api/session_context.ts";
import { labelOf } from "../../fields/registry.ts";
import { Button } from "../../kit/button.tsx";
import { Problem } from "../../kit/problem.tsx";

const FIRST = 5;
const MORE = 25;

type Connection = {
  totalCount: number;
  pageInfo: { hasNextPage: boolean; endCursor: string | null };
  edges: readonly { node: { id: string } }[];
};

export type RelationsProps = {
  object: ObjectModel;
  id: string;
  /** The record's label: several records may be open beside each other. */
  name: string;
  onOpen(plural: string, id: string): void;
};

export function RecordRelations({ object, id, name, onOpen }: RelationsProps) {
  const relations = object.fields.filter(isToMany);
  return relations.map((field) => (
    <RelationList key={field.id} object={object} id={id} name={name} field={field} onOpen={onOpen} />
  ));
}

function RelationList({ object, id, name, field, onOpen }: RelationsProps & { field: Field }) {
  const scope = useScope();
  const found = useInfiniteQuery({
    queryKey: keyOf(scope, "records", object.namePlural, "related", id, field.name),
    initialPageParam: null as string | null,
    queryFn: async ({ pageParam, signal }) => {
      const variables = { id, first: pageParam === null ? FIRST : MORE, after: pageParam };
      const answer = await records<Record<string, Record<string, Connection> | null>>(
        buildRelatedDocument(object, field),
        variables,
        { signal },
      );
      return answer[object.nameSingular]?.[field.name] ?? null;
    },
    getNextPageParam: (page) => (page?.pageInfo.hasNextPage ? page.pageInfo.endCursor : null),
  });
  const target = field.relation?.target;
  const pages = found.data?.pages ?? [];
  if (!target) return null;
  return (
    <section className="record-relation" aria-label={`${field.label} of ${name}`}>
      <h2>
        {field.label} <span>{pages[0]?.totalCount ?? ""}</span>
      </h2>
      {found.error && <Problem title="The records cannot be read." text={found.error.message} />}
      <ul>
        {pages.flatMap((page) =>
          (page?.edges ?? []).map(({ node }) => (
            <li key={node.id}>
              <button type="button" className="record-link" onClick={() => onOpen(target.namePlural, node.id)}>
                {labelOf(node, target.labels)}
              </button>
            </li>
          )),
        )}
      </ul>
      {found.hasNextPage && (
        <Button kind="quiet" isDisabled={found.isFetching} onPress={() => void found.fetchNextPage()}>
          More
        </Button>
      )}
    </section>
  );
}
