// The model as a graph. All that it shows stands in the list and the forms, too.

import "@xyflow/react/dist/base.css";

import { useQuery } from "@tanstack/react-query";
import {
  Background,
  BaseEdge,
  Controls,
  type Edge,
  type EdgeProps,
  Handle,
  type Node,
  type NodeProps,
  Position,
  ReactFlow,
} from "@xyflow/react";
import { List } from "lucide-react";
import { memo, useMemo } from "react";
import { Link, useSearchParams } from "react-router";

import { keyOf } from "../../api/keys.ts";
import { listObjects, type ObjectHead } from "../../api/objects.ts";
import { listRelations, type Relation } from "../../api/relations.ts";
import { useScope } from "../../api/session_context.ts";
import { ComboBox } from "../../kit/combobox.tsx";
import { Page } from "../../kit/page.tsx";
import { Problem } from "../../kit/problem.tsx";
import "../model/model.css";
import "./graph.css";
import { draw, HEIGHT, neighbours, type Place, pathOf, WHOLE, WIDTH } from "./layout.ts";

type ObjectNode = Node<{ object: ObjectHead; relations: number }, "object">;

export function Component() {
  const scope = useScope();
  const [search, setSearch] = useSearchParams();
  const objects = useQuery({
    queryKey: keyOf(scope, "model", null, "objects"),
    queryFn: ({ signal }) => listObjects(signal),
  });
  const relations = useQuery({
    queryKey: keyOf(scope, "model", null, "relations"),
    queryFn: ({ signal }) => listRelations(signal),
  });
  const failed = objects.error ?? relations.error;
  const opened = search.getAll("open");
  const isPart = (objects.data?.length ?? 0) > WHOLE || opened.length > 0;

  return (
    <Page
      title="Data model"
      isFlush
      bar={
        <div className="model-bar">
          <Link className="button" data-kind="quiet" to="/model">
            <List aria-hidden /> List
          </Link>
        </div>
      }
    >
      {failed && <Problem title="The model cannot be read." text={failed.message} />}
      {objects.data && relations.data && (
        <>
          <div className="graph-head">
            <ComboBox
              label="Show an object with its neighbours"
              choices={objects.data.map(({ nameSingular, labelPlural }) => ({ id: nameSingular, label: labelPlural }))}
              value={opened.at(-1) ?? null}
              onChange={(name) => name !== null && setSearch({ open: name })}
              placeholder="Search an object"
            />
          </div>
          <Graph
            objects={objects.data}
            relations={relations.data}
            opened={isPart && opened.length === 0 ? [objects.data[0]?.nameSingular ?? ""] : opened}
            onOpen={(name) => isPart && !opened.includes(name) && setSearch({ open: [...opened, name] })}
          />
        </>
      )}
    </Page>
  );
}

interface GraphProps {
  objects: readonly ObjectHead[];
  relations: readonly Relation[];
  /** The objects that are shown with their neighbours; none for the whole model. */
  opened: readonly string[];
  onOpen: (name: string) => void;
}

function Graph({ objects, relations, opened, onOpen }: GraphProps) {
  const open = opened.join(" ");
  const { nodes, edges } = useMemo(() => drawn(objects, relations, open), [objects, relations, open]);
  return (
    <section className="graph" aria-label="Objects and relations">
      <p role="status" className="graph-count">
        {nodes.length} of {objects.length} objects, {edges.length} relations
      </p>
      <ReactFlow
        key={open}
        defaultNodes={nodes}
        defaultEdges={edges}
        nodeTypes={NODE_TYPES}
        edgeTypes={EDGE_TYPES}
        nodesDraggable={false}
        onNodeClick={(_event, node) => onOpen(node.id)}
        nodesConnectable={false}
        deleteKeyCode={null}
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

function drawn(objects: readonly ObjectHead[], relations: readonly Relation[], open: string) {
  const opened = new Set(open.split(" ").filter(Boolean));
  const shown = opened.size === 0 ? null : neighbours(relations, opened);
  const seen = objects.filter(({ nameSingular }) => shown === null || shown.has(nameSingular));
  const { places, bends } = draw(
    seen.map(({ nameSingular }) => nameSingular),
    relations,
  );
  const nodes: ObjectNode[] = seen.map((object) => ({
    id: object.nameSingular,
    type: "object",
    position: places.get(object.nameSingular) ?? { x: 0, y: 0 },
    width: WIDTH,
    height: HEIGHT,
    ariaLabel: object.labelPlural,
    data: {
      object,
      relations: relations.filter(({ source, target }) => [source, target].includes(object.nameSingular)).length,
    },
  }));
  const edges = relations
    .filter(({ id }) => bends.has(id))
    .map(({ id, source, target, sourceLabel, targetLabel }) => ({
      id,
      source,
      target,
      type: "bent",
      data: { points: bends.get(id) ?? [], label: sourceLabel },
      ariaLabel: `${source}: ${sourceLabel}, ${target}: ${targetLabel}`,
    }));
  return { nodes, edges };
}

const ObjectCard = memo(function ObjectCard({ data: { object, relations } }: NodeProps<ObjectNode>) {
  return (
    <div className="graph-node">
      <Handle type="target" position={Position.Left} />
      <Link to={`/model/${object.nameSingular}`} className="nodrag">
        {object.labelPlural}
      </Link>
      <small>{relations === 1 ? "1 relation" : `${relations} relations`}</small>
      <Handle type="source" position={Position.Right} />
    </div>
  );
});

type BentEdge = Edge<{ points: readonly Place[]; label: string }, "bent">;

const Bent = memo(function Bent({ id, data }: EdgeProps<BentEdge>) {
  const points = data?.points ?? [];
  const middle = points[Math.floor(points.length / 2)] ?? { x: 0, y: 0 };
  return (
    <BaseEdge
      id={id}
      path={pathOf(points)}
      label={data?.label}
      labelX={middle.x}
      labelY={middle.y}
      labelStyle={{ fill: "var(--muted)" }}
      labelBgStyle={{ fill: "var(--bg)" }}
    />
  );
});

const NODE_TYPES = { object: ObjectCard };
const EDGE_TYPES = { bent: Bent };
