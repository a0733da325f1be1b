// How operations travel: POST for queries and mutations, graphql-transport-ws for subscriptions.

import { createGraphiQLFetcher } from "@graphiql/toolkit";
import { createClient } from "graphql-ws";

import { authorizationOf, parseHeaders } from "./session.js";

/**
 * A GraphiQL fetcher for `endpoint`.
 *
 * `headersText` gives the present text of the headers editor. GraphiQL asks for the schema before that editor
 * exists, hence without its headers: they are added here.
 */
export function createTransport(endpoint, headersText) {
  const socketUrl = new URL(endpoint, window.location.href);
  socketUrl.protocol = socketUrl.protocol === "https:" ? "wss:" : "ws:";
  const send = createGraphiQLFetcher({
    url: endpoint,
    enableIncrementalDelivery: false,
    // Lazy: each subscription opens a socket, with the key that the editor then holds.
    wsClient: createClient({
      url: socketUrl.href,
      retryAttempts: 0,
      connectionParams: () => {
        const authorization = authorizationOf(headersText());
        return authorization ? { authorization } : {};
      },
    }),
  });
  return (operation, options) =>
    send(operation, { ...options, headers: options?.headers ?? parseHeaders(headersText()) });
}
