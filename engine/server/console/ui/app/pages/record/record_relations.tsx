// The records of a record's relations to many: the first five of each, their number, and their links.

import { useInfiniteQuery } from "@tanstack/react-query";
import { Plus, Unlink } from "lucide-react";
import { useEffect, useRef, useState } from "react";

import { records } from "../../api/client.ts";
import { keyOf } from "../../api/keys.ts";
import { type Field, isToMany, type ObjectModel, type Relation } from "../../api/model.ts";
import { buildRelatedDocument } from "../../api/record_documents.ts";
import { useScope } from "../../api/session_context.ts";
import { RelationPicker } from "../../fields/editors/relation_picker.tsx";
import { labelOf } from "../../fields/registry.ts";
import { Button } from "../../kit/button.tsx";
import { focusFirst, takeLostFocus } from "../../kit/focus.ts";
import { Problem } from "../../kit/problem.tsx";
import { RecordLink } from "./record_link.tsx";
import { useLinks } from "./use_links.ts";

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
  return object.fields
    .filter(isToMany)
    .map(
      (field) =>
        field.relation && (
          <RelationList
            key={field.id}
            object={object}
            id={id}
            name={name}
            field={field}
            relation={field.relation}
            onOpen={onOpen}
          />
        ),
    );
}

type ListProps = RelationsProps & { field: Field; relation: Relation };

function RelationList({ object, id, name, field, relation, onOpen }: ListProps) {
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
  const links = useLinks(object, id, field, relation);
  const [isLinking, setLinking] = useState(false);
  const opener = useRef<HTMLDivElement>(null);
  const top = useRef<HTMLElement>(null);
  // The button of the write is gone with its link, or with the offer of the undo.
  // biome-ignore lint/correctness/useExhaustiveDependencies: the beginning and the end of a write are the reason
  useEffect(() => () => takeLostFocus(top.current), [links.isWriting]);
  const { target } = relation;
  const pages = found.data?.pages ?? [];

  function endLinking(isByKey: boolean): void {
    setLinking(false);
    if (isByKey) setTimeout(() => opener.current?.querySelector("button")?.focus(), 0);
  }

  return (
    <section ref={top} tabIndex={-1} className="record-relation" aria-label={`${field.label} of ${name}`}>
      <h2>
        {field.label} <span>{pages[0]?.totalCount ?? ""}</span>
      </h2>
      {found.error && <Problem title="The records cannot be read." text={found.error.message} />}
      <ul>
        {pages.flatMap((page) =>
          (page?.edges ?? []).map(({ node }) => (
            <li key={node.id}>
              <RecordLink plural={target.namePlural} id={node.id} className="record-link" onOpen={onOpen}>
                {labelOf(node, target.labels)}
              </RecordLink>
              {links.mayUnlink && (
                <Button
                  kind="quiet"
                  icon={<Unlink aria-hidden />}
                  aria-label={`Unlink ${labelOf(node, target.labels)}`}
                  onPress={() => links.unlink({ id: node.id, name: labelOf(node, target.labels) })}
                />
              )}
            </li>
          )),
        )}
      </ul>
      {found.hasNextPage && (
        <Button kind="quiet" isDisabled={found.isFetching} onPress={() => void found.fetchNextPage()}>
          More
        </Button>
      )}
      {links.failure && (
        <Problem {...links.failure}>
          <Button onPress={links.dropFailure}>Close</Button>
        </Problem>
      )}
      {isLinking ? (
        <div className="record-editor" ref={focusFirst}>
          <RelationPicker
            // A link leads to a record.
            field={{ ...links.picked, isNullable: false }}
            value={null}
            text={null}
            label={`Link ${field.label}`}
            onSave={(other, then, label) => {
              endLinking(then !== "stay" || document.activeElement !== document.body);
              if (typeof other === "string") links.link({ id: other, name: label });
            }}
            onCancel={() => endLinking(true)}
          />
        </div>
      ) : (
        links.mayLink && (
          <div ref={opener} className="record-opener">
            <Button kind="quiet" icon={<Plus aria-hidden />} onPress={() => setLinking(true)}>
              Link {field.label}
            </Button>
          </div>
        )
      )}
      <div role="status" className="record-told">
        {links.notice}
        {links.undo && <Button onPress={links.undo}>Undo</Button>}
      </div>
    </section>
  );
}
