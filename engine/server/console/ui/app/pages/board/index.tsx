// The board of an object.

import { Link, useSearchParams } from "react-router";

import type { ObjectModel } from "../../api/model.ts";
import { Page } from "../../kit/page.tsx";
import { OfObject } from "../../shell/of_object.tsx";
import { boardFields } from "./board.ts";
import { BoardPage } from "./board_page.tsx";

export function Component() {
  return <OfObject>{(object) => <BoardOf object={object} />}</OfObject>;
}

function BoardOf({ object }: { object: ObjectModel }) {
  const [parameters] = useSearchParams();
  const fields = boardFields(object);
  const field = fields.find(({ name }) => name === parameters.get("by")) ?? fields[0];
  if (field) return <BoardPage key={`${object.id} ${field.id}`} object={object} field={field} />;
  return (
    <Page title={object.labelPlural}>
      <p>
        A board has a column for each option of a field of the type SELECT, and this object has none.{" "}
        <Link to={`/model/${object.nameSingular}`}>Its fields</Link>
      </p>
    </Page>
  );
}
