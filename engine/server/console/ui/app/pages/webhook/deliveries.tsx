// The deliveries of a webhook, the newest first, and the answer to each.

import { useInfiniteQuery, useMutation, useQueryClient } from "@tanstack/react-query";
import { useSearchParams } from "react-router";

import { areaOf, keyOf } from "../../api/keys.ts";
import { useScope } from "../../api/session_context.ts";
import { type Delivery, type DeliveryStatus, listDeliveries, redeliver } from "../../api/webhooks/webhooks.ts";
import { Button } from "../../kit/button.tsx";
import { Chip } from "../../kit/chip.tsx";
import { Problem } from "../../kit/problem.tsx";
import { Select } from "../../kit/select.tsx";
import { type Column, Table } from "../../kit/table.tsx";
import "./deliveries.css";

const STATES = {
  PENDING: { label: "Waiting", color: "blue" },
  DELIVERED: { label: "Delivered", color: "green" },
  FAILED: { label: "Failed", color: "red" },
} as const;

const CHOICES: readonly { id: DeliveryStatus | "ALL"; label: string }[] = [
  { id: "ALL", label: "All" },
  { id: "PENDING", label: "Waiting" },
  { id: "DELIVERED", label: "Delivered" },
  { id: "FAILED", label: "Failed" },
];

const POLL_MS = 5_000;

export function Deliveries({ webhookId }: { webhookId: string }) {
  const scope = useScope();
  const client = useQueryClient();
  const [search, setSearch] = useSearchParams();
  const status = CHOICES.find(({ id }) => id === search.get("status"))?.id ?? "ALL";
  const pages = useInfiniteQuery({
    queryKey: keyOf(scope, "webhooks", null, webhookId, "deliveries", status),
    queryFn: ({ pageParam, signal }) => listDeliveries(webhookId, status === "ALL" ? null : status, pageParam, signal),
    initialPageParam: null as string | null,
    getNextPageParam: ({ next }) => next,
    refetchInterval: ({ state }) => ((state.data?.pages.length ?? 0) > 1 ? false : POLL_MS),
  });
  const again = useMutation({
    mutationFn: redeliver,
    onSuccess: () => client.invalidateQueries({ queryKey: areaOf(scope, "webhooks") }),
  });
  const failure = pages.error ?? again.error;
  const rows = pages.data?.pages.flatMap(({ deliveries }) => deliveries) ?? [];
  return (
    <section className="deliveries" aria-label="Deliveries">
      <div className="deliveries-bar">
        <h2>Deliveries</h2>
        <p role="status">{pages.data ? `${pages.data.pages[0]?.count.toLocaleString() ?? 0} in all` : "Loading…"}</p>
        <Select
          label="Status"
          value={status}
          choices={CHOICES}
          onChange={(id) => setSearch(id === "ALL" ? {} : { status: id }, { replace: true })}
        />
      </div>
      {failure && <Problem title={failure.message} text={failure.message} />}
      {rows.length === 0 && pages.data && <p>No events have been sent to it yet, or none has this status.</p>}
      {rows.length > 0 && (
        <Table label="Deliveries" columns={columns((id) => again.mutate(id))} rows={rows} idOf={({ id }) => id} />
      )}
      {pages.hasNextPage && (
        <Button isDisabled={pages.isFetchingNextPage} onPress={() => void pages.fetchNextPage()}>
          Show more
        </Button>
      )}
    </section>
  );
}

function columns(send: (id: string) => void): Column<Delivery>[] {
  return [
    { id: "at", title: "Event at", cell: ({ createdAt }) => new Date(createdAt).toLocaleString() },
    { id: "event", title: "Event", cell: ({ event }) => <code>{event}</code> },
    {
      id: "status",
      title: "Status",
      cell: ({ status }) => <Chip color={STATES[status].color}>{STATES[status].label}</Chip>,
    },
    { id: "attempts", title: "Attempts", isNumber: true, cell: ({ attempts }) => attempts },
    { id: "answer", title: "Last answer", cell: (delivery) => <Answer delivery={delivery} /> },
    {
      id: "duration",
      title: "ms",
      isNumber: true,
      cell: ({ durationMs }) => durationMs?.toLocaleString() ?? "—",
    },
    {
      id: "again",
      title: "Again",
      cell: ({ id, event }) => (
        <Button kind="quiet" aria-label={`Send ${event} again`} onPress={() => send(id)}>
          Send again
        </Button>
      ),
    },
  ];
}

function Answer({ delivery }: { delivery: Delivery }) {
  const { responseStatus, responseBody, error } = delivery;
  const title = responseStatus === null ? (error ?? "—") : `${responseStatus}${error ? `: ${error}` : ""}`;
  if (!responseBody) {
    return title;
  }
  return (
    <details>
      <summary>{title}</summary>
      <pre className="deliveries-body">{responseBody}</pre>
    </details>
  );
}
