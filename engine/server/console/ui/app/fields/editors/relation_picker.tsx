// The editor of a relation to one record: a search on the server, which says when there is more.

import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useState } from "react";

import { records } from "../../api/client.ts";
import { keyOf } from "../../api/keys.ts";
import type { Field, TargetObject } from "../../api/model.ts";
import { buildDocuments } from "../../api/record_documents.ts";
import { useScope } from "../../api/session_context.ts";
import { buildSearch } from "../../filter/search.ts";
import { labelOf } from "../registry.ts";
import type { EditorProps } from "./editor.tsx";
import { type Choice, Picker } from "./picker.tsx";

const SHOWN = 20;

type Connection = { edges: readonly { node: { id: string } }[]; pageInfo: { hasNextPage: boolean } };

export function RelationPicker({ field, value, related, text, label, onSave, onCancel }: EditorProps) {
  const [search, setSearch] = useState(text ?? "");
  const target = field.relation?.target;
  const found = useRecords(target, search);
  if (!target) return null;
  const edges = found.data?.edges ?? [];
  const choices: Choice[] = edges.map(({ node }) => ({ value: node.id, label: labelOf(node, target.labels) }));
  const present = typeof value === "string" ? value : null;
  if (search === "" && present !== null && !choices.some((choice) => choice.value === present)) {
    choices.unshift({ value: present, label: labelOf(related, target.labels) || present });
  }
  if (field.isNullable && search === "")
    choices.unshift({ value: null, label: `No ${target.labelSingular.toLowerCase()}` });
  return (
    <Picker
      label={label}
      search={search}
      onSearch={setSearch}
      choices={choices}
      chosen={[present]}
      isStale={found.isPending || found.isPlaceholderData}
      hint={hintOf(found, edges.length, field)}
      onChoose={(next, then) => onSave(next, then, choices.find((choice) => choice.value === next)?.label ?? "")}
      onDone={(then) => onSave(value, then, "")}
      onCancel={onCancel}
    />
  );
}

function hintOf(
  found: { isPending: boolean; isPlaceholderData: boolean; error: Error | null; data?: Connection | undefined },
  count: number,
  field: Field,
) {
  if (found.error) return found.error.message;
  if (found.isPending || found.isPlaceholderData) return "Searching…";
  if (count === 0) return `No ${field.relation?.target.labelPlural.toLowerCase()} have these words.`;
  return found.data?.pageInfo.hasNextPage ? `The first ${SHOWN}; more match. Type to narrow them.` : undefined;
}

function useRecords(target: TargetObject | undefined, search: string) {
  const scope = useScope();
  return useQuery({
    queryKey: keyOf(scope, "records", target?.namePlural ?? null, "options", search),
    enabled: target !== undefined,
    placeholderData: keepPreviousData,
    queryFn: async ({ signal }): Promise<Connection> => {
      if (!target) return { edges: [], pageInfo: { hasNextPage: false } };
      const document = buildDocuments({ ...target, description: null, fields: [] }, []).options;
      const answer = await records<Record<string, Connection>>(
        document,
        { filter: buildSearch(search, target.labels), first: SHOWN },
        { signal },
      );
      return answer[target.namePlural] ?? { edges: [], pageInfo: { hasNextPage: false } };
    },
  });
}
