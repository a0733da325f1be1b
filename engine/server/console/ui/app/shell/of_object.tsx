// The page of the object whose plural name stands in the address.

import type { ReactNode } from "react";
import { useParams } from "react-router";

import type { ObjectModel } from "../api/model.ts";
import { useObject } from "../api/object_query.ts";
import { Page } from "../kit/page.tsx";
import { Problem } from "../kit/problem.tsx";

/** Shows `children` of the object once it is read, and until then, or without one, a page that says so. */
export function OfObject({ children }: { children: (object: ObjectModel) => ReactNode }) {
  const plural = useParams().plural ?? "";
  const object = useObject(plural);
  if (object.data) return children(object.data);
  return (
    <Page title={plural}>
      {object.error && <Problem title="The object cannot be read." text={object.error.message} />}
      {object.data === null && (
        <Problem kind="warn" title={`There is no object “${plural}”, or your role does not see it.`} />
      )}
      {object.isPending && <p role="status">Loading…</p>}
    </Page>
  );
}
