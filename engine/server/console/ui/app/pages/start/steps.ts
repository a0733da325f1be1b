// The four steps from an empty workspace to one that programs use, each with the request that does the same.

export interface Counts {
  /** Objects that somebody made here; null while it is not known. */
  ownObjects: number | null;
  records: number | null;
  /** Null where the role may not see them. */
  keys: number | null;
  webhooks: number | null;
}

export interface Step {
  id: "object" | "records" | "key" | "webhook";
  title: string;
  text: string;
  isDone: boolean;
  address: string;
  action: string;
  endpoint: "/metadata" | "/graphql";
  query: string;
}

export interface Rights {
  settings: readonly string[];
  /** The role may create records of an object. */
  mayCreate: boolean;
}

/** The steps that the role may take; records go into the object with the name `firstPlural`. */
export function stepsOf(counts: Counts, { settings, mayCreate }: Rights, firstPlural: string | null): Step[] {
  const all: (Step & { setting: string | null })[] = [
    {
      id: "object",
      setting: "DATA_MODEL",
      title: "Add an object",
      text: "An object is a kind of record: a project, an invoice. Its API is there at once.",
      isDone: (counts.ownObjects ?? 0) > 0,
      address: "/model",
      action: "Open the data model",
      endpoint: "/metadata",
      query:
        'mutation { createObject(input: { nameSingular: "project", namePlural: "projects", labelSingular: "Project", labelPlural: "Projects" }) { id } }',
    },
    {
      id: "records",
      setting: null,
      title: "Fill it with records",
      text: "Type them, paste them from a spreadsheet, or import a file.",
      isDone: (counts.records ?? 0) > 0,
      address: firstPlural === null ? "/records" : `/records/${firstPlural}`,
      action: "Open the records",
      endpoint: "/graphql",
      query: 'mutation { createCompany(data: { name: "Orion" }) { id } }',
    },
    {
      id: "key",
      setting: "API_KEYS",
      title: "Make a key for a program",
      text: "Each program has a key of its own, with the role that it needs.",
      // The first key is the one that made this sign-in possible.
      isDone: (counts.keys ?? 0) > 1,
      address: "/access/keys",
      action: "Open the keys",
      endpoint: "/metadata",
      query: 'mutation { createApiKey(input: { name: "my program" }) { token } }',
    },
    {
      id: "webhook",
      setting: "WEBHOOKS",
      title: "Send events elsewhere",
      text: "A webhook tells another program of each change.",
      isDone: (counts.webhooks ?? 0) > 0,
      address: "/webhooks",
      action: "Open the webhooks",
      endpoint: "/metadata",
      query:
        'mutation { createWebhook(input: { targetUrl: "https://example.com/hooks", operations: ["person.*"] }) { secret } }',
    },
  ];
  return all
    .filter(({ setting }) => (setting === null ? mayCreate : settings.includes(setting)))
    .map(({ setting: _, ...step }) => step);
}

/** The step as curl sends it, with the key as $KEY. */
export function commandOf({ endpoint, query }: Step, origin: string): string {
  const body = JSON.stringify({ query });
  return [
    `curl -s '${origin}${endpoint}' -H "Authorization: Bearer $KEY" \\`,
    `  -H 'Content-Type: application/json' -d '${body.replaceAll("'", "'\\''")}'`,
  ].join("\n");
}
