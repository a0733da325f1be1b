// Operations: the numbers of all processes, the processes, slow operations, and builds.

import { useQuery } from "@tanstack/react-query";
import { useSearchParams } from "react-router";

import { keyOf } from "../../api/keys.ts";
import {
  type Build,
  listBuilds,
  listProcesses,
  listSlow,
  type Process,
  readMetrics,
  type SlowOperation,
} from "../../api/operations/operations.ts";
import { useScope } from "../../api/session_context.ts";
import { Chip } from "../../kit/chip.tsx";
import { printCount } from "../../kit/numbers.ts";
import { Page } from "../../kit/page.tsx";
import { Plot } from "../../kit/plot.tsx";
import { Problem } from "../../kit/problem.tsx";
import { Select } from "../../kit/select.tsx";
import { type Column, Table } from "../../kit/table.tsx";
import { Time } from "../../kit/time.tsx";
import { CHARTS, RANGES } from "./charts.ts";
import "./operations.css";

const POLL_MS = 10_000;
const SLOW_SHOWN = 20;

export function Component() {
  const scope = useScope();
  const [search, setSearch] = useSearchParams();
  const range = RANGES.find(({ id }) => id === search.get("range")) ?? RANGES[0];
  const metrics = useQuery({
    queryKey: keyOf(scope, "operations", null, "metrics", range.id),
    queryFn: ({ signal }) => readMetrics(Number(range.id), range.step, signal),
    refetchInterval: POLL_MS,
  });
  const processes = useQuery({
    queryKey: keyOf(scope, "operations", null, "processes"),
    queryFn: ({ signal }) => listProcesses(signal),
    refetchInterval: POLL_MS,
  });
  const slow = useQuery({
    queryKey: keyOf(scope, "operations", null, "slow"),
    queryFn: ({ signal }) => listSlow(SLOW_SHOWN, signal),
    refetchInterval: POLL_MS,
  });
  const builds = useQuery({
    queryKey: keyOf(scope, "operations", null, "builds"),
    queryFn: ({ signal }) => listBuilds(signal),
    refetchInterval: POLL_MS,
  });
  const failure = metrics.error ?? processes.error ?? slow.error ?? builds.error;
  return (
    <Page title="Operations">
      <div className="operations">
        <div className="operations-range">
          <Select
            label="Range"
            value={range.id}
            choices={RANGES}
            onChange={(id) => setSearch({ range: id }, { replace: true })}
          />
        </div>
        {failure && <Problem title="The numbers cannot be read." text={failure.message} />}
        {metrics.data && (
          <section className="operations-plots" aria-label="Numbers">
            {CHARTS.map((chart) => (
              <Plot key={chart.id} chart={chart} times={metrics.data.times} series={metrics.data.series} />
            ))}
          </section>
        )}
        <section aria-label="Processes">
          <h2>Processes</h2>
          {processes.data?.length === 0 && <p>A process tells of itself every ten seconds: none has done so yet.</p>}
          {processes.data !== undefined && processes.data.length > 0 && (
            <Table label="Processes" columns={PROCESSES} rows={processes.data} idOf={({ id }) => id} />
          )}
        </section>
        {builds.data !== undefined && builds.data.length > 0 && (
          <section aria-label="Builds">
            <h2>Builds</h2>
            <Table
              label="Builds"
              columns={BUILDS}
              rows={builds.data}
              idOf={({ object, fields, kind }) => `${object} ${fields.join(" ")} ${kind}`}
            />
          </section>
        )}
        <section aria-label="Slow operations">
          <h2>Slow operations</h2>
          {slow.data?.count === 0 && <p>No operation was slow. FIELDSTONE_SLOW_OPERATION says from when on one is.</p>}
          {slow.data !== undefined && slow.data.count > 0 && (
            <Table label="Slow operations" columns={SLOW} rows={slow.data.operations} idOf={({ id }) => id} />
          )}
        </section>
      </div>
    </Page>
  );
}

const PROCESSES: readonly Column<Process>[] = [
  { id: "id", title: "Process", cell: ({ id }) => <code>{id}</code> },
  { id: "version", title: "Version", cell: ({ version }) => version },
  { id: "worker", title: "Worker", isNumber: true, cell: ({ worker }) => worker ?? "—" },
  { id: "startedAt", title: "Since", cell: ({ startedAt }) => <Time at={startedAt} /> },
  { id: "seenAt", title: "Last told", cell: ({ seenAt }) => <Time at={seenAt} isExact /> },
  {
    id: "state",
    title: "State",
    cell: ({ isRunning }) => (isRunning ? <Chip color="green">Running</Chip> : <Chip>Gone</Chip>),
  },
];

const BUILDS: readonly Column<Build>[] = [
  { id: "object", title: "Object", cell: ({ object }) => object },
  { id: "fields", title: "Fields", cell: ({ fields }) => fields.join(", ") },
  { id: "kind", title: "Kind", cell: ({ kind }) => kind },
  { id: "phase", title: "Phase", cell: ({ phase }) => phase ?? "—" },
  {
    id: "done",
    title: "Done",
    isNumber: true,
    cell: ({ done, total }) =>
      total === null || !Number(total) ? "—" : `${Math.round((Number(done) / Number(total)) * 100)} %`,
  },
];

const SLOW: readonly Column<SlowOperation>[] = [
  { id: "name", title: "Operation", cell: ({ name, roots }) => <span title={roots}>{name ?? roots}</span> },
  { id: "api", title: "API", cell: ({ api, type }) => `${api} ${type.toLowerCase()}` },
  { id: "role", title: "Role", cell: ({ role }) => role ?? "—" },
  { id: "count", title: "Times", isNumber: true, cell: ({ count }) => printCount(count) },
  { id: "total", title: "ms in all", isNumber: true, cell: ({ totalMs }) => printCount(Math.round(totalMs)) },
  { id: "max", title: "Longest ms", isNumber: true, cell: ({ maxMs }) => printCount(Math.round(maxMs)) },
  { id: "last", title: "Last", cell: ({ lastAt }) => <Time at={lastAt} /> },
  {
    id: "plan",
    title: "Plan",
    cell: ({ plan }) =>
      plan === null ? (
        "—"
      ) : (
        <details>
          <summary>Show</summary>
          <pre className="operations-plan">{JSON.stringify(plan, null, 1)}</pre>
        </details>
      ),
  },
];
