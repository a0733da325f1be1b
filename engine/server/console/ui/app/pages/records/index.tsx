// The records of an object.

import { useParams } from "react-router";

import { Page } from "../../kit/page.tsx";

export function Component() {
  const { plural } = useParams();
  return (
    <Page title={plural ?? ""} isFlush>
      {null}
    </Page>
  );
}
