// The audit log, the newest entry first.

import { type AuditEntry, readAudit } from "../../api/access.ts";
import { printCount } from "../../kit/numbers.ts";
import type { Column } from "../../kit/table.tsx";
import { Time } from "../../kit/time.tsx";
import { Paged } from "./paged.tsx";

const COLUMNS: readonly Column<AuditEntry>[] = [
  { id: "time", title: "Time", cell: ({ createdAt }) => <Time at={createdAt} /> },
  { id: "action", title: "Action", cell: ({ action }) => action.toLowerCase().replaceAll("_", " ") },
  { id: "actor", title: "By", cell: ({ actorName, actorKind }) => actorName ?? actorKind.toLowerCase() },
  { id: "subject", title: "Subject", cell: ({ subjectName }) => subjectName },
  { id: "address", title: "Address", cell: ({ address }) => address },
  { id: "count", title: "Times", isNumber: true, cell: ({ count }) => printCount(count) },
];

export function Audit() {
  return <Paged label="Audit log" name="audit" columns={COLUMNS} read={readAudit} />;
}
