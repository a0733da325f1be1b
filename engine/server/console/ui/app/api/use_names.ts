// The names that a label suggests, while it is typed.

import { useQuery } from "@tanstack/react-query";
import { useDeferredValue } from "react";

import { type DerivedNames, deriveNames } from "./model_edit.ts";
import { useScope } from "./session_context.ts";

/** The names of a label: of an object, and of a field in `object`; undefined until the server has answered. */
export function useNames(label: string, object: string | null, isWanted: boolean): DerivedNames | undefined {
  const scope = useScope();
  const asked = useDeferredValue(label.trim());
  const { data } = useQuery({
    // Not in the area of the model: a change of it is no reason to ask for the names of a form that is closing.
    queryKey: ["names", scope.workspace, scope.role, object, asked],
    staleTime: 0,
    queryFn: ({ signal }) => deriveNames(asked, object, signal),
    enabled: isWanted && asked !== "",
  });
  return asked === label.trim() ? data : undefined;
}

/** Says that a label has no Latin letters to make a name of. */
export const NAMELESS = "No name follows from this label: type one of Latin letters.";

/** The name that a label begins with until the server has answered: `Team member` is teamMember. */
export function roughName(label: string): string {
  const words =
    label
      .normalize("NFKD")
      .replace(/\p{M}/gu, "")
      .match(/[A-Za-z0-9]+/g) ?? [];
  return words
    .map((word, place) => (place === 0 ? word.charAt(0).toLowerCase() : word.charAt(0).toUpperCase()) + word.slice(1))
    .join("");
}
