// The side bar's part of the preferences, and the ways to keep others.

import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";

import { metadata } from "../client.ts";
import { keyOf } from "../keys.ts";
import { useScope } from "../session_context.ts";
import { decodeItems, decodeStrip, patchOfItems, patchOfStrip, type SideBarItems, type Strip } from "./navigation.ts";
import PREFERENCES from "./preferences.graphql";

interface Preferences {
  items: SideBarItems;
  strip: Strip | null;
}

/** Return the side bar's items and the workspace's strip, null until they are read, and the ways to keep others. */
export function usePreferences() {
  const client = useQueryClient();
  const queryKey = keyOf(useScope(), "preferences", null, "side bar");
  const read = useQuery({
    queryKey,
    queryFn: async ({ signal }): Promise<Preferences> => {
      const answer = await metadata<{ own: unknown; workspace: unknown }>(
        PREFERENCES,
        {},
        { operation: "ConsolePreferences", signal },
      );
      return { items: decodeItems(answer.own), strip: decodeStrip(answer.workspace) };
    },
  });
  const set = (changed: Partial<Preferences>) =>
    client.setQueryData<Preferences>(queryKey, (before) => before && { ...before, ...changed });
  const keepItems = useMutation({
    // One behind the other: the last items that were chosen are those that stay.
    scope: { id: "side bar" },
    mutationFn: (items: SideBarItems) =>
      metadata(PREFERENCES, { patch: patchOfItems(items) }, { operation: "ConsoleKeepOwn", keepalive: true }),
    onMutate: (items) => set({ items }),
    onError: () => client.invalidateQueries({ queryKey }),
  });
  const keepStrip = useMutation({
    mutationFn: (strip: Strip | null) =>
      metadata(PREFERENCES, { patch: patchOfStrip(strip) }, { operation: "ConsoleKeepShared" }),
    onSuccess: (_answer, strip) => set({ strip }),
  });
  return { items: read.data?.items ?? null, strip: read.data?.strip ?? null, keepItems: keepItems.mutate, keepStrip };
}
