// Says that the record in the last row is not created yet, and asks before the page is left without it.

import { useBeforeUnload, useBlocker, useSearchParams } from "react-router";

import type { ObjectModel } from "../../api/model.ts";
import { Button } from "../../kit/button.tsx";
import { Dialog } from "../../kit/dialog.tsx";

export function DraftLine({ object }: { object: ObjectModel }) {
  const [parameters] = useSearchParams();
  useBeforeUnload((event) => event.preventDefault());
  return (
    <>
      <p role="status">The new record is not created yet: Enter, or leaving the row, creates it; Escape drops it.</p>
      {/* A router asks one question at once, and the form of a new record has its own. */}
      {parameters.get("open") !== "new" && <Leaving object={object} />}
    </>
  );
}

function Leaving({ object }: { object: ObjectModel }) {
  const leaving = useBlocker(({ currentLocation, nextLocation }) => currentLocation.pathname !== nextLocation.pathname);
  if (leaving.state !== "blocked") return null;
  return (
    <Dialog
      title={`Leave without the new ${object.labelSingular}?`}
      role="alertdialog"
      size="small"
      onClose={() => leaving.reset()}
      actions={
        <>
          <Button onPress={() => leaving.reset()}>Stay</Button>
          <Button kind="danger" onPress={() => leaving.proceed()}>
            Discard it
          </Button>
        </>
      }
    >
      <p>The values in the last row are not kept: the record is not created yet.</p>
    </Dialog>
  );
}
