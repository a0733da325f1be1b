// All objects of the model, with their sizes.

import { useQuery } from "@tanstack/react-query";
import { History, Plus, Workflow } from "lucide-react";
import { useState } from "react";
import { Link, useNavigate, useSearchParams } from "react-router";
import { keyOf } from "../../api/keys.ts";
import { readStats } from "../../api/model_edit.ts";
import { type ObjectHead, useObjectList } from "../../api/objects.ts";
import { useScope } from "../../api/session_context.ts";
import { useModelChanged } from "../../api/use_model_changed.ts";
import { Button } from "../../kit/button.tsx";
import { Chip } from "../../kit/chip.tsx";
import { Empty } from "../../kit/empty.tsx";
import { ListHead } from "../../kit/list_head.tsx";
import { printCount } from "../../kit/numbers.ts";
import { Page } from "../../kit/page.tsx";
import { Problem } from "../../kit/problem.tsx";
import { type Column, Table } from "../../kit/table.tsx";
import { ObjectDialog } from "./object_dialog.tsx";
import "./model.css";

/** Objects whose sizes are asked for at once: the most that the API takes. */
const STATS = 200;

export function Component() {
  const scope = useScope();
  const navigate = useNavigate();
  const changed = useModelChanged();
  const [search] = useSearchParams();
  const [isAdding, setAdding] = useState(false);
  const objects = useObjectList();
  const words = (search.get("q") ?? "").trim().toLowerCase();
  const shown = (objects.data ?? []).filter(({ labelPlural, namePlural, nameSingular }) =>
    `${labelPlural} ${namePlural} ${nameSingular}`.toLowerCase().includes(words),
  );
  const asked = shown.slice(0, STATS).map(({ nameSingular }) => nameSingular);
  const stats = useQuery({
    queryKey: keyOf(scope, "model", null, "stats", asked),
    queryFn: async ({ signal }) => new Map((await readStats(asked, signal)).map((one) => [one.objectMetadataId, one])),
    enabled: asked.length > 0,
  });

  const columns: Column<ObjectHead>[] = [
    {
      id: "label",
      title: "Object",
      cell: ({ nameSingular, labelPlural }) => <Link to={`/model/${nameSingular}`}>{labelPlural}</Link>,
    },
    {
      id: "name",
      title: "Names",
      cell: ({ nameSingular, namePlural }) => <code>{`${nameSingular} · ${namePlural}`}</code>,
    },
    { id: "description", title: "Description", cell: ({ description }) => description },
    {
      id: "records",
      title: "Records",
      isNumber: true,
      cell: ({ id }) => {
        const one = stats.data?.get(id);
        return one && `${one.estimated ? "≈ " : ""}${printCount(one.records)}`;
      },
    },
    {
      id: "kind",
      title: "Kind",
      cell: ({ isCustom, isActive }) => (
        <>
          <Chip color={isCustom ? "blue" : "gray"}>{isCustom ? "custom" : "standard"}</Chip>
          {!isActive && <Chip color="yellow">hidden</Chip>}
        </>
      ),
    },
  ];

  return (
    <Page
      title="Data model"
      bar={
        <div className="page-actions">
          <Link className="button" data-kind="quiet" to="/model/graph">
            <Workflow aria-hidden /> Graph
          </Link>
          <Link className="button" data-kind="quiet" to="/model/history">
            <History aria-hidden /> History
          </Link>
          <Button kind="primary" icon={<Plus aria-hidden />} onPress={() => setAdding(true)}>
            Object
          </Button>
        </div>
      }
    >
      <ListHead label="Search objects" shown={shown.length} total={objects.data?.length ?? 0} />
      {objects.error && <Problem title="The objects cannot be read." text={objects.error.message} />}
      {objects.data?.length === 0 && (
        <Empty
          title="No objects yet"
          action={<Button onPress={() => setAdding(true)}>Create the first object</Button>}
          command={`mutation { createObject(input: { nameSingular: "project", namePlural: "projects",\n  labelSingular: "Project", labelPlural: "Projects" }) { id } }`}
        >
          An object is a type of record, such as a project: it has a table, fields, and an API of its own.
        </Empty>
      )}
      {shown.length > 0 && <Table label="Objects" columns={columns} rows={shown} idOf={({ id }) => id} />}
      {isAdding && (
        <ObjectDialog
          object={null}
          onClose={() => setAdding(false)}
          onDone={async (name) => {
            // The page that is left has nothing to read again.
            await navigate(`/model/${name}`);
            await changed();
          }}
        />
      )}
    </Page>
  );
}
