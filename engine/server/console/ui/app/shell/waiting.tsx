// Says so while a request is not answered for long, and while reads wait for a server that cannot be reached, or for the next minute of the rate limit.

import { useQueryClient } from "@tanstack/react-query";
import { useEffect, useState, useSyncExternalStore } from "react";

import { lateRequests, onLate } from "../api/client.ts";
import { ApiError } from "../api/errors.ts";

const REASONS: Readonly<Record<string, string>> = {
  UNREACHABLE: "The server cannot be reached.",
  RATE_LIMIT_EXCEEDED: "The limit of requests is used up.",
  OVERLOADED: "The server has too much to do.",
  SERVICE_UNAVAILABLE: "The server or its database is not available.",
};

export function Waiting() {
  const cache = useQueryClient().getQueryCache();
  const refusal = useSyncExternalStore(
    (listen) => cache.subscribe(listen),
    () => {
      const waits = cache.getAll().find(({ state }) => state.fetchStatus === "fetching" && state.fetchFailureCount > 0);
      const reason = waits?.state.fetchFailureReason;
      return reason instanceof ApiError ? reason : null;
    },
  );
  const isLate = useSyncExternalStore(onLate, lateRequests) > 0;
  return (
    <>
      <p role="status" className="shell-waiting" hidden={!isLate || refusal !== null}>
        {isLate && "The server has not answered for a while. The page waits; a change that was sent may still be made."}
      </p>
      <p role="status" className="shell-waiting" hidden={refusal === null}>
        {refusal !== null && `${REASONS[refusal.code] ?? "The server refused a request."} The page goes on by itself.`}
      </p>
      {refusal?.code === "RATE_LIMIT_EXCEEDED" && refusal.retryAt !== null && <Countdown until={refusal.retryAt} />}
    </>
  );
}

const SECOND = 1000;

/** The seconds until a moment; no screen reader is told of each of them. */
function Countdown({ until }: { until: number }) {
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), SECOND);
    return () => clearInterval(timer);
  }, []);
  return (
    <p className="shell-waiting" aria-hidden>
      {`${Math.max(0, Math.ceil((until - now) / SECOND))} s`}
    </p>
  );
}
