// The start: where to go from here.

import { Link } from "react-router";

import { useSession } from "../../api/session_context.ts";
import { Page } from "../../kit/page.tsx";

export function Component() {
  const { workspace } = useSession();
  return (
    <Page title={workspace}>
      <p>
        <Link to="/records">All objects</Link>
      </p>
    </Page>
  );
}
