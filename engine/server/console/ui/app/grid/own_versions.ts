// The versions that own writes have left: an edit that began before one of them follows it, and is no conflict; an event
// that tells one of them is no news.

import type { RecordRow } from "../api/model.ts";

export class OwnVersions {
  private readonly next = new Map<string, string>();
  private readonly left = new Set<string>();

  /** Take note that an own write of a record has found the version `before`, and left `after`. */
  note(id: string, before: string | undefined, after: string | undefined): void {
    if (after !== undefined) this.next.set(`${id} ${before}`, after);
  }

  /** Take note of the records as an own write has left them. */
  add(rows: readonly { id: string; updatedAt?: string }[]): void {
    for (const { id, updatedAt } of rows) if (updatedAt !== undefined) this.left.add(`${id} ${updatedAt}`);
  }

  /** Return true if an own write has left this version of a record; an event of its end has none. */
  has(id: string, version: unknown): boolean {
    return this.left.has(`${id} ${version}`);
  }

  /** Return the version that own writes alone have made of this one. */
  latest<Version extends string | undefined>(id: string, version: Version): Version | string {
    const next = this.next.get(`${id} ${version}`);
    return next === undefined ? version : this.latest(id, next);
  }
}

/** Return the record as one of this version; the same one where the role does not read versions. */
export function withVersion(record: RecordRow, updatedAt: string | undefined): RecordRow {
  return updatedAt === undefined ? record : { ...record, updatedAt };
}

/** Return the versions of records by their ids. */
export function versionsOf(rows: readonly RecordRow[]): Map<string, string> {
  return new Map(rows.flatMap(({ id, updatedAt }) => (updatedAt === undefined ? [] : [[id, updatedAt]])));
}
