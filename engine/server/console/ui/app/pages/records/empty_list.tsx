// A list without records: nothing was created yet, or nothing matches.

import { buildFilter, parseFilter, replaceAt } from "../../filter/tree.ts";
import { membersOf } from "../../filter/use_fields.ts";
import { describe, type FieldsAt } from "../../filter/words.ts";
import { Button } from "../../kit/button.tsx";
import { Empty } from "../../kit/empty.tsx";
import type { Address } from "./address.ts";
import type { List } from "./use_list.ts";

export type EmptyListProps = {
  list: List;
  address: Address;
  onAddress(change: Partial<Address>): void;
  fieldsAt: FieldsAt;
};

export function EmptyList({ list, address, onAddress, fieldsAt }: EmptyListProps) {
  const { object, isTrash } = list;
  const names = object.labelPlural.toLowerCase();
  const rows = parseFilter(address.filter, membersOf(fieldsAt));
  if (rows.children.length > 0 || address.search !== "") {
    return (
      <Empty title={`No ${names} match`}>
        <ul className="empty-conditions">
          {rows.children.map((node, index) => (
            <li key={describe(node, fieldsAt)}>
              <Button onPress={() => onAddress({ filter: buildFilter(replaceAt(rows, [index], null)) })}>
                Without “{describe(node, fieldsAt)}”
              </Button>
            </li>
          ))}
          {address.search !== "" && (
            <li>
              <Button onPress={() => onAddress({ search: "" })}>Without the search “{address.search}”</Button>
            </li>
          )}
        </ul>
      </Empty>
    );
  }
  if (isTrash)
    return <Empty title="The trash is empty">Records that are moved to the trash can be restored here.</Empty>;
  const command = `curl -X POST $URL/rest/${object.namePlural} -H "Authorization: Bearer $KEY" -H "Content-Type: application/json" -d '{}'`;
  return (
    <Empty title={`No ${names} yet`} command={command}>
      Press Shift+Enter or the button “{object.labelSingular}” to create the first one.
    </Empty>
  );
}
