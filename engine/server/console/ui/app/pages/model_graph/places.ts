// The drawing of a graph with the places that people have dragged objects to, and the curves between these.

import type { Place } from "../../api/graph/places.ts";
import { type Drawing, type Edge, GAP, HEIGHT, WIDTH } from "./layout.ts";

/**
 * Return a drawing with the kept places in it, and which of its bends still hold.
 *
 * All others are moved along with the first object that has a kept place, and down where a kept one is in their way. A
 * relation keeps its bends if both of its ends are where the drawing has them.
 */
export function withKept(drawing: Drawing, kept: ReadonlyMap<string, Place>, edges: readonly Edge[]): Drawing {
  const anchor = [...drawing.places].find(([name]) => kept.has(name));
  if (anchor === undefined) {
    return drawing;
  }
  const [first, place] = anchor;
  const by = minus(kept.get(first) ?? place, place);
  const places = new Map<string, Place>();
  for (const name of drawing.places.keys()) {
    const found = kept.get(name);
    if (found !== undefined) places.set(name, found);
  }
  const drawn = new Set<string>();
  for (const [name, at] of drawing.places) {
    const moved = plus(at, by);
    const free = places.get(name) ?? downUntilFree(moved, [...places.values()]);
    places.set(name, free);
    if (isSame(free, moved)) drawn.add(name);
  }
  const bends = new Map(
    edges.flatMap(({ id, source, target }) => {
      const points = drawing.bends.get(id);
      return points && drawn.has(source) && drawn.has(target) ? [[id, points.map((point) => plus(point, by))]] : [];
    }),
  );
  return { places, bends };
}

export interface Curve {
  path: string;
  /** The place of its label. */
  middle: Place;
}

/** The curve between two objects from the sides that face each other; `lane` sets those of the same objects apart. */
export function curveOf(from: Place, to: Place, lane = 0): Curve {
  const aside = lane * 22;
  if (isSame(from, to)) {
    return loopOf(from, aside);
  }
  const [start, end] = sidesOf(from, to);
  const isLevel = Math.abs(end.x - start.x) >= Math.abs(end.y - start.y);
  const reach = Math.max(40, (isLevel ? Math.abs(end.x - start.x) : Math.abs(end.y - start.y)) / 2);
  const one = isLevel
    ? { x: start.x + Math.sign(end.x - start.x) * reach, y: start.y + aside }
    : { x: start.x + aside, y: start.y + Math.sign(end.y - start.y) * reach };
  const other = isLevel
    ? { x: end.x - Math.sign(end.x - start.x) * reach, y: end.y + aside }
    : { x: end.x + aside, y: end.y - Math.sign(end.y - start.y) * reach };
  return {
    path: `M ${text(start)} C ${text(one)} ${text(other)} ${text(end)}`,
    middle: {
      x: (start.x + 3 * one.x + 3 * other.x + end.x) / 8,
      y: (start.y + 3 * one.y + 3 * other.y + end.y) / 8,
    },
  };
}

/** The number of each relation among those between the same two objects, from 0. */
export function lanesOf(edges: readonly Edge[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  return new Map(
    edges.map(({ id, source, target }) => {
      const pair = [source, target].sort().join(" ");
      const lane = counts.get(pair) ?? 0;
      counts.set(pair, lane + 1);
      return [id, lane];
    }),
  );
}

// An object that is related to itself: over its upper right corner.
function loopOf({ x, y }: Place, aside: number): Curve {
  const right = { x: x + WIDTH, y: y + HEIGHT / 2 };
  const top = { x: x + WIDTH * 0.75, y };
  const away = 36 + aside;
  return {
    path: `M ${text(right)} C ${right.x + away} ${right.y} ${right.x + away} ${y - away} ${top.x} ${y - away} Q ${top.x - 8} ${y - away} ${text(top)}`,
    middle: { x: right.x, y: y - away + 4 },
  };
}

function sidesOf(from: Place, to: Place): [Place, Place] {
  const centre = ({ x, y }: Place) => ({ x: x + WIDTH / 2, y: y + HEIGHT / 2 });
  const [one, other] = [centre(from), centre(to)];
  if (Math.abs(other.x - one.x) >= WIDTH) {
    const sign = Math.sign(other.x - one.x);
    return [
      { x: one.x + (sign * WIDTH) / 2, y: one.y },
      { x: other.x - (sign * WIDTH) / 2, y: other.y },
    ];
  }
  const sign = Math.sign(other.y - one.y) || 1;
  return [
    { x: one.x, y: one.y + (sign * HEIGHT) / 2 },
    { x: other.x, y: other.y - (sign * HEIGHT) / 2 },
  ];
}

function downUntilFree(place: Place, taken: readonly Place[]): Place {
  let { x, y } = place;
  for (;;) {
    const hit = taken.find((one) => Math.abs(one.x - x) < WIDTH && Math.abs(one.y - y) < HEIGHT);
    if (hit === undefined) return { x, y };
    y = hit.y + HEIGHT + GAP;
  }
}

function plus(one: Place, other: Place): Place {
  return { x: one.x + other.x, y: one.y + other.y };
}

function minus(one: Place, other: Place): Place {
  return { x: one.x - other.x, y: one.y - other.y };
}

/** Places are kept as whole numbers. */
export function isSame(one: Place, other: Place): boolean {
  return Math.abs(one.x - other.x) < 1 && Math.abs(one.y - other.y) < 1;
}

function text({ x, y }: Place): string {
  return `${x} ${y}`;
}
