// One record as a page.

import { Link, useNavigate, useParams } from "react-router";

import type { ObjectModel } from "../../api/model.ts";
import { labelOf } from "../../fields/registry.ts";
import { Page } from "../../kit/page.tsx";
import { OfObject } from "../../shell/of_object.tsx";
import { RecordBody } from "./record_body.tsx";
import { DeleteRecord } from "./record_trash.tsx";
import { useRecord } from "./use_record.ts";
import "./record.css";

export function Component() {
  const { id = "" } = useParams();
  return <OfObject>{(object) => <RecordPage key={id} object={object} id={id} />}</OfObject>;
}

function RecordPage({ object, id }: { object: ObjectModel; id: string }) {
  const record = useRecord(object, id);
  const navigate = useNavigate();
  const open = (plural: string, other: string) => void navigate(`/records/${plural}/${other}`);
  const { row } = record;
  return (
    <Page
      title={row ? labelOf(row, object.labels) : object.labelSingular}
      bar={
        <>
          <Link to={`/records/${object.namePlural}`}>{object.labelPlural}</Link>
          <DeleteRecord record={record} />
        </>
      }
    >
      <RecordBody object={object} id={id} record={record} onOpen={open} />
    </Page>
  );
}
