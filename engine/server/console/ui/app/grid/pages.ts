// The rows of a long list as sparse pages: what the eye rests on is read, what it passed is not.

export type Page<Row> = { rows: readonly Row[]; endCursor: string | null; isLast: boolean };

/** The rows of a list up to the last one that was read, and whether that is the end of the list. */
export type Extent = { rows: number; isEnd: boolean };

/** Reads a page: behind the cursor `after` if there is one, else from `offset` on. */
export type FetchPage<Row> = (
  place: { after: string | null; offset: number },
  signal: AbortSignal,
) => Promise<Page<Row>>;

export type Clock = { start(action: () => void, milliseconds: number): unknown; stop(timer: unknown): void };

export const PAGE_SIZE = 100;
const KEPT_PAGES = 60;
/** The most rows that are here at once. */
export const KEPT_ROWS = PAGE_SIZE * KEPT_PAGES;
const REST_MILLISECONDS = 80;
const REST_FRAMES = 2;

const BROWSER_CLOCK: Clock = {
  start: (action, milliseconds) => {
    const timer: { number: ReturnType<typeof setTimeout>; stopped: boolean } = {
      stopped: false,
      number: setTimeout(() => {
        if (milliseconds === 0) action();
        else afterFrames(REST_FRAMES, () => timer.stopped || action());
      }, milliseconds),
    };
    return timer;
  },
  stop: (timer) => {
    const started = timer as { number: ReturnType<typeof setTimeout>; stopped: boolean };
    started.stopped = true;
    clearTimeout(started.number);
  },
};

// Where a frame takes longer than the time of rest, each step of a drag would look like its end.
function afterFrames(count: number, action: () => void): void {
  if (count === 0) action();
  else requestAnimationFrame(() => afterFrames(count - 1, action));
}

export type Pages<Row> = {
  /** Return the row at an index; undefined while its page is not here. */
  row(index: number): Row | undefined;
  /** Return the rows that are here and fulfil a condition, with their indexes. */
  find(fits: (row: Row) => boolean): { index: number; row: Row } | undefined;
  /**
   * Ask for the rows from `first` to `last`, both included, once the range has stood for 80 ms and two frames; others
   * are aborted.
   */
  show(first: number, last: number): void;
  /** Keep the page of the focused row, which is read with those that are shown, wherever these are. */
  focus(index: number): void;
  /** Read the pages of the rows from `first` to `last` that are not here; it is refused with the error of a page. */
  load(first: number, last: number): Promise<void>;
  /**
   * Put another row into the place of each row for which `change` returns one; into pages that are under way as well,
   * since these may be of a moment before.
   */
  replace(change: (row: Row) => Row | undefined): void;
  /** Return whether a page is under way, or about to be asked for. */
  isReading(): boolean;
  /** Return how far the list was read; null before its first page. */
  extent(): Extent | null;
  /** Read all pages again, keeping the rows that are shown until the new ones are here. */
  refresh(): void;
  /** Stop all that is under way. */
  close(): void;
};

/**
 * Return an empty list of pages. `changed` is called after each change, and `failed` with the error of a page: it answers
 * the milliseconds after which the page is asked for again, null for never.
 */
export function openPages<Row>(
  fetchPage: FetchPage<Row>,
  changed: () => void,
  failed: (error: unknown) => number | null,
  clock: Clock = BROWSER_CLOCK,
): Pages<Row> {
  // In the order of their use, the last used last.
  const pages = new Map<number, Page<Row>>();
  const stale = new Set<number>();
  const underWay = new Map<number, AbortController>();
  // Pages that a gesture waits for: no move of the view aborts them.
  const held = new Set<number>();
  // What is to be done to the pages that are under way.
  let later: ((row: Row) => Row | undefined)[] = [];
  let extent: Extent | null = null;
  let shown: readonly [number, number] = [0, -1];
  let focused: number | null = null;
  let timer: unknown = null;

  function wanted(): Set<number> {
    const [first, last] = shown;
    const numbers = new Set<number>();
    for (let page = first; page <= last; page++) numbers.add(page);
    if (focused !== null) numbers.add(focused);
    return numbers;
  }

  function read(number: number): Promise<void> {
    const controller = new AbortController();
    underWay.set(number, controller);
    const before = stale.has(number - 1) ? undefined : pages.get(number - 1);
    const after = before?.endCursor ?? null;
    const place = { after, offset: after === null ? number * PAGE_SIZE : 0 };
    const end = () => {
      if (underWay.get(number) === controller) underWay.delete(number);
      if (underWay.size === 0) later = [];
    };
    return fetchPage(place, controller.signal)
      .then((page) => {
        if (controller.signal.aborted) return;
        pages.delete(number);
        pages.set(number, later.reduce(changePage, page));
        stale.delete(number);
        extent = extend(extent, number, page);
        forget();
        end();
        changed();
      })
      .finally(end);
  }

  function readShown(number: number): void {
    const done = read(number);
    const signal = underWay.get(number)?.signal;
    done.catch((error: unknown) => {
      if (signal?.aborted) return;
      const again = failed(error);
      if (again !== null && timer === null) wait(again);
    });
  }

  function forget(): void {
    const needed = wanted();
    for (const number of pages.keys()) {
      if (pages.size <= KEPT_PAGES) return;
      if (!needed.has(number)) pages.delete(number);
    }
  }

  function ask(): void {
    timer = null;
    const needed = wanted();
    for (const [number, controller] of underWay) {
      if (needed.has(number) || held.has(number)) continue;
      controller.abort();
      underWay.delete(number);
    }
    for (const number of needed) {
      const page = pages.get(number);
      if (page && !stale.has(number)) {
        pages.delete(number);
        pages.set(number, page);
      } else if (!underWay.has(number)) readShown(number);
    }
  }

  function wait(milliseconds: number): void {
    if (timer !== null) clock.stop(timer);
    timer = clock.start(ask, milliseconds);
  }

  return {
    row: (index) => pages.get(Math.floor(index / PAGE_SIZE))?.rows[index % PAGE_SIZE],
    find(fits) {
      for (const [number, page] of pages) {
        const at = page.rows.findIndex(fits);
        const row = page.rows[at];
        if (row !== undefined) return { index: number * PAGE_SIZE + at, row };
      }
      return undefined;
    },
    show(first, last) {
      const next = [Math.floor(first / PAGE_SIZE), Math.floor(Math.max(first, last) / PAGE_SIZE)] as const;
      if (next[0] === shown[0] && next[1] === shown[1]) return;
      // The first range is read at once: nothing was passed on the way to it.
      const isFirst = shown[1] < 0;
      shown = next;
      wait(isFirst ? 0 : REST_MILLISECONDS);
    },
    focus(index) {
      focused = Math.floor(index / PAGE_SIZE);
    },
    async load(first, last) {
      for (let number = Math.floor(first / PAGE_SIZE); number <= Math.floor(last / PAGE_SIZE); number++) {
        if (pages.has(number) && !stale.has(number)) continue;
        held.add(number);
        try {
          await read(number);
        } finally {
          held.delete(number);
        }
      }
    },
    replace(change) {
      if (underWay.size > 0) later.push(change);
      let any = false;
      for (const [number, page] of pages) {
        const next = changePage(page, change);
        if (next === page) continue;
        any = true;
        pages.set(number, next);
      }
      if (any) changed();
    },
    isReading: () => underWay.size > 0 || timer !== null,
    extent: () => extent,
    refresh() {
      for (const controller of underWay.values()) controller.abort();
      underWay.clear();
      // The list may have become longer.
      if (extent) extent = { ...extent, isEnd: false };
      const needed = wanted();
      for (const number of [...pages.keys()]) {
        if (needed.has(number)) stale.add(number);
        else pages.delete(number);
      }
      wait(0);
    },
    close() {
      if (timer !== null) clock.stop(timer);
      for (const controller of underWay.values()) controller.abort();
      underWay.clear();
    },
  };
}

/** Return the extent of a list after a page of it was read; an empty one is behind an end that is known, wherever that is. */
function extend(before: Extent | null, number: number, page: Page<unknown>): Extent {
  const rows = number * PAGE_SIZE + page.rows.length;
  if (page.rows.length === 0 && before?.isEnd && before.rows < rows) return before;
  if (page.isLast) return { rows, isEnd: true };
  return before && before.rows >= rows ? before : { rows, isEnd: false };
}

/** Return the page with the rows that `change` returns for some of its own; the same page where it returns none. */
function changePage<Row>(page: Page<Row>, change: (row: Row) => Row | undefined): Page<Row> {
  if (!page.rows.some((row) => change(row) !== undefined)) return page;
  return { ...page, rows: page.rows.map((row) => change(row) ?? row) };
}
