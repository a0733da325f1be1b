// A job with its columns, its progress and the actions that its state allows.

import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { Link } from "react-router";
import { errorsAddress, isAtWork, type Job, type JobVerb, jobKey, turnJob, useErrors } from "../../api/imports.ts";
import type { ObjectModel } from "../../api/model.ts";
import { useScope } from "../../api/session_context.ts";
import { useViewedRole } from "../../api/view_as.ts";
import { Button } from "../../kit/button.tsx";
import { Confirm } from "../../kit/confirm.tsx";
import { printCount } from "../../kit/numbers.ts";
import { Problem } from "../../kit/problem.tsx";
import { InlineSelect, Select } from "../../kit/select.tsx";
import { Table } from "../../kit/table.tsx";
import { cut } from "../../kit/texts.ts";
import { isEndedEarly, isUnwritten, progressOf, wordsOf } from "./progress.ts";
import { NAMED, type Refusal, readRefusals } from "./refusals.ts";
import { conflictKeys, hintOf, initialMapping, targetsOf } from "./targets.ts";

/** The characters of a value that tell a column from others. */
const SHOWN = 40;

export function JobSteps({ object, job }: { object: ObjectModel; job: Job }) {
  const queries = useQueryClient();
  const queryKey = jobKey(useScope(), job.id);
  const isViewed = useViewedRole() !== null;
  // The columns of a file that is still being received are not known yet.
  const [chosen, setChosen] = useState<Readonly<Record<string, string | null>>>({});
  const mapping = { ...(job.mapping ?? initialMapping(job)), ...chosen };
  const [key, setKey] = useState(job.onConflict?.join(",") ?? "");
  const [isUndoing, setUndoing] = useState(false);
  const turn = useMutation({
    mutationFn: (verb: JobVerb) =>
      turnJob(
        job.id,
        verb,
        verb === "check" || (verb === "run" && isFresh)
          ? { ...(isMapped && job.columns ? { mapping } : {}), onConflict: key === "" ? null : key.split(",") }
          : {},
      ),
    onSuccess: (next) => queries.setQueryData(queryKey, next),
    onSettled: () => void queries.invalidateQueries({ queryKey }),
  });
  const isFresh = isUnwritten(job);
  // A line of JSON names the fields itself.
  const isMapped = job.format === "csv";
  const isBusy = isAtWork(job) || turn.isPending;
  const targets = targetsOf(object, Object.values({ ...job.suggested, ...mapping }));
  return (
    <>
      <section className="import" aria-label="Columns">
        <h2>
          {job.name ?? "File"} · {printCount(job.size)} bytes
        </h2>
        {job.columns && (
          <table className="import-columns" aria-label="Columns of the file">
            <thead>
              <tr>
                <th scope="col">Column</th>
                <th scope="col">First values</th>
                {isMapped && <th scope="col">Field</th>}
              </tr>
            </thead>
            <tbody>
              {job.columns.map((column, index) => (
                <tr key={column}>
                  <th scope="row">{column}</th>
                  <td>
                    {firstOf(job, index)
                      .map((value) => cut(value, SHOWN))
                      .filter(Boolean)
                      .join(" · ")}
                  </td>
                  {isMapped && (
                    <td>
                      <InlineSelect
                        label={`Field for ${column}`}
                        isDisabled={!isFresh || isBusy}
                        value={mapping[column] ?? ""}
                        choices={[
                          { id: "", label: "Leave out" },
                          ...targets.map(({ name, label }) => ({ id: name, label })),
                        ]}
                        onChange={(name) => setChosen({ ...chosen, [column]: name || null })}
                      />
                      {isFresh && <Hint text={hintOf(object, mapping[column], firstOf(job, index))} />}
                    </td>
                  )}
                </tr>
              ))}
            </tbody>
          </table>
        )}
        <Select
          label="Records that are there already"
          isDisabled={!isFresh || isBusy}
          value={key}
          choices={[
            { id: "", label: "Create every row" },
            ...conflictKeys(object).map((name) => ({
              id: name,
              label: `Update where ${targets.find((target) => target.name === name)?.label ?? name} is equal`,
            })),
          ]}
          onChange={setKey}
        />
      </section>
      <section className="import" aria-label="Progress">
        <p role="status">
          {wordsOf(job)} {progressOf(job)}
        </p>
        {isAtWork(job) && <progress aria-label="Progress" max={job.size || 1} value={job.bytesRead} />}
        {job.error && <Problem title="The reason" text={job.error.message} />}
        {turn.error && <Problem title="The server refused this." text={turn.error.message} />}
        <div className="import-actions">
          {job.status === "DONE" && (
            <Link className="button" data-kind="primary" to={`/records/${object.namePlural}`}>
              Open {object.labelPlural}
            </Link>
          )}
          {!isFresh && !isAtWork(job) && (
            <Link className="button" to={`/records/${object.namePlural}/import`}>
              Import another file
            </Link>
          )}
          {isFresh && (
            <Button isDisabled={isBusy} onPress={() => turn.mutate("check")}>
              Check
            </Button>
          )}
          {(isFresh || isEndedEarly(job)) && (
            <Button kind="primary" isDisabled={isBusy} onPress={() => turn.mutate("run")}>
              {isFresh ? "Import" : "Go on"}
            </Button>
          )}
          {isAtWork(job) && job.status !== "RECEIVING" && <Button onPress={() => turn.mutate("stop")}>Stop</Button>}
          {(job.status === "DONE" || isEndedEarly(job)) && job.hasWritten && (
            <Button kind="danger" isDisabled={isBusy} onPress={() => setUndoing(true)}>
              Undo the import
            </Button>
          )}
          {job.failed > 0 &&
            (isViewed ? (
              // A link has no header.
              <p>The refused rows have a file where you view no other role.</p>
            ) : (
              <a className="button" href={errorsAddress(job.id)} download>
                Refused rows as CSV
              </a>
            ))}
        </div>
      </section>
      {job.failed > 0 && <Refusals object={object} job={job} />}
      {isUndoing && (
        <Confirm
          title="Undo the import?"
          verb="Undo it"
          act={() => turn.mutateAsync("undo")}
          onClose={() => setUndoing(false)}
        >
          <p>
            {`The created records (${printCount(job.created)}) move to the trash, and the updated ones ` +
              `(${printCount(job.updated)}) get their values of before. Those that were changed since are kept.`}
          </p>
        </Confirm>
      )}
    </>
  );
}

function Hint({ text }: { text: string | null }) {
  return text && <p className="import-hint">{text}</p>;
}

/** Return the first values of a column as texts. */
function firstOf({ sample }: Job, index: number): readonly string[] {
  const values = (sample ?? []).slice(0, 3).map((row) => row[index] ?? "");
  return values.map((value) => (typeof value === "string" ? value : JSON.stringify(value)));
}

/** The first refused rows with their reasons. */
function Refusals({ object, job }: { object: ObjectModel; job: Job }) {
  const errors = useErrors(job, NAMED);
  const labels = new Map([...object.fields, ...targetsOf(object)].map(({ name, label }) => [name, label]));
  if (errors.error) return <Problem title="The refused rows cannot be read." text={errors.error.message} />;
  const refusals = readRefusals(errors.data ?? "");
  if (refusals.length === 0) return null;
  return (
    <section className="import" aria-label="Refused rows">
      <h2>{refusals.length < job.failed ? `The first ${refusals.length} refused rows` : "Refused rows"}</h2>
      <Table<Refusal>
        label="Refused rows"
        columns={[
          { id: "row", title: "Row", cell: ({ row }) => row },
          { id: "field", title: "Field", cell: ({ field }) => labels.get(field) ?? field },
          { id: "message", title: "Reason", cell: ({ message }) => message },
        ]}
        rows={refusals}
        idOf={({ row }) => row}
      />
    </section>
  );
}
