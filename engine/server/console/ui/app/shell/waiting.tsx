// Says so while reads wait for a server that cannot be reached, or for the next minute of the rate limit.

import { useQueryClient } from "@tanstack/react-query";
import { useSyncExternalStore } from "react";

import { ApiError } from "../api/errors.ts";

const REASONS: Readonly<Record<string, string>> = {
  UNREACHABLE: "The server cannot be reached.",
  RATE_LIMIT_EXCEEDED: "The limit of requests is used up.",
  OVERLOADED: "The server has too much to do.",
  SERVICE_UNAVAILABLE: "The server or its database is not available.",
};

export function Waiting() {
  const cache = useQueryClient().getQueryCache();
  const code = useSyncExternalStore(
    (listen) => cache.subscribe(listen),
    () => {
      const waits = cache.getAll().find(({ state }) => state.fetchStatus === "fetching" && state.fetchFailureCount > 0);
      const reason = waits?.state.fetchFailureReason;
      return reason instanceof ApiError ? reason.code : null;
    },
  );
  return (
    <p role="status" className="shell-waiting" hidden={code === null}>
      {code !== null && `${REASONS[code] ?? "The server refused a request."} The page goes on by itself.`}
    </p>
  );
}
