// Webhooks and their deliveries.

import { metadata } from "../client.ts";
import CREATE from "./create.graphql";
import DELETE from "./delete.graphql";
import DELIVERIES from "./deliveries.graphql";
import DELIVERY from "./delivery.graphql";
import LIST from "./list.graphql";
import ONE from "./one.graphql";
import REDELIVER from "./redeliver.graphql";
import REDELIVER_FAILED from "./redeliver_failed.graphql";
import TEST from "./test.graphql";
import UPDATE from "./update.graphql";

export interface Webhook {
  id: string;
  targetUrl: string;
  operations: readonly string[];
  description: string | null;
  isActive: boolean;
  /** Since when each attempt has failed. */
  failingSince: string | null;
  disabledAt: string | null;
  disabledReason: string | null;
  role: string | null;
}

export interface ListedWebhook extends Webhook {
  waiting: { totalCount: number };
  failed: { totalCount: number };
  /** Those of the last day that were taken, and those that were taken or given up. */
  taken: { totalCount: number };
  ended: { totalCount: number };
}

const DAY_MILLISECONDS = 86_400_000;

export type DeliveryStatus = "PENDING" | "DELIVERED" | "FAILED";

export interface Delivery {
  id: string;
  event: string;
  recordId: string;
  status: DeliveryStatus;
  attempts: number;
  nextAttemptAt: string | null;
  attemptedAt: string | null;
  responseStatus: number | null;
  error: string | null;
  durationMs: number | null;
  createdAt: string;
}

/** An attempt at a delivery, and how its answer begins. */
export interface Try {
  at: string;
  status: number | null;
  ms: number;
  error: string | null;
  answer: string | null;
}

/** A delivery with all its attempts. */
export interface WholeDelivery extends Pick<Delivery, "id" | "event" | "recordId" | "status" | "nextAttemptAt"> {
  /** The body that is sent, as JSON text; null for a role that does not see it. */
  request: string | null;
  tries: readonly Try[];
}

interface Connection<T> {
  edges: readonly { node: T }[];
  pageInfo: { hasNextPage: boolean; endCursor: string | null };
}

export interface DeliveryPage {
  count: number;
  deliveries: Delivery[];
  next: string | null;
}

export interface TestOutcome {
  succeeded: boolean;
  responseStatus: number | null;
  responseBody: string | null;
  error: string | null;
  durationMs: number;
}

export interface WebhookInput {
  targetUrl: string;
  operations: readonly string[];
  description: string | null;
}

/** All webhooks that the role may see, the newest first. */
export async function listWebhooks(signal?: AbortSignal): Promise<ListedWebhook[]> {
  const found: ListedWebhook[] = [];
  const since = new Date(Date.now() - DAY_MILLISECONDS).toISOString();
  let after: string | null = null;
  do {
    const { webhooks }: { webhooks: Connection<ListedWebhook> } = await metadata(LIST, { after, since }, { signal });
    found.push(...webhooks.edges.map(({ node }) => node));
    after = webhooks.pageInfo.hasNextPage ? webhooks.pageInfo.endCursor : null;
  } while (after !== null);
  return found;
}

/** The webhook of that id; null where there is none, or the role may not see it. */
export async function findWebhook(id: string, signal?: AbortSignal): Promise<Webhook | null> {
  return (await metadata<{ webhook: Webhook | null }>(ONE, { id }, { signal })).webhook;
}

/** A page of a webhook's deliveries, the newest first, of one status or of all. */
export async function listDeliveries(
  webhookId: string,
  status: DeliveryStatus | null,
  after: string | null,
  signal?: AbortSignal,
): Promise<DeliveryPage> {
  const filter = { webhookId: { eq: webhookId }, ...(status === null ? {} : { status: { eq: status } }) };
  const { webhookDeliveries: found } = await metadata<{
    webhookDeliveries: Connection<Delivery> & { totalCount: number };
  }>(DELIVERIES, { filter, after }, { signal });
  return {
    count: found.totalCount,
    deliveries: found.edges.map(({ node }) => node),
    next: found.pageInfo.hasNextPage ? found.pageInfo.endCursor : null,
  };
}

/** The delivery of that id with its attempts; null where there is none, or the role may not see it. */
export async function findDelivery(id: string, signal?: AbortSignal): Promise<WholeDelivery | null> {
  return (await metadata<{ webhookDelivery: WholeDelivery | null }>(DELIVERY, { id }, { signal })).webhookDelivery;
}

/** Creates a webhook; its secret is answered this once. */
export async function createWebhook(input: WebhookInput): Promise<{ id: string; secret: string }> {
  return (await metadata<{ createWebhook: { id: string; secret: string } }>(CREATE, { input })).createWebhook;
}

export async function updateWebhook(id: string, input: Partial<WebhookInput> & { isActive?: boolean }): Promise<void> {
  await metadata(UPDATE, { id, input });
}

export async function deleteWebhook(id: string): Promise<void> {
  await metadata(DELETE, { id });
}

/** Sends a test event at once. */
export async function testWebhook(id: string): Promise<TestOutcome> {
  return (await metadata<{ testWebhook: TestOutcome }>(TEST, { id })).testWebhook;
}

/** Sends a delivery again, whatever its status. */
export async function redeliver(id: string): Promise<void> {
  await metadata(REDELIVER, { id });
}

/** Sends the deliveries of a webhook again that were given up, and returns their number: 10,000 at most. */
export async function redeliverFailed(webhookId: string): Promise<number> {
  return (await metadata<{ redeliverFailed: number }>(REDELIVER_FAILED, { webhookId })).redeliverFailed;
}
