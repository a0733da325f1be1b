// A list without records: nothing was created yet, or nothing matches.

import { Plus } from "lucide-react";
import { Link } from "react-router";

import { buildFilter, type Filter, parseFilter, replaceAt } from "../../filter/tree.ts";
import { membersOf } from "../../filter/use_fields.ts";
import { useWords } from "../../filter/use_words.ts";
import type { FieldsAt } from "../../filter/words.ts";
import { useCount } from "../../grid/use_rows.ts";
import { Button } from "../../kit/button.tsx";
import { Empty } from "../../kit/empty.tsx";
import { plural } from "../../kit/numbers.ts";
import type { Address } from "./address.ts";
import type { List } from "./use_list.ts";

export type EmptyListProps = {
  list: List;
  address: Address;
  onAddress(change: Partial<Address>): void;
  onCreate(): void;
  fieldsAt: FieldsAt;
};

export function EmptyList({ list, address, onAddress, onCreate, fieldsAt }: EmptyListProps) {
  const { object, isTrash } = list;
  const names = object.labelPlural.toLowerCase();
  const rows = parseFilter(address.filter, membersOf(fieldsAt));
  const wordsOf = useWords([rows], fieldsAt);
  if (rows.children.length > 0 || address.search !== "") {
    return (
      <Empty title={`No ${names} match`}>
        <ul className="empty-conditions">
          {rows.children.map((node, index) => {
            const without = buildFilter(replaceAt(rows, [index], null));
            return (
              <Without
                key={JSON.stringify(node)}
                list={list}
                words={`“${wordsOf(node)}”`}
                filter={list.filterOf({ ...address, filter: without })}
                onPress={() => onAddress({ filter: without })}
              />
            );
          })}
          {address.search !== "" && (
            <Without
              list={list}
              words={`the search “${address.search}”`}
              filter={list.filterOf({ ...address, search: "" })}
              onPress={() => onAddress({ search: "" })}
            />
          )}
        </ul>
      </Empty>
    );
  }
  if (isTrash)
    return <Empty title="The trash is empty">Records that are moved to the trash can be restored here.</Empty>;
  if (!list.may.create) return <Empty title={`No ${names} yet`}>Your role may not create any.</Empty>;
  const named = object.labels.find(({ type }) => type === "TEXT");
  // A request without a field that each record needs would be refused.
  const isEnough = object.fields.every((field) => field.isNullable || field.isSystem || field.name === named?.name);
  const data = JSON.stringify(named ? { [named.name]: "Example" } : {});
  const command = `curl -X POST $URL/rest/${object.namePlural} -H "Authorization: Bearer $KEY" -H "Content-Type: application/json" -d '${data}'`;
  return (
    <Empty
      title={`No ${names} yet`}
      action={
        <div className="empty-ways">
          <Button kind="primary" icon={<Plus aria-hidden />} onPress={onCreate}>
            Create the first one
          </Button>
          <Link className="button" to={`/records/${object.namePlural}/import`}>
            Import a file
          </Link>
        </div>
      }
      command={isEnough ? command : undefined}
    />
  );
}

type WithoutProps = { list: List; words: string; filter: Filter; onPress(): void };

/** Removes a condition; the number of records without it tells which of several is the narrowest. */
function Without({ list, words, filter, onPress }: WithoutProps) {
  const { data } = useCount(list.object, filter);
  return (
    <li>
      <Button onPress={onPress}>
        Without {words}
        {data !== undefined && <span className="empty-count"> {plural(data, "record")}</span>}
      </Button>
    </li>
  );
}
