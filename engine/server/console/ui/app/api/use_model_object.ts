// One object of the model for those who change it.

import { useQuery } from "@tanstack/react-query";

import { keyOf } from "./keys.ts";
import { type ModelObject, readModelObject } from "./model_edit.ts";
import { useScope } from "./session_context.ts";

/** The object of that name; one that another renames meanwhile is found by its id, so that its open forms stay. */
export function useModelObject(name: string) {
  const scope = useScope();
  return useQuery({
    queryKey: keyOf(scope, "model", name, "edit"),
    queryFn: async ({ client, queryKey, signal }) => {
      const before = client.getQueryData<ModelObject | null>(queryKey);
      const named = await readModelObject({ nameSingular: { eq: name } }, signal);
      return named === null && before ? readModelObject({ id: { eq: before.id } }, signal) : named;
    },
  });
}
