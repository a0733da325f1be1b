// The model as a graph. All that it shows and changes stands in the list and the forms, too.

import "@xyflow/react/dist/base.css";

import { useQuery } from "@tanstack/react-query";
import { LayoutGrid, List, Waypoints } from "lucide-react";
import { useCallback, useState } from "react";
import { Link, useSearchParams } from "react-router";

import { keyOf } from "../../api/keys.ts";
import { useObjectList } from "../../api/objects.ts";
import { listRelations } from "../../api/relations.ts";
import { useScope } from "../../api/session_context.ts";
import { useModelChanged } from "../../api/use_model_changed.ts";
import { Button } from "../../kit/button.tsx";
import { ComboBox } from "../../kit/combobox.tsx";
import { Confirm } from "../../kit/confirm.tsx";
import { Page } from "../../kit/page.tsx";
import { Problem } from "../../kit/problem.tsx";
import "../model/model.css";
import { Graph } from "./graph.tsx";
import "./graph.css";
import { WHOLE } from "./layout.ts";
import { RelationDialog } from "./relation_dialog.tsx";
import { usePlaces } from "./use_places.ts";

interface Drawn {
  source: string;
  target: string | null;
}

export function Component() {
  const scope = useScope();
  const changed = useModelChanged();
  const [search, setSearch] = useSearchParams();
  const [relation, setRelation] = useState<Drawn | null>(null);
  const [isAsking, setAsking] = useState(false);
  const { places, isReady, error, mayKeep, keep, forget } = usePlaces();
  const objects = useObjectList();
  const relations = useQuery({
    queryKey: keyOf(scope, "model", null, "relations"),
    queryFn: ({ signal }) => listRelations(signal),
  });
  const relate = useCallback((source: string, target: string | null) => setRelation({ source, target }), []);
  const failed = objects.error ?? relations.error;
  const named = search.getAll("open");
  const isPart = !search.has("all") && ((objects.data?.length ?? 0) > WHOLE || named.length > 0);
  const opened = !isPart ? [] : named.length > 0 ? named : [objects.data?.[0]?.nameSingular ?? ""];

  return (
    <Page
      title="Data model"
      isFlush
      bar={
        <div className="page-actions">
          <Link className="button" data-kind="quiet" to="/model">
            <List aria-hidden /> List
          </Link>
          {isPart && (
            <Button kind="quiet" icon={<Waypoints aria-hidden />} onPress={() => setSearch({ all: "" })}>
              All objects
            </Button>
          )}
          {mayKeep && places.size > 0 && (
            <Button kind="quiet" icon={<LayoutGrid aria-hidden />} onPress={() => setAsking(true)}>
              Lay out…
            </Button>
          )}
        </div>
      }
    >
      {failed && <Problem title="The model cannot be read." text={failed.message} />}
      {error && <Problem title="The places of objects cannot be read or kept." text={error.message} />}
      {objects.data && relations.data && isReady && (
        <>
          <div className="graph-head">
            <ComboBox
              label="Show an object with its neighbours"
              choices={objects.data.map(({ nameSingular, labelPlural }) => ({ id: nameSingular, label: labelPlural }))}
              value={named.at(-1) ?? null}
              onChange={(name) => name !== null && setSearch({ open: name })}
              placeholder="Search an object"
            />
            {mayKeep && (
              <p>
                Drag from the dot of an object to another one for a relation, or press its plus. Objects are moved by
                drag, or by Enter and arrows, for everyone.
              </p>
            )}
          </div>
          <Graph
            objects={objects.data}
            relations={relations.data}
            opened={opened}
            places={places}
            onOpen={(name) => isPart && !opened.includes(name) && setSearch({ open: [...opened, name] })}
            keep={mayKeep ? keep : undefined}
            relate={mayKeep ? relate : undefined}
          />
        </>
      )}
      {relation && (
        <RelationDialog
          source={relation.source}
          target={objects.data?.find(({ nameSingular }) => nameSingular === relation.target) ?? null}
          onClose={() => setRelation(null)}
          onDone={() => {
            setRelation(null);
            void changed();
          }}
        />
      )}
      {isAsking && (
        <Confirm title="Lay out all objects?" verb="Lay out" act={forget} onClose={() => setAsking(false)}>
          <p>The places that people have dragged objects to are forgotten, for everyone.</p>
        </Confirm>
      )}
    </Page>
  );
}
