// The side bar's part of the preferences, and the ways to keep others.

import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect, useMemo, useRef } from "react";

import { metadata } from "../client.ts";
import { ApiError } from "../errors.ts";
import { keyOf } from "../keys.ts";
import { useScope, useSession } from "../session_context.ts";
import {
  decodeItems,
  decodeStrip,
  differenceOf,
  patchOfItems,
  patchOfStrip,
  type SideBarItems,
  type Strip,
} from "./navigation.ts";
import PREFERENCES from "./preferences.graphql";
import { unansweredOf } from "./unanswered.ts";

interface Preferences {
  /** The items as they are shown: with the changes that wait for their answer. */
  items: SideBarItems;
  strip: Strip | null;
  /** The time of the read, in milliseconds. */
  readAt: number;
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
      const items = unanswered.apply(decodeItems(answer.own));
      return { items, strip: decodeStrip(answer.workspace), readAt: Date.now() };
    },
  });
  const set = (changed: Partial<Preferences>) =>
    client.setQueryData<Preferences>(queryKey, (before) => before && { ...before, ...changed });
  // Items that are sent a second time: where these are not answered either, the next page sends them.
  const sentAgain = useRef<SideBarItems | null>(null);
  const keepItems = useMutation({
    mutationKey: ["side bar"],
    // One behind the other: the last items that were chosen are those that stay.
    scope: { id: "side bar" },
    mutationFn: (items: SideBarItems) =>
      metadata(PREFERENCES, { patch: patchOfItems(items) }, { operation: "ConsoleKeepOwn", keepalive: true }),
    onMutate(items) {
      const before = client.getQueryData<Preferences>(queryKey);
      if (before) unanswered.begin(differenceOf(before.items, items));
      set({ items });
    },
    onSuccess() {
      // Others that wait behind this write are still to be answered.
      if (client.isMutating({ mutationKey: ["side bar"] }) === 1) unanswered.end();
    },
    onError(error, items) {
      // A page that is left ends its requests as if the server could not be reached: the change waits for the next read.
      const isPassing = error instanceof ApiError && error.retryIn !== null;
      if (!isPassing) unanswered.end();
      if (!isPassing || items !== sentAgain.current) void client.invalidateQueries({ queryKey });
    },
  });
  const keep = keepItems.mutate;
  const { items, readAt } = read.data ?? {};
  const shown = useRef(items);
  shown.current = items;
  useEffect(() => {
    if (readAt === undefined || shown.current === undefined) return;
    if (!unanswered.isAny() || client.isMutating({ mutationKey: ["side bar"] }) > 0) return;
    // The server did not answer the write of this page or of the one before it.
    sentAgain.current = shown.current;
    keep(shown.current);
  }, [readAt, unanswered, keep, client]);
  const keepStrip = useMutation({
    mutationFn: (strip: Strip | null) =>
      metadata(PREFERENCES, { patch: patchOfStrip(strip) }, { operation: "ConsoleKeepShared" }),
    onSuccess: (_answer, strip) => set({ strip }),
  });
  return { items: items ?? null, strip: read.data?.strip ?? null, keepItems: keep, keepStrip };
}
