// A list that is opened by the address of its view alone begins with the view's filter and order.

import { useRef } from "react";
import { Navigate, useSearchParams } from "react-router";

import type { ObjectModel } from "../../api/model.ts";
import { useViews } from "../../api/views.ts";
import { Page } from "../../kit/page.tsx";
import { writeAddress } from "./address.ts";
import { RecordsPage } from "./records_page.tsx";
import { stateOf } from "./view_state.ts";

export function ListWithView({ object }: { object: ObjectModel }) {
  const [parameters] = useSearchParams();
  const id = parameters.get("view");
  // A filter that is removed later stays removed.
  const isOpened = useRef(false);
  const views = useViews(object);
  if (id !== null && views.isPending && !isOpened.current) {
    return (
      <Page title={object.labelPlural}>
        <p role="status">Loading…</p>
      </Page>
    );
  }
  const state = stateOf(
    views.data?.find((view) => view.id === id),
    object,
  );
  const says = Object.keys(state.filter).length > 0 || state.order.length > 0;
  if (!isOpened.current && says && !["f", "sort", "q"].some((name) => parameters.has(name))) {
    const next = writeAddress(parameters, { filter: state.filter, order: state.order });
    return <Navigate replace to={{ search: next.toString() }} />;
  }
  isOpened.current = true;
  return <RecordsPage object={object} isTrash={false} columns={state.columns} />;
}
