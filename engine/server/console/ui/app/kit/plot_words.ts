// A chart of some series, and their last values in words.

import { printNumber } from "./numbers.ts";

export interface Line {
  series: string;
  label: string;
  color: "accent" | "danger" | "warn" | "info" | "muted";
}

export interface Chart {
  id: string;
  title: string;
  unit: string;
  lines: readonly Line[];
}

export type Series = Readonly<Record<string, readonly (number | null)[]>>;

/** The last number of a series that a process has told; null where there is none. */
export function lastOf(values: readonly (number | null)[] | undefined): number | null {
  return values?.findLast((value) => value !== null) ?? null;
}

/** The chart in words, for those who do not see it. */
export function describe(chart: Chart, series: Series): string {
  const parts = chart.lines.map(({ series: name, label }) => `${label} ${printNumber(lastOf(series[name]))}`);
  return `${chart.title}${chart.unit && ` (${chart.unit})`}, last: ${parts.join(", ")}`;
}
