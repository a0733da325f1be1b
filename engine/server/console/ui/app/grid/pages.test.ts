import assert from "node:assert/strict";
import { test } from "node:test";
import { openPages, type Page } from "./pages.ts";

type Asked = {
  after: string | null;
  offset: number;
  signal: AbortSignal;
  answer: (page: Page<number>) => void;
  fail: (error: unknown) => void;
};

// A list of whole numbers, a clock that a test moves, and every request that was made.
function open() {
  const asked: Asked[] = [];
  const errors: unknown[] = [];
  let changes = 0;
  let waiting: { action: () => void; milliseconds: number } | null = null;
  const pages = openPages<number>(
    ({ after, offset }, signal) => new Promise((answer, fail) => asked.push({ after, offset, signal, answer, fail })),
    () => changes++,
    (error) => {
      errors.push(error);
      return error === PASSING ? 2000 : null;
    },
    {
      start: (action, milliseconds) => (waiting = { action, milliseconds }),
      stop: (timer) => {
        if (waiting === timer) waiting = null;
      },
    },
  );
  const rest = () => {
    const timer = waiting;
    waiting = null;
    timer?.action();
  };
  const answer = async (index: number, number: number) => {
    asked[index]?.answer(page(number));
    await new Promise(setImmediate);
  };
  return { pages, asked, errors, rest, answer, waits: () => waiting?.milliseconds, changes: () => changes };
}

const PASSING = new Error("The server cannot be reached.");

function page(number: number): Page<number> {
  const rows = Array.from({ length: 100 }, (_, index) => number * 100 + index);
  return { rows, endCursor: `end of ${number}`, isLast: false };
}

test("the first page is read at once, the next one behind its cursor", async () => {
  const { pages, asked, rest, answer, waits } = open();
  pages.show(0, 30);
  assert.equal(waits(), 0);
  rest();
  await answer(0, 0);
  assert.equal(pages.row(99), 99);
  assert.equal(pages.row(100), undefined);
  pages.show(80, 120);
  assert.equal(waits(), 80);
  rest();
  assert.deepEqual(
    asked.map(({ after, offset }) => ({ after, offset })),
    [
      { after: null, offset: 0 },
      { after: "end of 0", offset: 0 },
    ],
  );
});

test("a drag over the whole list reads only where it rests, and aborts what it left", async () => {
  const { pages, asked, rest, answer } = open();
  pages.show(0, 30);
  rest();
  for (let row = 0; row < 100_000; row += 250) pages.show(row, row + 30);
  pages.show(99_950, 99_999);
  rest();
  assert.equal(asked.length, 2);
  assert.equal(asked[1]?.offset, 99_900);
  assert.equal(asked[0]?.signal.aborted, true);
  await answer(0, 0);
  assert.equal(pages.row(0), undefined, "the answer of an aborted page is not kept");
});

test("sixty pages are kept, those that were used last", async () => {
  const { pages, rest, answer } = open();
  for (let number = 0; number < 70; number++) {
    pages.show(number * 100, number * 100 + 30);
    rest();
    await answer(number, number);
  }
  assert.equal(pages.row(0), undefined);
  assert.equal(pages.row(900), undefined);
  assert.equal(pages.row(1000), 1000);
  assert.equal(pages.row(6900), 6900);
});

test("a refresh keeps the rows that are shown until the new ones are here", async () => {
  const { pages, asked, rest, answer } = open();
  pages.show(0, 120);
  rest();
  await answer(0, 0);
  await answer(1, 1);
  pages.refresh();
  assert.equal(pages.row(5), 5);
  rest();
  assert.equal(asked.length, 4);
  assert.equal(asked[3]?.after, null, "no cursor of a stale page is used");
  asked[2]?.answer({ rows: [-1], endCursor: null, isLast: true });
  await new Promise(setImmediate);
  assert.equal(pages.row(0), -1);
  assert.equal(pages.row(5), undefined);
});

test("the page of the focused row is kept, and read again by a refresh, wherever the view is", async () => {
  const { pages, asked, rest, answer } = open();
  pages.focus(30);
  pages.show(0, 30);
  rest();
  await answer(0, 0);
  for (let number = 1; number < 70; number++) {
    pages.show(number * 100, number * 100 + 30);
    rest();
    await answer(number, number);
  }
  assert.equal(pages.row(30), 30);
  assert.equal(asked.length, 70, "it costs no request of its own");
  pages.refresh();
  rest();
  assert.deepEqual(
    asked.slice(70).map(({ offset }) => offset),
    [6900, 0],
  );
  asked[71]?.answer({ rows: Array.from({ length: 100 }, () => -1), endCursor: null, isLast: false });
  await new Promise(setImmediate);
  assert.equal(pages.row(30), -1);
});

test("rows are found and replaced by what they are", async () => {
  const { pages, rest, answer, changes } = open();
  pages.show(0, 30);
  rest();
  await answer(0, 0);
  assert.deepEqual(
    pages.find((row) => row === 42),
    { index: 42, row: 42 },
  );
  const before = changes();
  pages.replace((row) => (row === 42 ? 4200 : undefined));
  assert.equal(pages.row(42), 4200);
  pages.replace(() => undefined);
  assert.equal(changes(), before + 1);
});

test("a row that is replaced while its page is under way is replaced in that page", async () => {
  const { pages, asked, rest, answer } = open();
  pages.show(0, 30);
  rest();
  assert.equal(pages.isReading(), true);
  pages.replace((row) => (row === 42 ? 4200 : undefined));
  pages.replace((row) => (row === 4200 ? 4201 : undefined));
  await answer(0, 0);
  assert.equal(pages.row(42), 4201);
  assert.equal(pages.isReading(), false);
  pages.refresh();
  assert.equal(pages.isReading(), true, "it is about to be asked for");
  rest();
  assert.equal(asked.length, 2);
  await answer(1, 0);
  assert.equal(pages.row(42), 42, "a later page has it by itself");
});

test("an error is told, and the page is asked for again when it is shown again", async () => {
  const { pages, asked, errors, rest } = open();
  pages.show(0, 30);
  rest();
  asked[0]?.fail(new Error("no"));
  await new Promise(setImmediate);
  assert.equal(errors.length, 1);
  pages.refresh();
  rest();
  assert.equal(asked.length, 2);
});

test("a page that was refused for a while is asked for again by itself, and another one is not", async () => {
  const { pages, asked, rest, answer, waits } = open();
  pages.show(0, 30);
  rest();
  asked[0]?.fail(PASSING);
  await new Promise(setImmediate);
  assert.equal(waits(), 2000);
  rest();
  asked[1]?.fail(new Error("no"));
  await new Promise(setImmediate);
  assert.equal(waits(), undefined);
  pages.refresh();
  rest();
  asked[2]?.fail(PASSING);
  await new Promise(setImmediate);
  rest();
  await answer(3, 0);
  assert.equal(pages.row(30), 30);
});

test("a gesture reads the pages of its range that are not here, and no move of the view ends that", async () => {
  const { pages, asked, rest, answer } = open();
  pages.show(0, 30);
  rest();
  await answer(0, 0);
  const loaded = pages.load(50, 250);
  await new Promise(setImmediate);
  pages.show(5000, 5030);
  rest();
  assert.equal(asked[1]?.after, "end of 0");
  assert.equal(asked[1]?.signal.aborted, false);
  await answer(1, 1);
  assert.equal(asked[3]?.after, "end of 1");
  await answer(3, 2);
  await loaded;
  assert.deepEqual([pages.row(50), pages.row(150), pages.row(250)], [50, 150, 250]);
  const refused = assert.rejects(pages.load(900, 900), /broken/);
  await new Promise(setImmediate);
  asked[4]?.fail(new Error("broken"));
  await refused;
});

test("a closed list asks for nothing more", () => {
  const { pages, asked, rest } = open();
  pages.show(0, 30);
  pages.close();
  rest();
  assert.equal(asked.length, 0);
});

test("a list that is not counted is as long as it was read, and ends with its last page", async () => {
  const { pages, asked, rest, answer } = open();
  assert.equal(pages.extent(), null);
  pages.show(0, 30);
  rest();
  await answer(0, 0);
  assert.deepEqual(pages.extent(), { rows: 100, isEnd: false });
  pages.show(80, 100);
  rest();
  asked[1]?.answer({ rows: [100, 101], endCursor: "end", isLast: true });
  await new Promise(setImmediate);
  assert.deepEqual(pages.extent(), { rows: 102, isEnd: true });
  // Another read of it may find more records, or fewer.
  pages.refresh();
  assert.deepEqual(pages.extent(), { rows: 102, isEnd: false });
  rest();
  await answer(2, 0);
  assert.deepEqual(pages.extent(), { rows: 102, isEnd: false });
  asked[3]?.answer({ rows: [], endCursor: null, isLast: true });
  await new Promise(setImmediate);
  assert.deepEqual(pages.extent(), { rows: 100, isEnd: true });
});

test("an empty page behind the end that answers last makes no rows", async () => {
  const { pages, asked, rest } = open();
  pages.show(0, 130);
  rest();
  asked[0]?.answer({ rows: [0, 1], endCursor: "end", isLast: true });
  await new Promise(setImmediate);
  asked[1]?.answer({ rows: [], endCursor: null, isLast: true });
  await new Promise(setImmediate);
  assert.deepEqual(pages.extent(), { rows: 2, isEnd: true });
});

test("a full page may be the last one", async () => {
  const { pages, asked, rest } = open();
  pages.show(0, 30);
  rest();
  asked[0]?.answer({ ...page(0), isLast: true });
  await new Promise(setImmediate);
  assert.deepEqual(pages.extent(), { rows: 100, isEnd: true });
});
