// The page of an address that leads nowhere.

import { Link } from "react-router";

import { Empty } from "../kit/empty.tsx";
import { Page } from "../kit/page.tsx";

export function Nowhere() {
  return (
    <Page title="Nothing is here">
      <Empty title="This address leads nowhere" action={<Link to="/">Go to the start</Link>}>
        <p>It may be of an object that was renamed or deleted, or mistyped.</p>
      </Empty>
    </Page>
  );
}
