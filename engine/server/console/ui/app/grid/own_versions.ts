// The versions that own writes have left: an edit that began before one of them follows it, and is no conflict.

export class OwnVersions {
  private readonly next = new Map<string, string>();

  /** Take note that an own write of a record has found the version `before`, and left `after`. */
  note(id: string, before: string, after: string): void {
    this.next.set(`${id} ${before}`, after);
  }

  /** Return the version that own writes alone have made of this one. */
  latest(id: string, version: string): string {
    const next = this.next.get(`${id} ${version}`);
    return next === undefined ? version : this.latest(id, next);
  }
}
