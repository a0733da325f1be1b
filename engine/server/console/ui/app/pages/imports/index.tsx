// The import of a file into an object: the file, its columns, a check, and the run, each by the server.

import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useEffect, useRef, useState } from "react";
import { Link, useNavigate, useParams } from "react-router";

import { createJob, jobKey, useJob, useJobs } from "../../api/imports.ts";
import type { ObjectModel } from "../../api/model.ts";
import { mayDo } from "../../api/session.ts";
import { useScope, useSession } from "../../api/session_context.ts";
import { Button } from "../../kit/button.tsx";
import { Page } from "../../kit/page.tsx";
import { Problem } from "../../kit/problem.tsx";
import { useUnsaved } from "../../kit/unsaved.ts";
import { OfObject } from "../../shell/of_object.tsx";
import { detectEncoding, type Encoding, toUtf8 } from "./encoding.ts";
import { JobSteps } from "./job_steps.tsx";
import { wordsOf } from "./progress.ts";
import "./imports.css";

export function Component() {
  return <OfObject>{(object) => <ImportPage object={object} />}</OfObject>;
}

function ImportPage({ object }: { object: ObjectModel }) {
  const { job } = useParams();
  const session = useSession();
  return (
    <Page
      title={`Import ${object.labelPlural}`}
      bar={<Link to={`/records/${object.namePlural}`}>{object.labelPlural}</Link>}
    >
      {!mayDo(session, object.nameSingular, "create") ? (
        <Problem kind="warn" title={`The role ${session.role} does not create ${object.labelPlural}.`} />
      ) : job === undefined ? (
        <FileStep object={object} />
      ) : (
        <JobPage object={object} id={job} />
      )}
    </Page>
  );
}

const BEING_SENT = {
  title: "Leave while the file is being sent?",
  text: "The server does not have all of it yet: no import begins without the rest.",
  verb: "Leave",
  isPassing: true,
};

function FileStep({ object }: { object: ObjectModel }) {
  const navigate = useNavigate();
  const queries = useQueryClient();
  const scope = useScope();
  const [encoding, setEncoding] = useState<Encoding>("utf-8");
  const under = useRef<AbortController | null>(null);
  const jobs = useJobs(object.namePlural);
  const sent = useMutation({
    mutationFn: async (file: File) => {
      under.current = new AbortController();
      const found = await detectEncoding(file);
      setEncoding(found);
      return createJob(object.namePlural, file.name, await toUtf8(file, found), under.current.signal);
    },
    onSuccess: (job) => {
      queries.setQueryData(jobKey(scope, job.id), job);
      void navigate(`/records/${object.namePlural}/import/${job.id}`);
    },
  });
  useUnsaved(
    sent.isPending
      ? {
          ...BEING_SENT,
          isLeft: ({ currentLocation, nextLocation }) => currentLocation.pathname !== nextLocation.pathname,
        }
      : null,
  );
  // A page that was left is not opened again by the end of its upload.
  useEffect(() => () => under.current?.abort(), []);
  return (
    <section className="import" aria-label="A file to import">
      <p>
        A file of CSV or JSON Lines becomes records of {object.labelPlural}. The server takes it as it stands: nothing
        is written before you have seen the columns, and the import goes on if you close this page.
      </p>
      {sent.error && sent.error.name !== "AbortError" && (
        <Problem title="The file was not taken." text={sent.error.message} />
      )}
      <label className="field">
        <span className="field-label">File</span>
        <input
          type="file"
          accept=".csv,.tsv,.txt,.jsonl,.ndjson"
          disabled={sent.isPending}
          onChange={(event) => {
            const file = event.target.files?.[0];
            if (file) sent.mutate(file);
            // The same file can be chosen again.
            event.target.value = "";
          }}
        />
      </label>
      {sent.isPending && (
        <p role="status">
          The file is being sent{encoding === "utf-8" ? "" : `, read as ${encoding.toUpperCase()}`}…{" "}
          <Button onPress={() => under.current?.abort()}>Cancel</Button>
        </p>
      )}
      {jobs.data && jobs.data.length > 0 && (
        <section aria-label="Imports before">
          <h2>Imports before</h2>
          <ul>
            {jobs.data.map((job) => (
              <li key={job.id}>
                <Link to={`/records/${object.namePlural}/import/${job.id}`}>{job.name ?? "File"}</Link> {wordsOf(job)}
              </li>
            ))}
          </ul>
        </section>
      )}
    </section>
  );
}

function JobPage({ object, id }: { object: ObjectModel; id: string }) {
  const job = useJob(id);
  if (job.error) return <Problem title="The import cannot be read." text={job.error.message} />;
  return job.data ? <JobSteps object={object} job={job.data} /> : <p role="status">Loading…</p>;
}
