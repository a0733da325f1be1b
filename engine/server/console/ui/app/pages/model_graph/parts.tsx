// The cards and the lines of a graph.

import {
  BaseEdge,
  type Edge,
  type EdgeProps,
  Handle,
  type Node,
  type NodeProps,
  Position,
  useInternalNode,
  useStore,
} from "@xyflow/react";
import { Plus } from "lucide-react";
import { memo } from "react";
import { Link } from "react-router";
import type { Place } from "../../api/graph/places.ts";
import type { ObjectHead } from "../../api/objects.ts";
import { Button } from "../../kit/button.tsx";
import { plural } from "../../kit/numbers.ts";
import { pathOf } from "./layout.ts";
import { curveOf, isSame } from "./places.ts";

/** The zoom below which only names can be read. */
const FAR = 0.5;

export type ObjectNode = Node<
  { object: ObjectHead; relations: number; relate: ((source: string) => void) | null },
  "object"
>;

function useIsFar(): boolean {
  return useStore(({ transform }) => transform[2] < FAR);
}

const ObjectCard = memo(function ObjectCard({ data: { object, relations, relate } }: NodeProps<ObjectNode>) {
  const isFar = useIsFar();
  return (
    <div className="graph-node" data-far={isFar || undefined}>
      <Handle type="target" position={Position.Left} isConnectableStart={false} />
      <div className="graph-words">
        <Link to={`/model/${object.nameSingular}`} className="nodrag">
          {object.labelPlural}
        </Link>
        {!isFar && <small>{plural(relations, "relation")}</small>}
      </div>
      {relate && !isFar && (
        <span className="nodrag">
          <Button
            kind="quiet"
            icon={<Plus aria-hidden />}
            aria-label={`Relation from ${object.labelPlural}`}
            onPress={() => relate(object.nameSingular)}
          />
        </span>
      )}
      <Handle type="source" position={Position.Right} title="Drag to another object" />
    </div>
  );
});

/** The points of a line hold while both of its ends stand at the places that it was drawn for. */
export type RelationEdge = Edge<
  { points: readonly Place[]; from: Place; to: Place; lane: number; label: string },
  "relation"
>;

const RelationLine = memo(function RelationLine({ id, source, target, data }: EdgeProps<RelationEdge>) {
  const isFar = useIsFar();
  const from = useInternalNode(source)?.internals.positionAbsolute ?? data?.from;
  const to = useInternalNode(target)?.internals.positionAbsolute ?? data?.to;
  if (!data || !from || !to) return null;
  const { points } = data;
  const holds = points.length > 1 && isSame(from, data.from) && isSame(to, data.to);
  const { path, middle } = holds
    ? { path: pathOf(points), middle: points[Math.floor(points.length / 2)] ?? from }
    : curveOf(from, to, data.lane);
  return (
    <BaseEdge
      id={id}
      path={path}
      label={isFar ? null : data.label}
      labelX={middle.x}
      labelY={middle.y}
      labelStyle={{ fill: "var(--muted)" }}
      labelBgStyle={{ fill: "var(--bg)" }}
    />
  );
});

export const NODE_TYPES = { object: ObjectCard };
export const EDGE_TYPES = { relation: RelationLine };
