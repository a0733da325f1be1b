// Subscribes with graphql-ws and prints a line of JSON for each thing that happens; resumes by itself when it has to
// reconnect. Usage: node subscribe_ws.js URL KEY QUERY [POSITION]
import { createClient } from "graphql-ws";

const [url, key, query, position] = process.argv.slice(2);
const say = (event) => console.log(JSON.stringify(event));
let last = position ?? null;

const client = createClient({
  url,
  connectionParams: { authorization: `Bearer ${key}` },
  retryAttempts: 1000,
  retryWait: () => new Promise((resolve) => setTimeout(resolve, 50)),
  // The default leaves it when the server does not answer at all.
  shouldRetry: () => true,
  on: {
    connected: () => say({ connected: true }),
    closed: ({ code, reason }) => say({ closed: code ?? null, reason }),
  },
});

client.subscribe(
  // Read again at each connection: the position received last is the one to resume from.
  { query, variables: { get after() { return last; } } },
  {
    next: (result) => {
      last = result.extensions?.position ?? last;
      say({ next: result.data, position: result.extensions?.position, errors: result.errors });
    },
    error: (error) => { say({ error: error.code ?? error }); process.exit(0); },
    complete: () => { say({ complete: true }); process.exit(0); },
  },
);
