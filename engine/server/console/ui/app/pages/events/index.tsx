// The events of the workspace as they come: which record was written, how, by whom.

import { useInfiniteQuery, useQueryClient } from "@tanstack/react-query";
import { Pause, Play } from "lucide-react";
import { useState } from "react";
import { Link, useSearchParams } from "react-router";

import { ACTIONS, listEvents, type RecordEvent } from "../../api/events/events.ts";
import { useTail } from "../../api/events/use_tail.ts";
import { keyOf } from "../../api/keys.ts";
import { type ObjectHead, useObjectList } from "../../api/objects.ts";
import { readAgain } from "../../api/read_again.ts";
import { useScope } from "../../api/session_context.ts";
import { Button } from "../../kit/button.tsx";
import { Chip, type Color } from "../../kit/chip.tsx";
import { Empty } from "../../kit/empty.tsx";
import { Page } from "../../kit/page.tsx";
import { Problem } from "../../kit/problem.tsx";
import { Select } from "../../kit/select.tsx";
import { type Column, Table } from "../../kit/table.tsx";
import { Time } from "../../kit/time.tsx";
import { changesOf, nameOf } from "./words.ts";
import "./events.css";

const POLL_MS = 3_000;
const PAGE = 50;
const ALL = "";

const COLORS: Readonly<Record<RecordEvent["action"], Color>> = {
  CREATED: "green",
  UPDATED: "blue",
  DELETED: "orange",
  RESTORED: "teal",
  DESTROYED: "red",
};

export function Component() {
  const scope = useScope();
  const [search, setSearch] = useSearchParams();
  const [isPaused, setPaused] = useState(false);
  const objects = useObjectList();
  const active = (objects.data ?? []).filter(({ isActive }) => isActive);
  const object = search.get("object") ?? ALL;
  const action = ACTIONS.find((one) => one === search.get("action")) ?? null;
  const filter = { ...(object === ALL ? {} : { object }), ...(action === null ? {} : { actions: [action] }) };
  const queryKey = keyOf(scope, "events", object || null, "tail", action);
  const client = useQueryClient();
  const refresh = () => void readAgain(client, queryKey);
  const tail = useTail(filter, !isPaused, refresh);
  const pages = useInfiniteQuery({
    queryKey,
    queryFn: ({ pageParam, signal }) =>
      listEvents(filter, { first: PAGE, before: pageParam, withRecord: true }, signal),
    initialPageParam: null as string | null,
    getNextPageParam: ({ next }) => next,
    refetchOnMount: "always",
    // Older pages that were opened stay as they are.
    refetchInterval: ({ state }) =>
      isPaused || tail.isFollowed || (state.data?.pages.length ?? 0) > 1 ? false : POLL_MS,
  });
  const read = pages.data?.pages.flatMap(({ events }) => events) ?? [];
  const known = new Set(read.map(({ id }) => id));
  const rows = [...tail.events.filter(({ id }) => !known.has(id)), ...read];

  function choose(name: "object" | "action", value: string) {
    const next = new URLSearchParams(search);
    if (value === ALL) {
      next.delete(name);
    } else {
      next.set(name, value);
    }
    setSearch(next, { replace: true });
  }

  return (
    <Page title="Events">
      <div className="events">
        <div className="events-bar">
          <Select
            label="Object"
            value={object}
            choices={[
              { id: ALL, label: "All" },
              ...active.map(({ nameSingular, labelPlural }) => ({ id: nameSingular, label: labelPlural })),
            ]}
            onChange={(value) => choose("object", value)}
          />
          <Select
            label="Action"
            value={action ?? ALL}
            choices={[
              { id: ALL, label: "All" },
              ...ACTIONS.map((one) => ({ id: one, label: one.charAt(0) + one.slice(1).toLowerCase() })),
            ]}
            onChange={(value) => choose("action", value)}
          />
          <Button
            icon={isPaused ? <Play aria-hidden /> : <Pause aria-hidden />}
            aria-pressed={isPaused}
            onPress={() => {
              setPaused(!isPaused);
              if (isPaused) refresh();
            }}
          >
            {isPaused ? "Go on" : "Pause"}
          </Button>
        </div>
        {pages.error && <Problem title="The events cannot be read." text={pages.error.message} />}
        {pages.data && rows.length === 0 && (
          <Empty title="No events yet">
            <p>Each write of a record is an event, with its author and the fields that it has changed.</p>
          </Empty>
        )}
        {rows.length > 0 && <Table label="Events" columns={columns(active)} rows={rows} idOf={({ id }) => id} />}
        {pages.hasNextPage && (
          <Button isDisabled={pages.isFetchingNextPage} onPress={() => void pages.fetchNextPage()}>
            Earlier
          </Button>
        )}
      </div>
    </Page>
  );
}

function columns(objects: readonly ObjectHead[]): Column<RecordEvent>[] {
  const byName = new Map(objects.map((object) => [object.nameSingular, object]));
  return [
    { id: "at", title: "At", cell: ({ at }) => <Time at={at} isExact /> },
    {
      id: "action",
      title: "Action",
      cell: ({ action }) => <Chip color={COLORS[action]}>{action.toLowerCase()}</Chip>,
    },
    { id: "object", title: "Object", cell: ({ object }) => byName.get(object)?.labelSingular ?? object },
    {
      id: "record",
      title: "Record",
      cell: (event) => {
        const plural = byName.get(event.object)?.namePlural;
        return plural === undefined || event.action === "DESTROYED" ? (
          nameOf(event)
        ) : (
          <Link to={`/records/${plural}/${event.recordId}`}>{nameOf(event)}</Link>
        );
      },
    },
    { id: "actor", title: "By", cell: ({ actor }) => actor?.name ?? "—" },
    { id: "changes", title: "Changes", cell: (event) => changesOf(event) },
  ];
}
