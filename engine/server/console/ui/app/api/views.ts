// Saved views: the columns, the filter and the order of a list, kept by the server.

import { useMutation, useQuery } from "@tanstack/react-query";

import { metadata } from "./client.ts";
import { keyOf } from "./keys.ts";
import type { ObjectModel } from "./model.ts";
import { useScope } from "./session_context.ts";
import { useReadAgain } from "./use_read_again.ts";
import CREATE from "./view_create.graphql";
import DELETE from "./view_delete.graphql";
import UPDATE from "./view_update.graphql";
import VIEWS from "./views.graphql";

export type View = {
  id: string;
  name: string;
  kind: string;
  /** The field that a board has its columns by; null where the view is none. */
  boardField: string | null;
  columns: readonly { field: string; width: number | null; visible: boolean }[];
  filter: Readonly<Record<string, unknown>> | null;
  orderBy: readonly unknown[] | null;
  shared: boolean;
  isMine: boolean;
  ownerName: string | null;
  missing: readonly string[];
};

export type ViewInput = Partial<
  Pick<View, "name" | "kind" | "boardField" | "columns" | "filter" | "orderBy" | "shared">
>;

/** The views of an object that the person may use. */
export function useViews(object: ObjectModel) {
  const scope = useScope();
  return useQuery({
    queryKey: keyOf(scope, "views", object.nameSingular),
    queryFn: async ({ signal }) =>
      (await metadata<{ views: View[] }>(VIEWS, { object: object.nameSingular }, { signal })).views,
  });
}

export type ViewChange =
  | { do: "create"; input: ViewInput }
  | { do: "update"; id: string; input: ViewInput }
  | { do: "delete"; id: string };

/** Write a view, and return its id; the list of views is read again. */
export function useViewChange(object: ObjectModel) {
  return useMutation({
    mutationFn: async (change: ViewChange): Promise<string> => {
      const answer = await metadata<Readonly<Record<string, { id: string }>>>(...documentOf(change, object));
      return Object.values(answer)[0]?.id ?? "";
    },
    onSuccess: useReadAgain("views", object.nameSingular),
  });
}

function documentOf(change: ViewChange, object: ObjectModel): [string, object] {
  switch (change.do) {
    case "create":
      return [CREATE, { input: { ...change.input, object: object.nameSingular } }];
    case "update":
      return [UPDATE, { id: change.id, input: change.input }];
    case "delete":
      return [DELETE, { id: change.id }];
  }
}
