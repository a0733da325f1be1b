// The side bar's part of the preferences, and the ways to keep others.

import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect, useMemo } from "react";

import { metadata } from "../client.ts";
import { ApiError } from "../errors.ts";
import { keyOf } from "../keys.ts";
import { useScope, useSession } from "../session_context.ts";
import { decodeItems, decodeStrip, patchOfItems, patchOfStrip, type SideBarItems, type Strip } from "./navigation.ts";
import PREFERENCES from "./preferences.graphql";
import { unansweredOf } from "./unanswered.ts";

interface Preferences {
  items: SideBarItems;
  strip: Strip | null;
}

/** Return the side bar's items and the workspace's strip, null until they are read, and the ways to keep others. */
export function usePreferences() {
  const client = useQueryClient();
  const { workspace, role, id } = useSession();
  const queryKey = keyOf(useScope(), "preferences", null, "side bar");
  const unanswered = useMemo(() => unansweredOf([workspace, role, id, "side bar"]), [workspace, role, id]);
  const read = useQuery({
    queryKey,
    queryFn: async ({ signal }): Promise<Preferences> => {
      const answer = await metadata<{ own: unknown; workspace: unknown }>(
        PREFERENCES,
        {},
        { operation: "ConsolePreferences", signal },
      );
      return { items: unanswered.read() ?? decodeItems(answer.own), strip: decodeStrip(answer.workspace) };
    },
  });
  const set = (changed: Partial<Preferences>) =>
    client.setQueryData<Preferences>(queryKey, (before) => before && { ...before, ...changed });
  const keepItems = useMutation({
    // One behind the other: the last items that were chosen are those that stay.
    scope: { id: "side bar" },
    mutationFn: (items: SideBarItems) =>
      metadata(PREFERENCES, { patch: patchOfItems(items) }, { operation: "ConsoleKeepOwn", keepalive: true }),
    onMutate(items) {
      unanswered.begin(items);
      set({ items });
    },
    onSettled(_answer, error, items) {
      // Also a page that is left ends its requests as if the server could not be reached.
      if (!(error instanceof ApiError) || error.retryIn === null) unanswered.end(items);
      return error === null ? undefined : client.invalidateQueries({ queryKey });
    },
  });
  const keep = keepItems.mutate;
  useEffect(() => {
    // The page before was left before its request was sent behind another one, or before the answer came.
    const items = unanswered.read();
    if (items !== null) keep(items);
  }, [unanswered, keep]);
  const keepStrip = useMutation({
    mutationFn: (strip: Strip | null) =>
      metadata(PREFERENCES, { patch: patchOfStrip(strip) }, { operation: "ConsoleKeepShared" }),
    onSuccess: (_answer, strip) => set({ strip }),
  });
  return { items: read.data?.items ?? null, strip: read.data?.strip ?? null, keepItems: keep, keepStrip };
}
