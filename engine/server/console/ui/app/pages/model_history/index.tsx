// The versions of the model, and the way back to one.

import { useInfiniteQuery, useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { Link } from "react-router";

import { keyOf } from "../../api/keys.ts";
import { type Plan, planRollback, readHistory, rollback, type Version } from "../../api/model_edit.ts";
import { useObjectList } from "../../api/objects.ts";
import { useScope } from "../../api/session_context.ts";
import { useTypeLabel } from "../../api/use_field_types.ts";
import { useModelChanged } from "../../api/use_model_changed.ts";
import { Button } from "../../kit/button.tsx";
import { Page } from "../../kit/page.tsx";
import { Problem } from "../../kit/problem.tsx";
import { type Column, Table } from "../../kit/table.tsx";
import { Time } from "../../kit/time.tsx";
import { PlanDialog } from "../../plan/change_dialog.tsx";
import "../model/model.css";
import { describeChanges } from "./describe.ts";

/** Changes of a version that are shown at once. */
const SHOWN = 6;

export function Component() {
  const scope = useScope();
  const changed = useModelChanged();
  const typeLabel = useTypeLabel();
  const objects = useObjectList();
  const objectName = (id: unknown) => objects.data?.find((object) => object.id === id)?.nameSingular;
  const [chosen, setChosen] = useState<{ to: number; plan: Plan } | null>(null);
  const history = useInfiniteQuery({
    queryKey: keyOf(scope, "model", null, "history"),
    queryFn: ({ pageParam, signal }) => readHistory(pageParam, signal),
    initialPageParam: null as string | null,
    getNextPageParam: ({ next }) => next,
  });
  const planning = useMutation({
    mutationFn: async (to: number) => ({ to, plan: await planRollback(to) }),
    onSuccess: setChosen,
  });
  const versions = history.data?.pages.flatMap((page) => page.versions) ?? [];
  const newest = versions[0]?.version;

  const columns: Column<Version>[] = [
    { id: "version", title: "Version", cell: ({ version }) => String(version) },
    { id: "time", title: "Time", cell: ({ createdAt }) => <Time at={createdAt} /> },
    { id: "actor", title: "By", cell: ({ actor }) => actor },
    {
      id: "changes",
      title: "Changes",
      cell: ({ changes }) => <Changes lines={describeChanges(changes, typeLabel, objectName)} />,
    },
    {
      id: "back",
      title: "Back to it",
      cell: ({ version }) =>
        version === newest ? (
          "present"
        ) : (
          <Button
            kind="quiet"
            isDisabled={planning.isPending}
            aria-label={`Roll back to version ${version}`}
            onPress={() => planning.mutate(Number(version))}
          >
            Roll back…
          </Button>
        ),
    },
  ];

  return (
    <Page
      title="History of the model"
      bar={
        <div className="page-actions">
          <Link className="button" data-kind="quiet" to="/model">
            Data model
          </Link>
        </div>
      }
    >
      {history.error && <Problem title="The history cannot be read." text={history.error.message} />}
      {planning.error && <Problem title="The rollback cannot be planned." text={planning.error.message} />}
      <p className="model-note" role="status">
        A rollback is a version of its own: it undoes all changes since the chosen one, the last one first.
      </p>
      {versions.length > 0 && <Table label="Versions" columns={columns} rows={versions} idOf={({ id }) => id} />}
      {history.hasNextPage && (
        <p>
          <Button isDisabled={history.isFetchingNextPage} onPress={() => void history.fetchNextPage()}>
            Older versions
          </Button>
        </p>
      )}
      {chosen && (
        <PlanDialog
          title={`Roll back to version ${chosen.to}`}
          plan={chosen.plan}
          onBack={() => setChosen(null)}
          onDone={() => {
            setChosen(null);
            void changed();
          }}
          apply={() => rollback(chosen.to)}
        />
      )}
    </Page>
  );
}

function Changes({ lines }: { lines: readonly string[] }) {
  const items = lines.map((line, place) => ({ line, place }));
  const list = (some: typeof items) => (
    <ul>
      {some.map(({ line, place }) => (
        <li key={place}>{line}</li>
      ))}
    </ul>
  );
  return (
    <>
      {list(items.slice(0, SHOWN))}
      {items.length > SHOWN && (
        <details>
          <summary>{items.length - SHOWN} more</summary>
          {list(items.slice(SHOWN))}
        </details>
      )}
    </>
  );
}
