// The request of a list of records as programs would send it, with the real filter and order, and the key as $KEY.

import { isToOne, type ObjectModel, upperFirst } from "../../api/model.ts";
import { partsOf } from "../../fields/parts.ts";

export interface Request {
  address: string;
  query: string;
  variables: Readonly<Record<string, unknown>>;
}

export const LANGUAGES = [
  { id: "curl", label: "curl" },
  { id: "javascript", label: "JavaScript" },
  { id: "python", label: "Python" },
] as const;

export type Language = (typeof LANGUAGES)[number]["id"];

/** Fields of a record that a snippet selects; more would hide its form. */
const SHOWN = 8;

/** The request for the first records of a list. */
export function requestOf(
  object: ObjectModel,
  address: string,
  filter: object,
  order: readonly unknown[],
  first = 10,
): Request {
  const type = upperFirst(object.nameSingular);
  const own = object.fields.filter((field) => field.relation === null && !field.isSystem);
  const toOne = object.fields.filter((field) => isToOne(field));
  const selected = [
    "id",
    ...own.slice(0, SHOWN).map(({ name, type: one }) => select(name, one)),
    ...toOne.slice(0, 2).map(({ name, relation }) => {
      const labels = (relation?.target.labels ?? []).map((label) => select(label.name, label.type));
      return `${name} { ${["id", ...labels].join(" ")} }`;
    }),
  ];
  const hasFilter = Object.keys(filter).length > 0;
  const parameters = [
    ...(hasFilter ? [`$filter: ${type}FilterInput`] : []),
    ...(order.length > 0 ? [`$orderBy: [${type}OrderByInput!]`] : []),
    "$first: Int",
  ];
  const given = [...(hasFilter ? ["filter: $filter"] : []), ...(order.length > 0 ? ["orderBy: $orderBy"] : [])];
  const query = [
    `query ${upperFirst(object.namePlural)}(${parameters.join(", ")}) {`,
    `  ${object.namePlural}(${[...given, "first: $first"].join(", ")}) {`,
    ...(object.isUncounted ? [] : ["    totalCount"]),
    "    pageInfo { hasNextPage endCursor }",
    "    edges {",
    "      node {",
    ...selected.map((one) => `        ${one}`),
    "      }",
    "    }",
    "  }",
    "}",
  ].join("\n");
  return {
    address,
    query,
    variables: { ...(hasFilter ? { filter } : {}), ...(order.length > 0 ? { orderBy: order } : {}), first },
  };
}

function select(name: string, type: string): string {
  const parts = partsOf(type).map((part) => part.name);
  return parts.length === 0 ? name : `${name} { ${parts.join(" ")} }`;
}

/** The request as a program of that language. */
export function snippetOf(language: Language, { address, query, variables }: Request): string {
  switch (language) {
    case "curl": {
      const body = JSON.stringify({ query: query.replace(/\s+/g, " "), variables });
      return [
        `curl -s '${address}' \\`,
        '  -H "Authorization: Bearer $KEY" \\',
        "  -H 'Content-Type: application/json' \\",
        `  -d '${body.replaceAll("'", "'\\''")}'`,
      ].join("\n");
    }
    case "javascript":
      return [
        `const answer = await fetch(${JSON.stringify(address)}, {`,
        '  method: "POST",',
        // biome-ignore lint/suspicious/noTemplateCurlyInString: it is the program's own template
        '  headers: { "Content-Type": "application/json", Authorization: `Bearer ${process.env.KEY}` },',
        "  body: JSON.stringify({",
        `    query: \`${indent(query.replaceAll("\\", "\\\\").replaceAll("`", "\\`").replaceAll("${", "\\${"), "      ")}\`,`,
        `    variables: ${indent(JSON.stringify(variables, null, 2), "    ")},`,
        "  }),",
        "});",
        "const { data, errors } = await answer.json();",
      ].join("\n");
    case "python":
      return [
        "import json",
        "import os",
        "",
        "import httpx",
        "",
        `query = """${query}"""`,
        `variables = json.loads(r"""${JSON.stringify(variables, null, 2)}""")`,
        "answer = httpx.post(",
        `    ${JSON.stringify(address)},`,
        '    headers={"Authorization": f"Bearer {os.environ[\'KEY\']}"},',
        '    json={"query": query, "variables": variables},',
        ")",
        "data = answer.json()",
      ].join("\n");
  }
}

function indent(text: string, by: string): string {
  return text.split("\n").join(`\n${by}`);
}
