"""graphql-transport-ws: operations over a WebSocket."""
