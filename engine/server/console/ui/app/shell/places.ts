// The pages of the workspace beside its records, as far as the role may use them.

import type { Session } from "../api/session.ts";

export interface Place {
  address: string;
  label: string;
}

/** Each page with the settings of the administration of which one opens it; none are needed where none are named. */
const PLACES: readonly (Place & { settings: readonly string[] })[] = [
  { address: "/model", label: "Data model", settings: ["DATA_MODEL"] },
  { address: "/access", label: "Access", settings: ["ROLES", "API_KEYS", "DOCUMENTS", "AUDIT"] },
  { address: "/webhooks", label: "Webhooks", settings: ["WEBHOOKS"] },
  { address: "/events", label: "Events", settings: [] },
  { address: "/operations", label: "Operations", settings: ["METRICS"] },
  { address: "/api", label: "API", settings: [] },
];

/** The pages that a session may see. */
export function places({ settings }: Pick<Session, "settings">): Place[] {
  return PLACES.filter(
    (place) => place.settings.length === 0 || place.settings.some((setting) => settings.includes(setting)),
  );
}
