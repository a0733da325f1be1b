// A plan as the sections that a person reads, the worst first.

import { doubleOf } from "../api/exact_json.ts";
import type { Plan } from "../api/model_edit.ts";
import type { TypeLabel } from "../api/use_field_types.ts";
import { printCount } from "../kit/numbers.ts";

export interface Section {
  kind: "breaks" | "loses" | "rights" | "locks" | "later" | "appears";
  title: string;
  lines: readonly string[];
  /** Members of the list that are not among the lines. */
  more: number;
}

/** The sections of a plan that have anything to say. */
export function sectionsOf(plan: Plan, typeLabel: TypeLabel): Section[] {
  const sections: Section[] = [
    breaks(plan),
    loses(plan, typeLabel),
    rights(plan),
    locks(plan),
    later(plan),
    appears(plan),
  ];
  return sections.filter(({ lines }) => lines.length > 0);
}

/** Whether a person has to agree to a loss: values or records go that are there now. */
export function isLosing(plan: Plan): boolean {
  const goes = plan.lost.some(({ kind, records }) => kind === "DELETED" && (records ?? 1) > 0);
  return goes || plan.conversions.some(({ rowsLosing }) => rowsLosing > 0);
}

function breaks(plan: Plan): Section {
  const operations = plan.operations.map(({ operation, hash, reasons, clients }) => {
    const who = clients.map(({ name, perMinute }) => `${name ?? "users"}, ${rate(doubleOf(perMinute))}`).join("; ");
    return `Operation ${operation ?? hash.slice(0, 8)}${who && ` (${who})`}: ${reasons.join(" ")}`;
  });
  const documents = plan.documents.map(
    ({ client, documentId, operation, reasons }) =>
      `Trusted document ${operation ?? documentId.slice(0, 8)} of ${client}: ${reasons.join(" ")}`,
  );
  const unchecked =
    plan.documentsUnchecked > 0 ? [`${printCount(plan.documentsUnchecked)} trusted documents were not checked.`] : [];
  const { counts } = plan;
  return {
    kind: "breaks",
    title: "Breaks",
    lines: [...operations, ...documents, ...unchecked, ...plan.breaking.map((name) => `API: ${name}`)],
    more:
      counts.operations -
      plan.operations.length +
      (counts.documents - plan.documents.length) +
      (counts.breaking - plan.breaking.length),
  };
}

function loses(plan: Plan, typeLabel: TypeLabel): Section {
  const conversions = plan.conversions
    .filter(({ rowsLosing }) => rowsLosing > 0)
    .map(
      ({ field, from, to, rowsLosing, examples }) =>
        `${field}: ${printCount(rowsLosing)} values do not fit from ${typeLabel(from)} to ${typeLabel(to)}${examplesOf(examples)}`,
    );
  const lost = plan.lost.map(({ message, records, total, examples }) => {
    const share = records !== null && total !== null ? ` (${printCount(records)} of ${printCount(total)})` : "";
    return `${message}${share}${examplesOf(examples)}`;
  });
  return { kind: "loses", title: "Loses", lines: [...conversions, ...lost], more: plan.counts.lost - plan.lost.length };
}

function rights(plan: Plan): Section {
  return { kind: "rights", title: "Rights", lines: plan.roles.map(({ message }) => message), more: 0 };
}

/** The meaning of PostgreSQL's locks for the programs beside a change. */
const WAITING: Readonly<Record<string, string>> = {
  "ACCESS EXCLUSIVE": "reads and writes wait",
  EXCLUSIVE: "writes wait",
  "SHARE ROW EXCLUSIVE": "writes wait",
  SHARE: "writes wait",
  "SHARE UPDATE EXCLUSIVE": "reads and writes go on",
};

function locks(plan: Plan): Section {
  const lines = plan.locks.map(({ table, lock, rowsWritten, when }) => {
    const written = rowsWritten > 0 ? `, while ${printCount(rowsWritten)} rows are written` : "";
    const words = WAITING[lock] === undefined ? lock : `${WAITING[lock]} (${lock})`;
    return `${table}: ${words}${written}${when === null ? "" : `, ${when}`}`;
  });
  return { kind: "locks", title: "Locks", lines, more: plan.counts.locks - plan.locks.length };
}

function later(plan: Plan): Section {
  const words: Record<string, string> = { INDEX: "index", FOREIGN_KEY: "foreign key", REQUIRED: "required values" };
  const lines = plan.builds.map(({ kind, name }) => `${words[kind] ?? kind} of ${name}, beside readers and writers`);
  return { kind: "later", title: "Afterwards", lines, more: 0 };
}

function appears(plan: Plan): Section {
  return { kind: "appears", title: "Appears", lines: plan.appears, more: plan.counts.appears - plan.appears.length };
}

function examplesOf(examples: readonly { value: unknown; rows: number }[]): string {
  const shown = examples.map(
    ({ value, rows }) => `${typeof value === "string" ? value : JSON.stringify(value)} (${printCount(rows)})`,
  );
  return shown.length === 0 ? "" : `: ${shown.join(" · ")}`;
}

function rate(perMinute: number): string {
  return perMinute >= 1 ? `${printCount(Math.round(perMinute))}/min` : "less than 1/min";
}
