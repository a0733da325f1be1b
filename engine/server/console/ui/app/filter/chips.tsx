// The conditions of a filter in words, each with a button that removes it.

import { X } from "lucide-react";

import { Button } from "../kit/button.tsx";
import { buildFilter, type Filter, parseFilter, replaceAt } from "./tree.ts";
import { membersOf } from "./use_fields.ts";
import { useWords } from "./use_words.ts";
import type { FieldsAt } from "./words.ts";
import "./builder.css";

export type ChipsProps = { filter: Filter; fieldsAt: FieldsAt; onChange(filter: Filter): void };

export function FilterChips({ filter, fieldsAt, onChange }: ChipsProps) {
  const rows = parseFilter(filter, membersOf(fieldsAt));
  const wordsOf = useWords([rows], fieldsAt);
  if (rows.children.length === 0) return null;
  return (
    <ul className="filter-chips" aria-label="Conditions">
      {rows.children.map((node, index) => {
        const words = wordsOf(node);
        return (
          // Its words change when the names in it are read, and its button stays.
          <li key={JSON.stringify(node)}>
            {words}
            <Button
              kind="quiet"
              icon={<X aria-hidden />}
              aria-label={`Remove: ${words}`}
              onPress={() => onChange(buildFilter(replaceAt(rows, [index], null)))}
            />
          </li>
        );
      })}
    </ul>
  );
}
