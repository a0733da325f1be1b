// The part of the model that a graph shows, and the places of its objects.

import { graphlib, layout } from "@dagrejs/dagre";

import type { Place } from "../../api/graph/places.ts";

export interface Edge {
  id: string;
  source: string;
  target: string;
  /** Stands on the line, in a place that no object takes. */
  label?: string;
}

export const WIDTH = 180;
export const HEIGHT = 52;
/** A model with more objects opens on one with its neighbours: the whole cannot be read. */
export const WHOLE = 30;
export const GAP = 24;
const IN_A_ROW = 5;
/** The size of a label's letter in a line of small text. */
const LETTER = 6;
const LINE = 16;

/** The objects that stand beside the opened ones, with these. */
export function neighbours(edges: readonly Edge[], opened: ReadonlySet<string>): Set<string> {
  const found = new Set(opened);
  for (const { source, target } of edges) {
    if (opened.has(source)) found.add(target);
    if (opened.has(target)) found.add(source);
  }
  return found;
}

export interface Drawing {
  /** The upper left corner of each object. */
  places: ReadonlyMap<string, Place>;
  /** The points that each relation between two objects goes through, around the objects between them. */
  bends: ReadonlyMap<string, readonly Place[]>;
}

/** The drawing of objects: related ones in ranks, lonely ones in a block below. */
export function draw(names: readonly string[], edges: readonly Edge[]): Drawing {
  const known = new Set(names);
  const drawn = edges.filter(({ source, target }) => known.has(source) && known.has(target));
  const related = new Set(drawn.flatMap(({ source, target }) => (source === target ? [] : [source, target])));
  const graph = new graphlib.Graph({ multigraph: true });
  graph.setGraph({ rankdir: "LR", nodesep: GAP, ranksep: GAP * 3 });
  graph.setDefaultEdgeLabel(() => ({}));
  for (const name of names) {
    if (related.has(name)) graph.setNode(name, { width: WIDTH, height: HEIGHT });
  }
  for (const { id, source, target, label } of drawn) {
    if (source !== target) graph.setEdge(source, target, sizeOf(label), id);
  }
  layout(graph);
  const places = new Map<string, Place>();
  let bottom = 0;
  for (const name of names.filter((one) => related.has(one))) {
    const { x, y } = graph.node(name) as Place;
    places.set(name, { x: x - WIDTH / 2, y: y - HEIGHT / 2 });
    bottom = Math.max(bottom, y + HEIGHT / 2 + GAP * 2);
  }
  names
    .filter((name) => !related.has(name))
    .forEach((name, at) => {
      const row = Math.floor(at / IN_A_ROW);
      places.set(name, { x: (at % IN_A_ROW) * (WIDTH + GAP), y: bottom + row * (HEIGHT + GAP) });
    });
  const bends = new Map(
    graph.edges().map((edge) => [edge.name ?? "", (graph.edge(edge).points ?? []) as Place[]] as const),
  );
  return { places, bends };
}

/** The room of a label, which the ranks on both of its sides leave free. */
function sizeOf(label: string | undefined): { width: number; height: number; labelpos: "c" } | Record<string, never> {
  return label ? { width: label.length * LETTER, height: LINE, labelpos: "c" } : {};
}

/** The path of a relation through its points, as SVG has it. */
export function pathOf(points: readonly Place[]): string {
  const [first, ...rest] = points;
  const last = rest.at(-1);
  if (first === undefined || last === undefined) {
    return "";
  }
  const curves = rest.slice(0, -1).map((point, at) => {
    const next = rest[at + 1] ?? last;
    return ` Q ${point.x} ${point.y} ${(point.x + next.x) / 2} ${(point.y + next.y) / 2}`;
  });
  return `M ${first.x} ${first.y}${curves.join("")} L ${last.x} ${last.y}`;
}
