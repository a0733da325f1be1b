// One record as a page.

import { Link, useNavigate, useParams } from "react-router";

import type { ObjectModel } from "../../api/model.ts";
import { useObject } from "../../api/object_query.ts";
import { labelOf } from "../../fields/registry.ts";
import { Page } from "../../kit/page.tsx";
import { Problem } from "../../kit/problem.tsx";
import { RecordFields } from "./record_fields.tsx";
import { RecordHistory } from "./record_history.tsx";
import { RecordRelations } from "./record_relations.tsx";
import { useRecord } from "./use_record.ts";
import "./record.css";

export function Component() {
  const { plural = "", id = "" } = useParams();
  const object = useObject(plural);
  if (object.data) return <RecordPage key={id} object={object.data} id={id} />;
  return (
    <Page title={plural}>
      {object.error && <Problem title="The object cannot be read." text={object.error.message} />}
      {object.data === null && (
        <Problem kind="warn" title={`There is no object “${plural}”, or your role does not see it.`} />
      )}
    </Page>
  );
}

function RecordPage({ object, id }: { object: ObjectModel; id: string }) {
  const record = useRecord(object, id);
  const navigate = useNavigate();
  const open = (plural: string, other: string) => void navigate(`/records/${plural}/${other}`);
  const { row } = record;
  return (
    <Page
      title={row ? labelOf(row, object.labels) : object.labelSingular}
      bar={<Link to={`/records/${object.namePlural}`}>{object.labelPlural}</Link>}
    >
      {record.error && <Problem title="The record cannot be read." text={record.error.message} />}
      {!record.error && !record.isPending && row === null && (
        <Problem kind="warn" title="There is no such record, it is in the trash, or your role does not see it." />
      )}
      {row && (
        <div className="record-page">
          <section aria-label="Details">
            <h2>Details</h2>
            <RecordFields record={record} row={row} onOpen={open} />
          </section>
          <section aria-label="Relations">
            <h2>Relations</h2>
            <RecordRelations object={object} id={id} name={labelOf(row, object.labels)} onOpen={open} />
            <RecordHistory object={object} row={row} edits={record.edits} />
          </section>
        </div>
      )}
    </Page>
  );
}
