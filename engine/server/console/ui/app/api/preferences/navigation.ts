// The side bar among preferences: the objects that a person has pinned and opened last, and the workspace's strip.

/** Objects that stand among the last ones. */
export const MOST_RECENT = 5;

const MEMBER = "console.sideBar";
const STRIP = "console.strip";
const LONGEST_LABEL = 40;

/** Ids of objects. */
export interface SideBarItems {
  pinned: readonly string[];
  recent: readonly string[];
}

/** The strip along the top; one without a label is none. */
export interface Strip {
  label: string;
  color: string;
}

/** The items among preferences; any client writes there, so all but texts is left out. */
export function decodeItems(preferences: unknown): SideBarItems {
  const found = memberOf(preferences, MEMBER);
  return { pinned: textsOf(found?.pinned), recent: textsOf(found?.recent).slice(0, MOST_RECENT) };
}

export function decodeStrip(preferences: unknown): Strip | null {
  const found = memberOf(preferences, STRIP);
  const label = typeof found?.label === "string" ? found.label.trim().slice(0, LONGEST_LABEL) : "";
  return label === "" ? null : { label, color: typeof found?.color === "string" ? found.color : "" };
}

export function patchOfItems(items: SideBarItems): object {
  return { [MEMBER]: items };
}

export function patchOfStrip(strip: Strip | null): object {
  return { [STRIP]: strip };
}

/** The items with an object pinned, or no longer. */
export function withPin(items: SideBarItems, id: string, isPinned: boolean): SideBarItems {
  const pinned = items.pinned.filter((one) => one !== id);
  return { ...items, pinned: isPinned ? [...pinned, id] : pinned };
}

/** The items after an object was opened: one that is among the last ones keeps its place, so that no link jumps. */
export function withVisit(items: SideBarItems, id: string): SideBarItems {
  if (items.recent.includes(id)) return items;
  return { ...items, recent: [id, ...items.recent].slice(0, MOST_RECENT) };
}

function memberOf(preferences: unknown, name: string): Readonly<Record<string, unknown>> | undefined {
  const member = isObject(preferences) ? preferences[name] : undefined;
  return isObject(member) ? member : undefined;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function textsOf(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((one) => typeof one === "string") : [];
}
