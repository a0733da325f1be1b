// The pages of the workspace beside its records, as far as the role may use them.

import type { Session } from "../api/session.ts";

export interface Place {
  address: string;
  label: string;
}

/** The pages that a session may see. */
export function places({ settings }: Pick<Session, "settings">): Place[] {
  return [
    ...(settings.includes("DATA_MODEL") ? [{ address: "/model", label: "Data model" }] : []),
    ...(settings.includes("WEBHOOKS") ? [{ address: "/webhooks", label: "Webhooks" }] : []),
    { address: "/api", label: "API" },
  ];
}
