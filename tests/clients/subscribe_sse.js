// Subscribes with graphql-sse (distinct connections) and prints a line of JSON for each result; resumes by itself when
// it has to reconnect. Usage: node subscribe_sse.js URL KEY QUERY [POSITION]
import { createClient } from "graphql-sse";

const [url, key, query, position] = process.argv.slice(2);
const say = (event) => console.log(JSON.stringify(event));
let last = position ?? null;

const client = createClient({
  url,
  headers: () => ({ authorization: `Bearer ${key}` }),
  retryAttempts: 1000,
  retry: () => new Promise((resolve) => setTimeout(resolve, 50)),
  on: { connected: () => say({ connected: true }) },
});

client.subscribe(
  { query, variables: { get after() { return last; } } },
  {
    next: (result) => {
      last = result.extensions?.position ?? last;
      say({ next: result.data, position: result.extensions?.position, errors: result.errors });
    },
    error: (error) => { say({ error: error.response?.status ?? String(error) }); process.exit(0); },
    complete: () => { say({ complete: true }); process.exit(0); },
  },
);
