// The import of a file into an object: the file, its columns, a check, and the run, each by the server.

import { useMutation, useQueryClient } from "@tanstack/react-query";
import { Link, useNavigate, useParams } from "react-router";

import { createJob, useJob } from "../../api/imports.ts";
import type { ObjectModel } from "../../api/model.ts";
import { useObject } from "../../api/object_query.ts";
import { Page } from "../../kit/page.tsx";
import { Problem } from "../../kit/problem.tsx";
import { JobSteps } from "./job_steps.tsx";
import "./imports.css";

export function Component() {
  const { plural = "", job } = useParams();
  const object = useObject(plural);
  const title = object.data ? `Import ${object.data.labelPlural}` : "Import";
  return (
    <Page title={title} bar={<Link to={`/records/${plural}`}>{object.data?.labelPlural ?? plural}</Link>}>
      {object.error && <Problem title="The object cannot be read." text={object.error.message} />}
      {object.data === null && (
        <Problem kind="warn" title={`There is no object “${plural}”, or your role does not see it.`} />
      )}
      {object.data &&
        (job === undefined ? <FileStep object={object.data} /> : <JobPage object={object.data} id={job} />)}
    </Page>
  );
}

function FileStep({ object }: { object: ObjectModel }) {
  const navigate = useNavigate();
  const queries = useQueryClient();
  const sent = useMutation({
    mutationFn: (file: File) => createJob(object.namePlural, file),
    onSuccess: (job) => {
      queries.setQueryData(["import", job.id], job);
      void navigate(`/records/${object.namePlural}/import/${job.id}`);
    },
  });
  return (
    <section className="import" aria-label="A file to import">
      <p>
        A file of CSV or JSON Lines becomes records of {object.labelPlural}. The server takes it as it stands: nothing
        is written before you have seen the columns, and the import goes on if you close this page.
      </p>
      {sent.error && <Problem title="The file was not taken." text={sent.error.message} />}
      <label className="form-row">
        File
        <input
          type="file"
          accept=".csv,.tsv,.txt,.jsonl,.ndjson"
          disabled={sent.isPending}
          onChange={(event) => {
            const file = event.target.files?.[0];
            if (file) sent.mutate(file);
          }}
        />
      </label>
      {sent.isPending && <p role="status">The file is being sent…</p>}
    </section>
  );
}

function JobPage({ object, id }: { object: ObjectModel; id: string }) {
  const job = useJob(id);
  if (job.error) return <Problem title="The import cannot be read." text={job.error.message} />;
  return job.data ? <JobSteps object={object} job={job.data} /> : <p role="status">Loading…</p>;
}
