// The editor of a relation to one record: a search on the server, which says when there is more.

import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { useState } from "react";

import { keyOf } from "../../api/keys.ts";
import type { Field, TargetObject } from "../../api/model.ts";
import { useScope } from "../../api/session_context.ts";
import { buildSearch } from "../../filter/search.ts";
import { type Options, readOptions, useRecordName } from "../record_name.tsx";
import { labelOf } from "../registry.ts";
import type { EditorProps } from "./editing.ts";
import { type Choice, Picker } from "./picker.tsx";

const SHOWN = 20;

export function RelationPicker({ field, value, related, text, label, onSave, onCancel }: EditorProps) {
  const [search, setSearch] = useState(text ?? "");
  const target = field.relation?.target;
  const found = useRecords(target, search);
  const isKnown = typeof related === "object" && related !== null;
  const name = useRecordName(field, isKnown ? null : value);
  if (!target) return null;
  const edges = found.data?.edges ?? [];
  const names = edges.map(({ node }) => labelOf(node, target.labels));
  const choices: Choice[] = edges.map(({ node }, index) => {
    const name = names[index] ?? "";
    const isAlone = names.indexOf(name) === names.lastIndexOf(name);
    // Records of one name are told apart by a further text of theirs, or by their ids.
    return {
      value: node.id,
      label: isAlone ? name : `${name} · ${labelOf(node, target.detail ? [target.detail] : [])}`,
    };
  });
  const present = typeof value === "string" ? value : null;
  if (search === "" && present !== null && !choices.some((choice) => choice.value === present)) {
    choices.unshift({ value: present, label: (isKnown && labelOf(related, target.labels)) || name });
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
  found: { isPending: boolean; isPlaceholderData: boolean; error: Error | null; data?: Options | undefined },
  count: number,
  field: Field,
) {
  if (found.error) return found.error.message;
  if (found.isPending || found.isPlaceholderData) return "Searching…";
  if (count === 0) return `No ${field.relation?.target.labelPlural.toLowerCase()} have these words.`;
  return found.data?.pageInfo.hasNextPage ? `The first ${count}; more match. Type to narrow them.` : undefined;
}

function useRecords(target: TargetObject | undefined, search: string) {
  const scope = useScope();
  return useQuery({
    queryKey: keyOf(scope, "records", target?.namePlural ?? null, "options", search),
    enabled: target !== undefined,
    placeholderData: keepPreviousData,
    queryFn: target && (({ signal }) => readOptions(target, buildSearch(search, target.labels), SHOWN, signal)),
  });
}
