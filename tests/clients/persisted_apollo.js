// Asks a query twice with Apollo Client over its persisted queries link and prints a line of JSON for each answer, with
// the bodies that went over the wire. With a manifest the ids are those of the manifest.
// Usage: node persisted_apollo.js URL KEY GET|POST QUERY [MANIFEST]
import { readFileSync } from "node:fs";
import { createHash } from "node:crypto";
import { ApolloClient, ApolloLink, HttpLink, InMemoryCache, gql } from "@apollo/client";
import { PersistedQueryLink } from "@apollo/client/link/persisted-queries";

const [url, key, method, query, manifest] = process.argv.slice(2);
let sent = [];
const http = new HttpLink({
  uri: url,
  headers: { authorization: `Bearer ${key}` },
  fetch: (address, options) => {
    sent.push(options.body ? JSON.parse(options.body) : Object.fromEntries(new URL(address).searchParams));
    return fetch(address, options);
  },
});
const operations = manifest ? JSON.parse(readFileSync(manifest)).operations : null;
const persisted = new PersistedQueryLink(
  operations
    ? { generateHash: (document) => operations.find((one) => one.name === document.definitions[0].name.value).id }
    : {
        sha256: (text) => createHash("sha256").update(text).digest("hex"),
        useGETForHashedQueries: method === "GET",
      },
);
const client = new ApolloClient({ link: ApolloLink.from([persisted, http]), cache: new InMemoryCache() });
for (let n = 0; n < 2; n++) {
  sent = [];
  try {
    const { data } = await client.query({ query: gql(query), fetchPolicy: "no-cache" });
    console.log(JSON.stringify({ data, sent }));
  } catch (error) {
    console.log(JSON.stringify({ error: error.message, sent }));
  }
}
