// A range of cells as text with tabs and as a table of HTML, and such a text as cells.

/** Return cells as text with tabs; a cell with a tab, a quote or a line's end is quoted as spreadsheets do. */
export function toTsv(cells: readonly (readonly string[])[]): string {
  return cells.map((row) => row.map(quote).join("\t")).join("\n");
}

function quote(text: string): string {
  return /[\t\n\r"]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

/** Return cells as a table of HTML, in which every character of a cell is text. */
export function toHtml(cells: readonly (readonly string[])[]): string {
  const rows = cells.map((row) => `<tr>${row.map((text) => `<td>${escapeHtml(text)}</td>`).join("")}</tr>`);
  return `<table><tbody>${rows.join("")}</tbody></table>`;
}

function escapeHtml(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");
}

/** Return the cells of a text with tabs; all rows have the width of the widest. A last line's end is none of a cell. */
export function fromTsv(text: string): string[][] {
  const rows: string[][] = [[]];
  let cell = "";
  let index = 0;
  const endCell = () => {
    rows.at(-1)?.push(cell);
    cell = "";
  };
  while (index < text.length) {
    const character = text.charAt(index);
    const quoted = character === '"' && cell === "" ? readQuoted(text, index) : null;
    if (quoted !== null) {
      cell = quoted.cell;
      index = quoted.end;
      continue;
    }
    if (character === "\t") endCell();
    else if (character === "\n") {
      endCell();
      rows.push([]);
    } else if (character !== "\r" || text.charAt(index + 1) !== "\n") cell += character;
    index++;
  }
  endCell();
  if (rows.length > 1 && rows.at(-1)?.length === 1 && rows.at(-1)?.[0] === "") rows.pop();
  const width = Math.max(...rows.map((row) => row.length));
  return rows.map((row) => [...row, ...Array<string>(width - row.length).fill("")]);
}

const QUOTED = /"([^"]*(?:""[^"]*)*)"(?=[\t\r\n]|$)/y;

// Spreadsheets quote a cell for its tabs, line ends and quotation marks alone: other quotation marks are text.
function readQuoted(text: string, index: number): { cell: string; end: number } | null {
  QUOTED.lastIndex = index;
  const inner = QUOTED.exec(text)?.[1];
  if (inner === undefined || !/[\t\r\n"]/.test(inner)) return null;
  return { cell: inner.replaceAll('""', '"'), end: QUOTED.lastIndex };
}

/** Return the cells to write at a range: one value goes into all of it, and a smaller block is repeated to fill it. */
export function spread(cells: readonly (readonly string[])[], rows: number, columns: number): string[][] {
  const height = cells.length;
  const width = cells[0]?.length ?? 0;
  if (height === 0 || width === 0) return [];
  const fits = rows % height === 0 && columns % width === 0;
  const [tall, wide] = fits ? [rows, columns] : [height, width];
  return Array.from({ length: tall }, (_, row) =>
    Array.from({ length: wide }, (_, column) => cells[row % height]?.[column % width] ?? ""),
  );
}
