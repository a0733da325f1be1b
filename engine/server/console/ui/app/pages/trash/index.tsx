// The deleted records of an object.

import { hasTrash } from "../../api/model.ts";
import { Page } from "../../kit/page.tsx";
import { Problem } from "../../kit/problem.tsx";
import { OfObject } from "../../shell/of_object.tsx";
import { RecordsPage } from "../records/records_page.tsx";

export function Component() {
  return (
    <OfObject>
      {(object) =>
        hasTrash(object) ? (
          <RecordsPage key={object.id} object={object} isTrash />
        ) : (
          <Page title={`${object.labelPlural} in the trash`}>
            <Problem
              kind="warn"
              title={`Your role does not see the trash of ${object.labelPlural}.`}
              text="It does not read the field “deletedAt”, which tells deleted records from the others."
            />
          </Page>
        )
      }
    </OfObject>
  );
}
