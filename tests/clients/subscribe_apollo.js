// Subscribes with Apollo Client over GraphQLWsLink and prints a line of JSON for each result; resumes by itself when it
// has to reconnect. Usage: node subscribe_apollo.js URL KEY QUERY
import { ApolloClient, ApolloLink, InMemoryCache, gql } from "@apollo/client";
import { GraphQLWsLink } from "@apollo/client/link/subscriptions";
import { createClient } from "graphql-ws";
import { tap } from "rxjs";

const [url, key, query] = process.argv.slice(2);
const say = (event) => console.log(JSON.stringify(event));

const wsLink = new GraphQLWsLink(
  createClient({
    url,
    connectionParams: { authorization: `Bearer ${key}` },
    retryAttempts: 1000,
    retryWait: () => new Promise((resolve) => setTimeout(resolve, 50)),
    // The default leaves it when the server does not answer at all.
    shouldRetry: () => true,
    on: { connected: () => say({ connected: true }) },
  }),
);
// The operation is sent again at each connection: the position received last is the one to resume from.
const resumeLink = new ApolloLink((operation, forward) =>
  forward(operation).pipe(
    tap((result) => {
      operation.variables.after = result.extensions?.position ?? operation.variables.after;
    }),
  ),
);

const client = new ApolloClient({ link: ApolloLink.from([resumeLink, wsLink]), cache: new InMemoryCache() });
client.subscribe({ query: gql(query), variables: { after: null } }).subscribe({
  next: ({ data, error, extensions }) => say({ next: data, position: extensions?.position, errors: error?.message }),
  error: (error) => { say({ error: error.message }); process.exit(0); },
  complete: () => { say({ complete: true }); process.exit(0); },
});
