// The numbers of the processes over time, the processes themselves, slow operations, and builds.

import { metadata } from "../client.ts";
import { doubleOf } from "../exact_json.ts";
import BUILDS from "./builds.graphql";
import METRICS from "./metrics.graphql";
import PROCESSES from "./processes.graphql";
import SLOW from "./slow.graphql";

export interface Metrics {
  /** The first second of each step. */
  times: readonly number[];
  /** A value for each step, null where no process has told. */
  series: Readonly<Record<string, readonly (number | null)[]>>;
}

export interface Process {
  id: string;
  version: string;
  worker: number | null;
  startedAt: string;
  seenAt: string;
  isRunning: boolean;
}

export interface SlowOperation {
  id: string;
  api: string;
  type: string;
  name: string | null;
  roots: string;
  role: string | null;
  count: number;
  totalMs: number;
  maxMs: number;
  lastAt: string;
  plan: unknown;
}

export interface Build {
  object: string;
  fields: readonly string[];
  kind: string;
  phase: string | null;
  done: number | string | null;
  total: number | string | null;
}

/** The numbers of the last `range` seconds, one for each `step`. */
export async function readMetrics(range: number, step: number, signal?: AbortSignal): Promise<Metrics> {
  const { metrics } = await metadata<{ metrics: { times: readonly unknown[]; series: Record<string, unknown[]> } }>(
    METRICS,
    { range, step },
    { signal },
  );
  const series = Object.entries(metrics.series).map(([name, values]) => [name, values.map(numberOf)] as const);
  return { times: metrics.times.map(Number), series: Object.fromEntries(series) };
}

export async function listProcesses(signal?: AbortSignal): Promise<readonly Process[]> {
  return (await metadata<{ processes: readonly Process[] }>(PROCESSES, {}, { signal })).processes;
}

/** The operations that took the longest in all, up to `first`, and how many there are. */
export async function listSlow(
  first: number,
  signal?: AbortSignal,
): Promise<{ count: number; operations: SlowOperation[] }> {
  const { slowOperations: found } = await metadata<{
    slowOperations: { totalCount: number; edges: readonly { node: SlowOperation }[] };
  }>(SLOW, { first }, { signal });
  const operations = found.edges.map(({ node }) => ({
    ...node,
    count: numberOf(node.count) ?? 0,
    totalMs: numberOf(node.totalMs) ?? 0,
    maxMs: numberOf(node.maxMs) ?? 0,
  }));
  return { count: found.totalCount, operations };
}

export async function listBuilds(signal?: AbortSignal): Promise<readonly Build[]> {
  return (await metadata<{ builds: readonly Build[] }>(BUILDS, {}, { signal })).builds;
}

/** The number of a value, whose digits the client keeps as they came; null for none. */
function numberOf(value: unknown): number | null {
  return value === null ? null : doubleOf(value);
}
