// Says that the record in the last row is not created yet, and has a person asked before the page is left without it.

import type { ObjectModel } from "../../api/model.ts";
import { useUnsaved } from "../../kit/unsaved.ts";
import { isLeft } from "./address.ts";

export function DraftLine({ object }: { object: ObjectModel }) {
  useUnsaved({
    title: `Leave without the new ${object.labelSingular}?`,
    text: "The values in the last row are not kept: the record is not created yet.",
    verb: "Discard it",
    isLeft: (step) => isLeft(step, null),
  });
  return (
    <p role="status">The new record is not created yet: Enter, or leaving the row, creates it; Escape drops it.</p>
  );
}
