// The deleted records of an object.

import { OfObject } from "../../shell/of_object.tsx";
import { RecordsPage } from "../records/records_page.tsx";

export function Component() {
  return <OfObject>{(object) => <RecordsPage key={object.id} object={object} isTrash />}</OfObject>;
}
