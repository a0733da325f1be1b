// How operations travel: POST for queries and mutations, graphql-transport-ws for subscriptions.

import { createGraphiQLFetcher } from "@graphiql/toolkit";
import { createClient } from "graphql-ws";

import { authorizationOf } from "./session.js";

/**
 * A GraphiQL fetcher for `endpoint`.
 *
 * `currentHeaders` gives the headers of the moment, the key's included, which GraphiQL does not know of.
 */
export function createTransport(endpoint, currentHeaders) {
  const socketUrl = new URL(endpoint, window.location.href);
  socketUrl.protocol = socketUrl.protocol === "https:" ? "wss:" : "ws:";
  const send = createGraphiQLFetcher({
    url: endpoint,
    enableIncrementalDelivery: false,
    // Lazy: each subscription opens a socket, with the key of that moment, or with the cookie of a session.
    wsClient: createClient({
      url: socketUrl.href,
      retryAttempts: 0,
      connectionParams: () => {
        const authorization = authorizationOf(currentHeaders());
        return authorization ? { authorization } : {};
      },
    }),
  });
  return (operation, options) => send(operation, { ...options, headers: { ...options?.headers, ...currentHeaders() } });
}
