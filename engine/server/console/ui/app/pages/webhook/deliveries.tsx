// The deliveries of a webhook, the newest first, and the answer to each.

import { useInfiniteQuery, useMutation } from "@tanstack/react-query";
import { ChevronRight } from "lucide-react";
import { useSearchParams } from "react-router";

import { keyOf } from "../../api/keys.ts";
import { useScope } from "../../api/session_context.ts";
import { useReadAgain } from "../../api/use_read_again.ts";
import {
  type Delivery,
  type DeliveryStatus,
  listDeliveries,
  redeliver,
  redeliverFailed,
} from "../../api/webhooks/webhooks.ts";
import { Button } from "../../kit/button.tsx";
import { printCount, printNumber } from "../../kit/numbers.ts";
import { Problem } from "../../kit/problem.tsx";
import { Select } from "../../kit/select.tsx";
import { type Column, Table } from "../../kit/table.tsx";
import { Time } from "../../kit/time.tsx";
import "./deliveries.css";
import { answerOf, DeliveryDialog, DeliveryState } from "./delivery.tsx";

const CHOICES: readonly { id: DeliveryStatus | "ALL"; label: string }[] = [
  { id: "ALL", label: "All" },
  { id: "PENDING", label: "Waiting" },
  { id: "DELIVERED", label: "Delivered" },
  { id: "FAILED", label: "Failed" },
];

const POLL_MS = 5_000;

export function Deliveries({ webhookId }: { webhookId: string }) {
  const scope = useScope();
  const [search, setSearch] = useSearchParams();
  const status = CHOICES.find(({ id }) => id === search.get("status"))?.id ?? "ALL";
  const pages = useInfiniteQuery({
    queryKey: keyOf(scope, "webhooks", null, webhookId, "deliveries", status),
    queryFn: ({ pageParam, signal }) => listDeliveries(webhookId, status === "ALL" ? null : status, pageParam, signal),
    initialPageParam: null as string | null,
    getNextPageParam: ({ next }) => next,
    refetchInterval: ({ state }) => ((state.data?.pages.length ?? 0) > 1 ? false : POLL_MS),
  });
  const refresh = useReadAgain("webhooks");
  const again = useMutation({ mutationFn: redeliver, onSuccess: refresh });
  const all = useMutation({ mutationFn: () => redeliverFailed(webhookId), onSuccess: refresh });
  const opened = search.get("delivery");

  function choose(name: "status" | "delivery", value: string | null) {
    const next = new URLSearchParams(search);
    if (value === null) next.delete(name);
    else next.set(name, value);
    setSearch(next, { replace: name === "status" });
  }
  const rows = pages.data?.pages.flatMap(({ deliveries }) => deliveries) ?? [];
  return (
    <section className="deliveries" aria-label="Deliveries">
      <div className="deliveries-bar">
        <h2>Deliveries</h2>
        <p role="status">{pages.data ? `${printCount(pages.data.pages[0]?.count ?? 0)} in all` : "Loading…"}</p>
        <Select
          label="Status"
          value={status}
          choices={CHOICES}
          onChange={(id) => choose("status", id === "ALL" ? null : id)}
        />
        {status === "FAILED" && rows.length > 0 && (
          <Button isDisabled={all.isPending} onPress={() => all.mutate()}>
            Send all failed ones again
          </Button>
        )}
      </div>
      {pages.error && <Problem title="The deliveries cannot be read." text={pages.error.message} />}
      {(again.error ?? all.error) && (
        <Problem title="Nothing was sent again." text={(again.error ?? all.error)?.message ?? ""} />
      )}
      {all.data !== undefined && <p role="status">{printCount(all.data)} are sent again.</p>}
      {rows.length === 0 && pages.data && <p>No events have been sent to it yet, or none has this status.</p>}
      {rows.length > 0 && (
        <Table
          label="Deliveries"
          columns={columns(
            (id) => choose("delivery", id),
            (id) => again.mutate(id),
          )}
          rows={rows}
          idOf={({ id }) => id}
        />
      )}
      {pages.hasNextPage && (
        <Button isDisabled={pages.isFetchingNextPage} onPress={() => void pages.fetchNextPage()}>
          Show more
        </Button>
      )}
      {opened !== null && (
        <DeliveryDialog
          id={opened}
          onClose={() => choose("delivery", null)}
          onSend={() => {
            again.mutate(opened);
            choose("delivery", null);
          }}
        />
      )}
    </section>
  );
}

function columns(open: (id: string) => void, send: (id: string) => void): Column<Delivery>[] {
  return [
    { id: "at", title: "Event at", cell: ({ createdAt }) => <Time at={createdAt} isExact /> },
    { id: "event", title: "Event", cell: ({ event }) => <code>{event}</code> },
    { id: "status", title: "Status", cell: ({ status }) => <DeliveryState status={status} /> },
    {
      id: "attempts",
      title: "Attempts",
      cell: ({ id, event, attempts }) => (
        <Button kind="quiet" aria-label={`Attempts at ${event}: ${attempts}`} onPress={() => open(id)}>
          {printCount(attempts)}
          <ChevronRight aria-hidden />
        </Button>
      ),
    },
    {
      id: "answer",
      title: "Last answer",
      cell: ({ responseStatus, error }) => answerOf(responseStatus, error),
    },
    {
      id: "duration",
      title: "ms",
      isNumber: true,
      cell: ({ durationMs }) => printNumber(durationMs),
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
