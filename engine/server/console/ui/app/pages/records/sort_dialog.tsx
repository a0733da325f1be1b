// The order of a list: several keys, the first one first.

import { Plus, X } from "lucide-react";

import { type Key, orderPath } from "../../grid/order.ts";
import { Button } from "../../kit/button.tsx";
import { Dialog } from "../../kit/dialog.tsx";
import { type Choice, InlineSelect } from "../../kit/select.tsx";
import { useFollowed } from "../../kit/use_followed.ts";
import type { List } from "./use_list.ts";

const DIRECTIONS = [
  { id: "up", label: "ascending" },
  { id: "down", label: "descending" },
] as const;

export function SortDialog({
  list,
  onChange,
  onClose,
}: {
  list: List;
  onChange(order: readonly Key[]): void;
  onClose(): void;
}) {
  const { object } = list;
  const [order, note] = useFollowed<readonly Key[]>(
    { present: JSON.stringify(list.order), print: JSON.stringify, read: () => list.order },
    list.order,
  );
  const change = (next: readonly Key[]) => {
    note(next);
    onChange(next);
  };
  const choices = object.fields.flatMap((field) => {
    const path = orderPath(field);
    return path ? [{ id: path.join("."), label: field.label }] : [];
  });
  const set = (index: number, key: Key | null) =>
    change(order.flatMap((one, at) => (at !== index ? [one] : key ? [key] : [])));
  const unused = choices.find((choice) => !order.some((key) => key.path.join(".") === choice.id));
  return (
    <Dialog title="Sort" onClose={onClose} actions={<Button onPress={onClose}>Done</Button>}>
      {order.length === 0 && <p>The records stand in the order of their creation.</p>}
      <ol className="sort-keys">
        {order.map((key, index) => (
          <li key={key.path.join(".")}>
            <InlineSelect
              label={`Sort key ${index + 1}`}
              value={key.path.join(".")}
              choices={withChoice(choices, key.path.join("."))}
              onChange={(path) => set(index, { ...key, path: path.split(".") })}
            />
            <InlineSelect
              label={`Direction ${index + 1}`}
              value={key.descending ? "down" : "up"}
              choices={DIRECTIONS}
              onChange={(direction) => set(index, { ...key, descending: direction === "down" })}
            />
            <Button
              kind="quiet"
              icon={<X aria-hidden />}
              aria-label={`Remove sort key ${index + 1}`}
              onPress={() => set(index, null)}
            />
          </li>
        ))}
      </ol>
      <p>
        <Button
          kind="quiet"
          icon={<Plus aria-hidden />}
          isDisabled={!unused}
          onPress={() => unused && change([...order, { path: unused.id.split("."), descending: false }])}
        >
          Sort key
        </Button>
      </p>
    </Dialog>
  );
}

/** The choices, and the present one where it is none of them. */
function withChoice(choices: readonly Choice<string>[], id: string): readonly Choice<string>[] {
  return choices.some((choice) => choice.id === id) ? choices : [{ id, label: id }, ...choices];
}
