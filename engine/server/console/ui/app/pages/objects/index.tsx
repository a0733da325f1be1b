// All objects of the workspace, with a search.

import { useQuery } from "@tanstack/react-query";
import { Link, useSearchParams } from "react-router";

import { keyOf } from "../../api/keys.ts";
import { listObjects } from "../../api/objects.ts";
import { useScope } from "../../api/session_context.ts";
import { ListHead } from "../../kit/list_head.tsx";
import { Page } from "../../kit/page.tsx";
import { Table } from "../../kit/table.tsx";

export function Component() {
  const scope = useScope();
  const [search] = useSearchParams();
  const objects = useQuery({
    queryKey: keyOf(scope, "model", null, "objects"),
    queryFn: ({ signal }) => listObjects(signal),
  });
  const words = (search.get("q") ?? "").toLowerCase();
  const shown = (objects.data ?? []).filter(({ labelPlural, namePlural }) =>
    `${labelPlural} ${namePlural}`.toLowerCase().includes(words),
  );
  return (
    <Page title="All objects">
      <ListHead label="Search objects" shown={shown.length} total={objects.data?.length ?? 0} />
      {shown.length > 0 && (
        <Table
          label="Objects"
          columns={[
            {
              id: "object",
              title: "Object",
              cell: ({ namePlural, labelPlural }) => <Link to={`/records/${namePlural}`}>{labelPlural}</Link>,
            },
            { id: "name", title: "Name", cell: ({ namePlural }) => <code>{namePlural}</code> },
            { id: "description", title: "Description", cell: ({ description }) => description },
          ]}
          rows={shown}
          idOf={({ id }) => id}
        />
      )}
    </Page>
  );
}
