// The merge of selected records and their likely duplicates: the one that stays is shown as it will be, and then written.

import { useMutation, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { ApiError, describeFailure, isUnsure } from "../../api/errors.ts";
import { keyOf } from "../../api/keys.ts";
import { changedMeanwhile, MOST_MERGED, mergeRows, readDuplicates, readInOrder } from "../../api/merging.ts";
import type { Field, RecordRow } from "../../api/model.ts";
import { useScope, useSession } from "../../api/session_context.ts";
import { Cell } from "../../fields/cell.tsx";
import { labelOf } from "../../fields/registry.ts";
import { Button } from "../../kit/button.tsx";
import { Check } from "../../kit/check.tsx";
import { Dialog } from "../../kit/dialog.tsx";
import { plural } from "../../kit/numbers.ts";
import { Problem } from "../../kit/problem.tsx";
import { Select } from "../../kit/select.tsx";
import { Table } from "../../kit/table.tsx";
import type { List } from "./use_list.ts";

/** The characters of a value that tell a record from others. */
const SHOWN = 60;

export type MergeProps = {
  list: List;
  /** The ids of the selected records; another selection, behind the dialog, changes nothing in it. */
  selected: readonly string[];
  onClose(): void;
};

export function MergeDialog({ list, selected, onClose }: MergeProps) {
  const [ids] = useState(selected);
  const { object } = list;
  const scope = useScope();
  const { role } = useSession();
  const keyFor = (...more: readonly unknown[]) => keyOf(scope, "records", object.namePlural, "merge", ...more);
  const [chosen, setChosen] = useState(ids);
  const [kept, setKept] = useState(ids[0] ?? "");
  const given = useQuery({
    queryKey: keyFor("rows", ids),
    queryFn: ({ signal }) => readInOrder(object, ids, signal),
    staleTime: 0,
  });
  const alike = useQuery({
    queryKey: keyFor("alike", ids),
    queryFn: ({ signal }) => readDuplicates(object, ids, signal),
    staleTime: 0,
  });
  // Records of one name are told apart by their numbers.
  const candidates = [...(given.data ?? []), ...(alike.data ?? [])].map((row, index) => ({
    row,
    name: `${index + 1} · ${labelOf(row, object.labels)}`,
  }));
  const merged = candidates.filter(({ row }) => chosen.includes(row.id));
  const rows = merged.map(({ row }) => row);
  const order = rows.map(({ id }) => id);
  const stays = order.includes(kept) ? kept : (order[0] ?? "");
  const canMerge = order.length > 1 && order.length <= MOST_MERGED;
  const trial = useQuery({
    // The trial is of the records as they are shown.
    queryKey: keyFor(
      "trial",
      order,
      stays,
      rows.map(({ updatedAt }) => updatedAt),
    ),
    queryFn: () => mergeRows(object, rows, stays, true),
    enabled: canMerge,
    staleTime: 0,
    gcTime: 0,
  });
  const merging = useMutation({
    mutationFn: () => mergeRows(object, rows, stays, false),
    onSuccess: (row) => {
      list.setSelection((before) => ({ ...before, rows: new Set(), all: false }));
      list.renew();
      // An undone creation would take all that the record has of the others.
      list.edits.forget();
      list.edits.tell(`Merged ${plural(order.length, "record")} into ${labelOf(row, object.labels)}`, row.id);
      onClose();
    },
    onError: (error) => isUnsure(error) && list.renew(),
  });
  // Records may be merged while their duplicates are looked for, but not while shown ones are read again.
  const isReadAgain = given.isRefetching || alike.isRefetching;
  const refusal = merging.error ?? (canMerge ? trial.error : null);
  const changed = candidates.find(({ row }) => row.id === changedMeanwhile(refusal));
  const readAgain = () => {
    merging.reset();
    void given.refetch();
    void alike.refetch();
  };
  const result = canMerge ? trial.data : undefined;
  const columns = [
    ...merged.map(({ row, name }) => ({ id: row.id, title: row.id === stays ? `${name} (stays)` : name, row })),
    ...(result ? [{ id: "result", title: "After the merge", row: result }] : []),
  ];
  return (
    <Dialog
      title={`Merge ${object.labelPlural}`}
      onClose={onClose}
      write={merging}
      isForm
      size="large"
      actions={
        <>
          <Button slot="close">Cancel</Button>
          <Button
            kind="danger"
            isDisabled={!result || trial.isFetching || isReadAgain || changed !== undefined}
            onPress={() => merging.isPending || merging.mutate()}
          >
            {merging.isPending ? "Merging…" : `Merge ${plural(order.length, "record")}`}
          </Button>
        </>
      }
    >
      {changed && (
        <Problem
          title={`${changed.name} was changed meanwhile.`}
          text="Nothing was merged: the values below are those of before. Look at the present ones first."
        >
          <Button onPress={readAgain}>Show the present values</Button>
        </Problem>
      )}
      {merging.error && !changed && <Problem {...describeFailure(merging.error)} />}
      {given.error && <Problem title="The records cannot be read." text={given.error.message} />}
      {alike.error && (
        <Problem
          kind="warn"
          title="No duplicates were looked for."
          text={
            isUnknownTo(alike.error)
              ? `The role ${role} does not look for duplicates of ${object.labelPlural}.`
              : alike.error.message
          }
        />
      )}
      <fieldset>
        <legend className="field-label">Records to merge</legend>
        {candidates.map(({ row, name }) => (
          <Check
            key={row.id}
            label={name}
            description={ids.includes(row.id) ? undefined : "A likely duplicate"}
            isSelected={chosen.includes(row.id)}
            isDisabled={merging.isPending}
            onChange={(isChosen) => setChosen(isChosen ? [...chosen, row.id] : chosen.filter((id) => id !== row.id))}
          />
        ))}
      </fieldset>
      <p role="status">{wordsOf(order.length, given.isFetching || alike.isFetching, trial)}</p>
      {canMerge && (
        <Select
          label="The record that stays"
          value={stays}
          isDisabled={merging.isPending}
          choices={merged.map(({ row, name }) => ({ id: row.id, label: name }))}
          onChange={setKept}
        />
      )}
      {canMerge && trial.error && !changed && (
        <Problem title="These records cannot be merged." text={trial.error.message} />
      )}
      {columns.length > 0 && (
        <Table<Field>
          label="The values of the records"
          columns={[
            { id: "field", title: "Field", cell: ({ label }) => label },
            ...columns.map(({ id, title, row }) => ({
              id,
              title,
              cell: (field: Field) => <Cell value={row[field.name]} field={field} most={SHOWN} />,
            })),
          ]}
          rows={fieldsOf(
            object.fields,
            columns.map(({ row }) => row),
          )}
          idOf={({ id }) => id}
        />
      )}
      <p className="editor-hint">
        The record that stays keeps its values, and gets those that it lacks. The others move to the trash, and the
        records that point to them point to the one that stays. This cannot be undone here.
      </p>
    </Dialog>
  );
}

/** Return the fields in which a record has a value; of the system's, those of its creation, which tell records apart. */
function fieldsOf(fields: readonly Field[], rows: readonly RecordRow[]): readonly Field[] {
  return fields.filter(
    ({ name, isSystem }) =>
      (!isSystem || name === "createdAt") && rows.some((row) => row[name] !== null && row[name] !== undefined),
  );
}

/** Return true if the schema that the role sees lacks the query. */
function isUnknownTo(error: Error): boolean {
  return error instanceof ApiError && error.code === "GRAPHQL_VALIDATION_FAILED";
}

function wordsOf(chosen: number, isReading: boolean, trial: { isFetching: boolean; error: Error | null }): string {
  if (isReading) return "Looking for duplicates…";
  if (chosen < 2) return "Choose two records or more.";
  if (chosen > MOST_MERGED) return `At most ${MOST_MERGED} records are merged at once.`;
  if (trial.isFetching) return "Trying the merge…";
  return trial.error ? "" : `${plural(chosen, "record")} would become one.`;
}
