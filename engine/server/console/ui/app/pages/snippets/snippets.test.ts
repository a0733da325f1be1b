import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { test } from "node:test";

import type { ObjectModel } from "../../api/model.ts";
import { fieldOf } from "../../api/testdata/field.ts";
import { LANGUAGES, requestOf, snippetOf } from "./snippets.ts";

const COMPANY = {
  id: "1",
  nameSingular: "company",
  namePlural: "companies",
  labelSingular: "Company",
  labelPlural: "Companies",
  labels: [{ name: "name", type: "TEXT" }],
};

const PEOPLE: ObjectModel = {
  id: "2",
  nameSingular: "person",
  namePlural: "people",
  labelSingular: "Person",
  labelPlural: "People",
  description: null,
  labels: [{ name: "firstName", type: "TEXT" }],
  fields: [
    fieldOf("id", "UUID", { isSystem: true }),
    fieldOf("firstName", "TEXT"),
    fieldOf("emails", "EMAILS"),
    fieldOf("company", "RELATION", {
      relation: { type: "MANY_TO_ONE", target: COMPANY, targetField: "people", holdsKey: true },
    }),
  ],
};

// biome-ignore lint/suspicious/noTemplateCurlyInString: these are the characters that programs could take for their own
const FILTER = { city: { eq: 'L\'Aquila \\ "x" ${y} `z`' } };

test("a list becomes a query with its filter and order as variables", () => {
  const { query, variables } = requestOf(PEOPLE, "http://x/graphql", FILTER, [{ firstName: "ASC" }], 5);
  assert.equal(
    query,
    `query People($filter: PersonFilterInput, $orderBy: [PersonOrderByInput!], $first: Int) {
  people(filter: $filter, orderBy: $orderBy, first: $first) {
    totalCount
    pageInfo { hasNextPage endCursor }
    edges {
      node {
        id
        firstName
        emails { primaryEmail additionalEmails }
        company { id name }
      }
    }
  }
}`,
  );
  assert.deepEqual(variables, { filter: FILTER, orderBy: [{ firstName: "ASC" }], first: 5 });
});

test("a role that may not count records has a request without their number", () => {
  assert.doesNotMatch(requestOf({ ...PEOPLE, isUncounted: true }, "http://x/graphql", {}, []).query, /totalCount/);
});

test("without a filter and an order neither is declared", () => {
  const { query, variables } = requestOf(PEOPLE, "http://x/graphql", {}, []);
  assert.match(query, /^query People\(\$first: Int\) \{\n {2}people\(first: \$first\) \{/);
  assert.deepEqual(variables, { first: 10 });
});

test("curl's body is the request, whatever characters the filter has", () => {
  const request = requestOf(PEOPLE, "http://x/graphql", FILTER, []);
  const snippet = snippetOf("curl", request).replace("curl -s", "printf '%s\\n'");
  const words = execFileSync("sh", ["-c", snippet], { env: { KEY: "fs_1" }, encoding: "utf8" }).split("\n");
  assert.deepEqual(words.slice(0, 3), ["http://x/graphql", "-H", "Authorization: Bearer fs_1"]);
  assert.deepEqual(JSON.parse(words[6] ?? "").variables, request.variables);
});

test("JavaScript's body is the request, whatever characters the filter has", async () => {
  const request = requestOf(PEOPLE, "http://x/graphql", FILTER, []);
  const program = `${snippetOf("javascript", request)}\nreturn data;`;
  let sent = "";
  const answer = { json: async () => ({ data: 7 }) };
  const run = new Function("fetch", "process", `return (async () => {${program}})()`);
  const found = await run(
    async (_: string, { body }: { body: string }) => {
      sent = body;
      return answer;
    },
    { env: { KEY: "fs_1" } },
  );
  assert.equal(found, 7);
  assert.deepEqual(JSON.parse(sent).variables, request.variables);
});

test("each language has a snippet with the address and no key in it", () => {
  const request = requestOf(PEOPLE, "http://x/graphql", FILTER, []);
  for (const { id } of LANGUAGES) {
    assert.match(snippetOf(id, request), /http:\/\/x\/graphql/);
    assert.match(snippetOf(id, request), /KEY/);
  }
});
