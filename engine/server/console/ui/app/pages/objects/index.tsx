// All objects of the workspace, with a search.

import { Link, useSearchParams } from "react-router";

import { useObjectList } from "../../api/objects.ts";
import { ListHead } from "../../kit/list_head.tsx";
import { Page } from "../../kit/page.tsx";
import { Problem } from "../../kit/problem.tsx";
import { Table } from "../../kit/table.tsx";

export function Component() {
  const [search] = useSearchParams();
  const objects = useObjectList();
  const words = (search.get("q") ?? "").toLowerCase();
  const active = (objects.data ?? []).filter(({ isActive }) => isActive);
  const shown = active.filter(({ labelPlural, namePlural }) =>
    `${labelPlural} ${namePlural}`.toLowerCase().includes(words),
  );
  return (
    <Page title="All objects">
      <ListHead label="Search objects" shown={shown.length} total={active.length} />
      {objects.error && <Problem title="The objects cannot be read." text={objects.error.message} />}
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
