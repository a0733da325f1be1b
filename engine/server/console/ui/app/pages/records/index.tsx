// The records of an object.

import { OfObject } from "../../shell/of_object.tsx";
import { ListWithView } from "./with_view.tsx";

export function Component() {
  return <OfObject>{(object) => <ListWithView key={object.id} object={object} />}</OfObject>;
}
