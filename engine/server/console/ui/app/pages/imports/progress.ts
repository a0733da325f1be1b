// The state of an import in words, and the actions that it leaves open.

import { isAtWork, type Job } from "../../api/imports.ts";
import { printCount } from "../../kit/numbers.ts";

const WORDS: Readonly<Record<Job["status"], string>> = {
  RECEIVING: "The file is being received.",
  READY: "The file waits.",
  CHECKING: "Each row is being checked; none is written.",
  CHECKED: "Checked. Nothing is written yet.",
  RUNNING: "The rows are being written.",
  STOPPED: "Stopped.",
  FAILED: "The import ended before its end.",
  DONE: "Done.",
  UNDOING: "The import is being undone.",
  UNDONE: "Undone.",
};

/** Return true if a check or an import was stopped or has failed. */
export function isEndedEarly({ status }: Job): boolean {
  return status === "STOPPED" || status === "FAILED";
}

/** Return true if nothing is written and nobody works on it: its columns can be chosen again. */
export function isUnwritten(job: Job): boolean {
  return !job.hasWritten && (job.status === "READY" || job.status === "CHECKED" || isEndedEarly(job));
}

export function wordsOf(job: Job): string {
  return isEndedEarly(job) && !job.hasWritten ? `${WORDS[job.status]} Nothing is written yet.` : WORDS[job.status];
}

export function progressOf(job: Job): string {
  if (job.status === "UNDONE" || job.status === "UNDOING") {
    return `${printCount(job.undone)} undone, ${printCount(job.kept)} kept, because they were changed since or are gone.`;
  }
  if (job.status === "READY" || job.status === "RECEIVING") return "";
  // A check has written nothing.
  const isCheck = isAtWork(job) ? job.status === "CHECKING" : isUnwritten(job);
  const created = isCheck ? "would be created" : "created";
  return `${printCount(job.created)} ${created}, ${printCount(job.updated)} updated, ${printCount(job.failed)} refused.`;
}
