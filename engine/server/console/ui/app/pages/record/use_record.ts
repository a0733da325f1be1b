// One record, live or in the trash: all of its fields, edits and live changes. A field that is edited keeps what was typed.

import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";

import { keyOf } from "../../api/keys.ts";
import { isToMany, type ObjectModel, type RecordRow } from "../../api/model.ts";
import { readAgain } from "../../api/read_again.ts";
import { type MoveVerb, readAnyRow } from "../../api/row_writes.ts";
import { mayDo } from "../../api/session.ts";
import { useScope, useSession } from "../../api/session_context.ts";
import { useReadRelated } from "../../api/use_read_again.ts";
import { laterOf } from "../../grid/live.ts";
import type { Pages } from "../../grid/pages.ts";
import { useEdits } from "../../grid/use_edits.ts";
import { useLive } from "../../grid/use_live.ts";
import { isLeft } from "../records/address.ts";

/** `onMoved` is called after the record was moved to the trash, out of it, or destroyed here. */
export function useRecord(object: ObjectModel, id: string, onMoved?: () => void) {
  const scope = useScope();
  const queries = useQueryClient();
  const readRelated = useReadRelated();
  const fields = object.fields.filter((field) => !isToMany(field));
  // A record is read again under the new names that another gives to its object or fields.
  const names = [object.nameSingular, ...fields.map((field) => field.name)];
  const queryKey = keyOf(scope, "records", object.namePlural, "one", id, names);
  const found = useQuery({
    queryKey,
    queryFn: async () => laterOf(await readAnyRow(object, fields, id), queries.getQueryData<RecordRow>(queryKey)),
    refetchOnMount: "always",
    placeholderData: (before: RecordRow | null | undefined) => (before?.id === id ? before : undefined),
  });
  const row = found.data ?? null;
  const refresh = () => void readAgain(queries, queryKey);
  const moved = () => {
    refresh();
    void readRelated();
    onMoved?.();
  };
  const edits = useEdits({
    object,
    fields,
    pages: asPages(
      () => queries.getQueryData<RecordRow>(queryKey),
      (next) => queries.setQueryData(queryKey, next),
    ),
    onWritten: (_, kind) => kind !== "updated" && moved(),
    onUnsure: refresh,
    isLeft: (step) => isLeft(step, id),
  });
  useLive(
    object,
    [],
    ({ events, flood }) => {
      const isChanged = events.some((event) => event.record.id === id && !edits.isOwn(id, event.record.updatedAt));
      if (flood || isChanged) refresh();
    },
    refresh,
  );
  const moving = useMutation({
    mutationFn: async (verb: MoveVerb) => {
      await edits.move(verb, [id]);
      // A second press of the button would find the record elsewhere.
      await readAgain(queries, queryKey);
    },
  });
  const session = useSession();
  const isDeleted = typeof row?.deletedAt === "string";
  const may = (action: string, inTrash: boolean) =>
    row !== null && isDeleted === inTrash && mayDo(session, object.nameSingular, action);
  return {
    row,
    fields,
    edits,
    isDeleted,
    mayUpdate: may("update", false),
    mayDelete: may("delete", false),
    mayRestore: may("restore", true),
    mayDestroy: may("destroy", true),
    move: (verb: MoveVerb) => moving.isPending || moving.mutate(verb),
    moved,
    error: found.error,
    isPending: found.isPending,
  };
}

// The edits of a list write into its pages: one record is a page of one row, the one that is here when a write is answered.
function asPages(here: () => RecordRow | null | undefined, set: (row: RecordRow) => void): Pages<RecordRow> {
  return {
    row: (index) => (index === 0 ? (here() ?? undefined) : undefined),
    find: (fits) => {
      const row = here();
      return row && fits(row) ? { index: 0, row } : undefined;
    },
    replace: (change) => {
      const row = here();
      const next = row ? change(row) : undefined;
      if (next) set(next);
    },
    show: () => undefined,
    focus: () => undefined,
    load: async () => undefined,
    isReading: () => false,
    extent: () => null,
    refresh: () => undefined,
    close: () => undefined,
  };
}
