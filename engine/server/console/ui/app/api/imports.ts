// Import jobs: a file that is sent once, then checked, written and taken back by the server.

import { keepPreviousData, useQuery } from "@tanstack/react-query";

import { ask, upload } from "./client.ts";
import { keyOf, type Scope } from "./keys.ts";
import { root } from "./place.ts";
import { useScope } from "./session_context.ts";

export type JobStatus =
  | "RECEIVING"
  | "READY"
  | "CHECKING"
  | "CHECKED"
  | "RUNNING"
  | "STOPPED"
  | "FAILED"
  | "DONE"
  | "UNDOING"
  | "UNDONE";

export type Job = {
  id: string;
  object: string;
  name: string | null;
  format: "csv" | "jsonl";
  status: JobStatus;
  size: number;
  bytesRead: number;
  /** Records were written; a check writes none. */
  hasWritten: boolean;
  created: number;
  updated: number;
  failed: number;
  undone: number;
  kept: number;
  columns: readonly string[] | null;
  /** Texts of CSV, and any values of JSON Lines. */
  sample: readonly (readonly unknown[])[] | null;
  suggested: Readonly<Record<string, string | null>> | null;
  mapping: Readonly<Record<string, string | null>> | null;
  onConflict: readonly string[] | null;
  error: { code: string; message: string } | null;
};

export type JobOptions = { mapping?: Readonly<Record<string, string | null>>; onConflict?: readonly string[] | null };

export type JobVerb = "check" | "run" | "stop" | "undo";

const AT_WORK: readonly JobStatus[] = ["RECEIVING", "CHECKING", "RUNNING", "UNDOING"];
const POLL_MILLISECONDS = 700;
const SLOWEST_POLL = 3_000;
const POLL_GROWTH = 1.15;

export function isAtWork(job: Job): boolean {
  return AT_WORK.includes(job.status);
}

/** Send the content of a file, and return the job that waits with it. */
export async function createJob(plural: string, name: string, content: Blob, signal: AbortSignal): Promise<Job> {
  const type = /\.(jsonl|ndjson)$/i.test(name) ? "application/jsonl" : "text/csv";
  const parameters = new URLSearchParams({ object: plural, name });
  return (await upload<{ import: Job }>(`/rest/imports?${parameters}`, content, type, signal)).import;
}

/** The key of a job: a role sees those that were started as it. */
export function jobKey(scope: Scope, id: string): readonly unknown[] {
  return keyOf(scope, "imports", null, id);
}

/** The jobs of the person for an object, the newest first: a page that was closed is found again. */
export function useJobs(plural: string) {
  const scope = useScope();
  return useQuery({
    queryKey: keyOf(scope, "imports", plural),
    queryFn: async () => {
      const { imports } = await ask<{ imports: readonly Job[] }>("GET", "/rest/imports");
      return imports.filter((job) => job.object === plural);
    },
    staleTime: 0,
  });
}

export async function turnJob(id: string, verb: JobVerb, options: JobOptions = {}): Promise<Job> {
  return (await ask<{ import: Job }>("POST", `/rest/imports/${id}/${verb}`, options)).import;
}

/** The job, read again while the server works on it. */
export function useJob(id: string) {
  const scope = useScope();
  return useQuery({
    queryKey: jobKey(scope, id),
    queryFn: async () => (await ask<{ import: Job }>("GET", `/rest/imports/${id}`)).import,
    // A long import is asked for less often.
    refetchInterval: ({ state }) =>
      state.data && isAtWork(state.data)
        ? Math.min(POLL_MILLISECONDS * POLL_GROWTH ** state.dataUpdateCount, SLOWEST_POLL)
        : false,
    placeholderData: keepPreviousData,
    staleTime: 0,
  });
}

function errorsPath(id: string): string {
  return `/rest/imports/${id}/errors.csv`;
}

/** The address of the refused rows as CSV. */
export function errorsAddress(id: string): string {
  return root + errorsPath(id);
}

/** The beginning of the refused rows as CSV, read again while there are fewer than `named`: the server writes the whole file. */
export function useErrors({ id, failed, status }: Job, named: number) {
  return useQuery({
    queryKey: [...jobKey(useScope(), id), "errors", Math.min(failed, named), status],
    // Another check may have refused as many rows for other reasons.
    staleTime: 0,
    queryFn: ({ signal }) => ask<string>("GET", errorsPath(id), undefined, signal),
    enabled: failed > 0,
    placeholderData: keepPreviousData,
  });
}
