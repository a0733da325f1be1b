// The words of the settings of roles: what a role may do beside reading and writing records.

interface SettingWords {
  name: string;
  label: string;
  note: string;
}

export const SETTINGS: readonly SettingWords[] = [
  { name: "DATA_MODEL", label: "Data model", note: "Change objects and fields, with their plans and rollbacks" },
  { name: "ROLES", label: "Roles and sessions", note: "Change roles, give others rights, end sessions" },
  { name: "API_KEYS", label: "API keys", note: "Create and revoke keys with its own rights" },
  { name: "WEBHOOKS", label: "Webhooks", note: "Create webhooks with its own rights, see deliveries" },
  { name: "HISTORY", label: "History of the model", note: "See each version, its author and its changes" },
  { name: "METRICS", label: "Operations", note: "See requests, processes and slow operations" },
  { name: "AUDIT", label: "Audit log", note: "See sign-ins, refusals and changes of rights" },
  { name: "IMPERSONATE", label: "View as others", note: "Send requests as another role or person" },
  { name: "DOCUMENTS", label: "Trusted documents", note: "Import and remove the documents of clients" },
  { name: "EXPLAIN", label: "Explained answers", note: "See the SQL and the times of requests" },
];

/** Return the words of the settings of a role; one that is not known stands as the API has it. */
export function settingsInWords(names: readonly string[]): string {
  if (names.length === 0) return "—";
  if (SETTINGS.every(({ name }) => names.includes(name))) return "all";
  return names.map((name) => SETTINGS.find((one) => one.name === name)?.label ?? name).join(", ");
}
