// The numbers that tell how far a workspace has come.

import { metadata } from "../client.ts";
import STATS from "../stats.graphql";
import KEYS from "./keys.graphql";
import WEBHOOKS from "./webhooks.graphql";

interface Stats {
  objectStats: readonly { object: string; records: number | string | null; estimated: boolean }[];
}

/** The numbers of records by object, for up to 200 objects that the role may count. */
export async function countRecords(objects: readonly string[], signal?: AbortSignal): Promise<Map<string, number>> {
  const { objectStats } = await metadata<Stats>(STATS, { objects: objects.slice(0, 200) }, { signal });
  return new Map(objectStats.map(({ object, records }) => [object, Number(records ?? 0)]));
}

export async function countKeys(signal?: AbortSignal): Promise<number> {
  return (await metadata<{ apiKeys: { totalCount: number } }>(KEYS, {}, { signal })).apiKeys.totalCount;
}

export async function countWebhooks(signal?: AbortSignal): Promise<number> {
  return (await metadata<{ webhooks: { totalCount: number } }>(WEBHOOKS, {}, { signal })).webhooks.totalCount;
}
