// The records of an object that were deleted and can be restored.

import { RecordsOf } from "../records/index.tsx";

export function Component() {
  return <RecordsOf isTrash />;
}
