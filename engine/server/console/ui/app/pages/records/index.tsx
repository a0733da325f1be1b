// The records of an object.

import { useParams } from "react-router";

import { useObject } from "../../api/object_query.ts";
import { Page } from "../../kit/page.tsx";
import { Problem } from "../../kit/problem.tsx";
import { RecordsPage } from "./records_page.tsx";
import { ListWithView } from "./with_view.tsx";

export function Component() {
  return <RecordsOf isTrash={false} />;
}

/** The list of an object's records, or of those in its trash. */
export function RecordsOf({ isTrash }: { isTrash: boolean }) {
  const plural = useParams().plural ?? "";
  const object = useObject(plural);
  if (object.data && isTrash) return <RecordsPage key={object.data.id} object={object.data} isTrash />;
  if (object.data) return <ListWithView key={object.data.id} object={object.data} />;
  return (
    <Page title={plural}>
      {object.error && <Problem title="The object cannot be read." text={object.error.message} />}
      {object.data === null && (
        <Problem kind="warn" title={`There is no object “${plural}”, or your role does not see it.`} />
      )}
      {object.isPending && <p role="status">Loading…</p>}
    </Page>
  );
}
