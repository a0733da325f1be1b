// Parts of a page that a press brings: they are loaded behind the page, so that it comes sooner.

import { type ComponentType, useEffect, useState } from "react";

import { Button } from "./button.tsx";
import { Dialog } from "./dialog.tsx";

/** Milliseconds from the start of a page until its other parts are loaded, if none was shown before. */
const BEHIND_MS = 1000;

type Part<Props> = { loaded: ComponentType<Props> | null; read(): Promise<ComponentType<Props>> };

type Closed = { onClose(): void };

/**
 * Return a component that shows nothing until it is loaded, and a dialog, which `onClose` ends, if it cannot be. React's
 * `lazy` would keep a failure for good, break the page by it, and show a part that is here 300 ms late.
 */
export function later<Props extends object>(load: () => Promise<ComponentType<Props>>): ComponentType<Props & Closed> {
  const part: Part<Props> = {
    loaded: null,
    read: async () => {
      part.loaded ??= await load();
      return part.loaded;
    },
  };
  // A part that cannot be loaded now is asked for again when it is shown.
  setTimeout(() => part.read().catch(() => undefined), BEHIND_MS);
  return (props) => <Later part={part} props={props} />;
}

function Later<Props extends object>({ part, props }: { part: Part<Props>; props: Props & Closed }) {
  const [Loaded, setLoaded] = useState(() => part.loaded);
  const [isMissing, setMissing] = useState(false);
  useEffect(() => {
    let isGone = false;
    part.read().then(
      (loaded) => isGone || setLoaded(() => loaded),
      () => isGone || setMissing(true),
    );
    return () => {
      isGone = true;
    };
  }, [part]);
  if (Loaded !== null) return <Loaded {...props} />;
  if (!isMissing) return null;
  // A panel is closed by a new address, a moment later: the element that had the focus has it back only from now on.
  function close(): void {
    setMissing(false);
    props.onClose();
  }
  return (
    <Dialog
      title="A part of the page cannot be loaded"
      size="small"
      onClose={close}
      actions={
        <>
          <Button onPress={() => window.location.reload()}>Load the page again</Button>
          <Button slot="close">Close</Button>
        </>
      }
    >
      <p>The server cannot be reached, or another release of it has other parts.</p>
    </Dialog>
  );
}
