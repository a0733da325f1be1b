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

/** Ids of objects that a person has pinned, unpinned and opened, in this order of time. */
export interface Difference {
  pinned: readonly string[];
  unpinned: readonly string[];
  visited: readonly string[];
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

/** Return what leads from some items to others. */
export function differenceOf(before: SideBarItems, after: SideBarItems): Difference {
  return {
    pinned: without(after.pinned, before.pinned),
    unpinned: without(before.pinned, after.pinned),
    visited: without(after.recent, before.recent).reverse(),
  };
}

/** Return two differences as one: an object that was pinned and then unpinned is unpinned, since a write may be in between. */
export function joinDifferences(first: Difference, second: Difference): Difference {
  return {
    pinned: [...without(first.pinned, second.unpinned), ...second.pinned],
    unpinned: [...without(first.unpinned, second.pinned), ...second.unpinned],
    visited: [...first.visited, ...second.visited],
  };
}

function without(ids: readonly string[], others: readonly string[]): string[] {
  return ids.filter((id) => !others.includes(id));
}

/** Return items, which another page may have changed meanwhile, with a difference that was made on others. */
export function withDifference(items: SideBarItems, { pinned, unpinned, visited }: Difference): SideBarItems {
  const stay = items.pinned.filter((id) => !unpinned.includes(id) && !pinned.includes(id));
  return visited.reduce(withVisit, { ...items, pinned: [...stay, ...pinned] });
}

/** The difference in a text of `JSON.stringify`; null where the text is of something else. */
export function parseDifference(text: string): Difference | null {
  const found = parse(text);
  if (!isObject(found)) return null;
  return { pinned: textsOf(found.pinned), unpinned: textsOf(found.unpinned), visited: textsOf(found.visited) };
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
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
