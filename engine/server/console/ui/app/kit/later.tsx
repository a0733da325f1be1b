// Parts of a page that a press brings: they are loaded behind the page, so that it comes sooner.

import { type ComponentType, lazy, Suspense } from "react";

/** Milliseconds from the start of a page until its other parts are loaded, if none was shown before. */
const BEHIND_MS = 1000;

/** Return a component that shows nothing until it is loaded. */
export function later<Props extends object>(load: () => Promise<ComponentType<Props>>): ComponentType<Props> {
  const Part = lazy(async () => ({ default: await load() }));
  // A part that cannot be loaded now is asked for again when it is shown.
  setTimeout(() => load().catch(() => undefined), BEHIND_MS);
  return (props) => (
    <Suspense>
      <Part {...props} />
    </Suspense>
  );
}
