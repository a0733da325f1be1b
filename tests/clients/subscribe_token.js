// Subscribes with graphql-ws and a token that lasts for SECONDS, made at each connection, and prints a line of JSON for
// each thing that happens. Usage: node subscribe_token.js URL SECRET CLAIMS SECONDS QUERY
import { createHmac } from "node:crypto";
import { createClient } from "graphql-ws";

const [url, secret, claims, seconds, query] = process.argv.slice(2);
const say = (event) => console.log(JSON.stringify(event));
const encode = (value) => Buffer.from(JSON.stringify(value)).toString("base64url");

const makeToken = () => {
  const exp = Math.floor(Date.now() / 1000) + Number(seconds);
  const signed = `${encode({ alg: "HS256" })}.${encode({ ...JSON.parse(claims), exp })}`;
  return `${signed}.${createHmac("sha256", secret).update(signed).digest("base64url")}`;
};

const client = createClient({
  url,
  connectionParams: () => ({ authorization: `Bearer ${makeToken()}` }),
  // The defaults of graphql-ws decide which closes it comes back after.
  retryAttempts: 5,
  retryWait: () => new Promise((resolve) => setTimeout(resolve, 50)),
  on: {
    connected: () => say({ connected: true }),
    closed: ({ code, reason }) => say({ closed: code ?? null, reason }),
  },
});

client.subscribe(
  { query },
  {
    next: (result) => say({ next: result.data, errors: result.errors }),
    error: (error) => { say({ error: error.code ?? String(error) }); process.exit(0); },
    complete: () => { say({ complete: true }); process.exit(0); },
  },
);
