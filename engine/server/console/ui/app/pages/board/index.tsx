// The board of an object.

import { Link, useParams, useSearchParams } from "react-router";

import { useObject } from "../../api/object_query.ts";
import { Page } from "../../kit/page.tsx";
import { Problem } from "../../kit/problem.tsx";
import { boardFields } from "./board.ts";
import { BoardPage } from "./board_page.tsx";

export function Component() {
  const plural = useParams().plural ?? "";
  const [parameters] = useSearchParams();
  const object = useObject(plural);
  const fields = object.data ? boardFields(object.data) : [];
  const field = fields.find(({ name }) => name === parameters.get("by")) ?? fields[0];
  if (object.data && field) {
    return <BoardPage key={`${object.data.id} ${field.id}`} object={object.data} field={field} />;
  }
  return (
    <Page title={object.data?.labelPlural ?? plural}>
      {object.error && <Problem title="The object cannot be read." text={object.error.message} />}
      {object.data === null && (
        <Problem kind="warn" title={`There is no object “${plural}”, or your role does not see it.`} />
      )}
      {object.data && (
        <p>
          A board has a column for each option of a field of the type SELECT, and this object has none.{" "}
          <Link to={`/model/${object.data.nameSingular}`}>Its fields</Link>
        </p>
      )}
      {object.isPending && <p role="status">Loading…</p>}
    </Page>
  );
}
