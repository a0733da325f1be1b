// Objects and relations, drawn: objects are moved by drag or arrows, relations are drawn from one object to another.

import { Background, type Connection, Controls, type NodeChange, ReactFlow, useNodesState } from "@xyflow/react";
import { useMemo, useRef, useState } from "react";

import type { Place, Places } from "../../api/graph/places.ts";
import type { ObjectHead } from "../../api/objects.ts";
import type { Relation } from "../../api/relation_rows.ts";
import { draw, HEIGHT, neighbours, WHOLE, WIDTH } from "./layout.ts";
import { EDGE_TYPES, NODE_TYPES, type ObjectNode, type RelationEdge } from "./parts.tsx";
import { lanesOf, withKept } from "./places.ts";

export interface GraphProps {
  objects: readonly ObjectHead[];
  relations: readonly Relation[];
  /** The objects that are shown with their neighbours; none for the whole model. */
  opened: readonly string[];
  places: Places;
  onOpen: (name: string) => void;
  /** Keeps places by the ids of objects; absent for a role that may not. */
  keep: ((places: ReadonlyMap<string, Place | null>) => void) | undefined;
  /** Opens the form of a relation; absent for a role that may not. */
  relate: ((source: string, target: string | null) => void) | undefined;
}

/** Milliseconds after the last step by an arrow key: a walk over the graph is kept once. */
const REST = 400;

export function Graph({ objects, relations, opened, places, onOpen, keep, relate }: GraphProps) {
  const open = opened.join(" ");
  const drawn = useMemo(
    () => drawAll(objects, relations, open, places, relate),
    [objects, relations, open, places, relate],
  );
  const [shown, setShown] = useState(drawn);
  const [nodes, setNodes, onNodesChange] = useNodesState(drawn.nodes);
  const [isConnecting, setConnecting] = useState(false);
  const moving = useRef<{ names: Set<string>; timer?: ReturnType<typeof setTimeout> }>({ names: new Set() });
  if (shown !== drawn) {
    setShown(drawn);
    setNodes(drawn.nodes);
  }

  function change(changes: NodeChange<ObjectNode>[]) {
    onNodesChange(changes);
    const moved = changes.flatMap((one) =>
      one.type === "position" && one.dragging !== true && one.position ? [[one.id, one.position] as const] : [],
    );
    if (keep === undefined || moved.length === 0) return;
    const after = new Map([...nodes.map(({ id, position }) => [id, position] as const), ...moved]);
    const { names, timer } = moving.current;
    for (const [name] of moved) names.add(name);
    clearTimeout(timer);
    moving.current.timer = setTimeout(() => {
      keep(placesToKeep(objects, places, after, names));
      moving.current = { names: new Set() };
    }, REST);
  }

  return (
    <section className="graph" aria-label="Objects and relations" data-connecting={isConnecting || undefined}>
      <p role="status" className="graph-count">
        {drawn.nodes.length} of {objects.length} objects, {drawn.edges.length} relations
      </p>
      <ReactFlow
        key={open}
        nodes={nodes}
        edges={drawn.edges}
        onNodesChange={change}
        nodeTypes={NODE_TYPES}
        edgeTypes={EDGE_TYPES}
        nodesDraggable={keep !== undefined}
        nodesConnectable={relate !== undefined}
        onConnectStart={() => setConnecting(true)}
        onConnectEnd={() => setConnecting(false)}
        onConnect={({ source, target }: Connection) => relate?.(source, target)}
        connectOnClick={false}
        onNodeClick={(_event, node) => onOpen(node.id)}
        deleteKeyCode={null}
        edgesFocusable={false}
        // Hundreds of labels and buttons that come and go with the zoom would stop the page for seconds.
        onlyRenderVisibleElements={nodes.length > WHOLE}
        fitView
        fitViewOptions={{ maxZoom: 1 }}
        minZoom={0.1}
      >
        <Background />
        <Controls showInteractive={false} />
      </ReactFlow>
    </section>
  );
}

/**
 * Return the places to keep after some objects were moved, by the ids of objects: these, and all others that are shown and
 * not kept yet, so that the drawing stays as it is seen. Those of objects that are gone are forgotten.
 */
function placesToKeep(
  objects: readonly ObjectHead[],
  kept: Places,
  shown: ReadonlyMap<string, Place>,
  moved: ReadonlySet<string>,
): Map<string, Place | null> {
  const found = new Map<string, Place | null>();
  const gone = new Set(kept.keys());
  for (const { id, nameSingular } of objects) {
    gone.delete(id);
    const place = shown.get(nameSingular);
    if (place && (moved.has(nameSingular) || !kept.has(id))) found.set(id, place);
  }
  for (const id of gone) found.set(id, null);
  return found;
}

function drawAll(
  objects: readonly ObjectHead[],
  relations: readonly Relation[],
  open: string,
  kept: Places,
  relate: GraphProps["relate"],
) {
  const opened = open.split(" ").filter(Boolean);
  const beside = opened.length === 0 ? null : neighbours(relations, new Set(opened));
  const seen = objects.filter(({ nameSingular }) => beside === null || beside.has(nameSingular));
  const names = seen.map(({ nameSingular }) => nameSingular);
  const byName = new Map(
    seen.flatMap(({ id, nameSingular }): [string, Place][] => {
      const place = kept.get(id);
      return place ? [[nameSingular, place]] : [];
    }),
  );
  const known = new Set(names);
  const edges = relations.filter(({ source, target }) => known.has(source) && known.has(target));
  // The objects that were opened come first: the others are placed around them.
  const first = opened.filter((name) => known.has(name));
  const labelled = edges.map((edge) => ({ ...edge, label: edge.sourceLabel }));
  const { places, bends } = withKept(draw([...new Set([...first, ...names])], labelled), byName, edges);
  const lanes = lanesOf(edges);
  const counts = countEnds(relations);
  const nodes: ObjectNode[] = seen.map((object) => ({
    id: object.nameSingular,
    type: "object",
    position: places.get(object.nameSingular) ?? ORIGIN,
    width: WIDTH,
    height: HEIGHT,
    ariaLabel: object.labelPlural,
    data: {
      object,
      relations: counts.get(object.nameSingular) ?? 0,
      relate: relate ? (source) => relate(source, null) : null,
    },
  }));
  const lines: RelationEdge[] = edges.map(({ id, source, target, sourceLabel, targetLabel }) => ({
    id,
    source,
    target,
    type: "relation",
    data: {
      points: bends.get(id) ?? [],
      from: places.get(source) ?? ORIGIN,
      to: places.get(target) ?? ORIGIN,
      lane: lanes.get(id) ?? 0,
      label: sourceLabel,
    },
    ariaLabel: `${source}: ${sourceLabel}, ${target}: ${targetLabel}`,
  }));
  return { nodes, edges: lines };
}

const ORIGIN: Place = { x: 0, y: 0 };

/** The number of relations of each object; one to itself counts once. */
function countEnds(relations: readonly Relation[]): ReadonlyMap<string, number> {
  const counts = new Map<string, number>();
  for (const { source, target } of relations) {
    for (const name of new Set([source, target])) counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  return counts;
}
