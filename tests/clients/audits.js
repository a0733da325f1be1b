// Prints the results of graphql-http's server audits as JSON. Usage: node audits.js URL KEY
import { auditServer } from "graphql-http";

const [url, key] = process.argv.slice(2);
const fetchFn = (address, options = {}) =>
  fetch(address, { ...options, headers: { ...options.headers, authorization: `Bearer ${key}` } });
const results = await auditServer({ url, fetchFn });
console.log(
  JSON.stringify(
    results.map(({ id, name, status, reason, response }) => ({ id, name, status, reason, answered: response?.status })),
  ),
);
