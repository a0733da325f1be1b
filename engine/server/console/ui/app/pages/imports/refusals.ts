// The reasons of refused rows, as the beginning of their CSV has them.

/** Rows whose reasons a page names; the file has those of all. */
export const NAMED = 20;

export interface Refusal {
  /** The number of the row in the file. */
  row: string;
  field: string;
  message: string;
}

const CELL = /(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r?\n)/gy;

/** Return the first refused rows of a CSV; a row that is cut off is none. */
export function readRefusals(csv: string): Refusal[] {
  const rows: string[][] = [[]];
  for (const [, quoted, plain = "", end] of csv.matchAll(CELL)) {
    rows.at(-1)?.push(quoted?.replaceAll('""', '"') ?? plain);
    if (end !== ",") rows.push([]);
    if (rows.length > NAMED + 1) break;
  }
  const [head = [], ...refused] = rows.slice(0, -1);
  const at = (cells: readonly string[], name: string) => cells[head.indexOf(name)] ?? "";
  return refused.map((cells) => ({
    row: at(cells, "row"),
    field: at(cells, "field"),
    message: at(cells, "message"),
  }));
}
