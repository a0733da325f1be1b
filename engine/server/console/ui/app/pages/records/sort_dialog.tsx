// The order of a list: several keys, the first one first.

import { Plus, X } from "lucide-react";

import { type Key, orderPath } from "../../grid/order.ts";
import { Button } from "../../kit/button.tsx";
import { Dialog } from "../../kit/dialog.tsx";
import type { List } from "./use_list.ts";

export function SortDialog({
  list,
  onChange,
  onClose,
}: {
  list: List;
  onChange(order: readonly Key[]): void;
  onClose(): void;
}) {
  const { order, object } = list;
  const choices = object.fields.flatMap((field) => {
    const path = orderPath(field);
    return path ? [{ text: path.join("."), label: field.label }] : [];
  });
  const set = (index: number, key: Key | null) =>
    onChange(order.flatMap((one, at) => (at !== index ? [one] : key ? [key] : [])));
  const unused = choices.find((choice) => !order.some((key) => key.path.join(".") === choice.text));
  return (
    <Dialog title="Sort" onClose={onClose} actions={<Button onPress={onClose}>Done</Button>}>
      {order.length === 0 && <p>The records stand in the order of their creation.</p>}
      <ol className="sort-keys">
        {order.map((key, index) => (
          <li key={key.path.join(".")}>
            <select
              aria-label={`Sort key ${index + 1}`}
              value={key.path.join(".")}
              onChange={(event) => set(index, { ...key, path: event.target.value.split(".") })}
            >
              {!choices.some((choice) => choice.text === key.path.join(".")) && <option>{key.path.join(".")}</option>}
              {choices.map((choice) => (
                <option key={choice.text} value={choice.text}>
                  {choice.label}
                </option>
              ))}
            </select>
            <select
              aria-label={`Direction ${index + 1}`}
              value={key.descending ? "down" : "up"}
              onChange={(event) => set(index, { ...key, descending: event.target.value === "down" })}
            >
              <option value="up">ascending</option>
              <option value="down">descending</option>
            </select>
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
          onPress={() => unused && onChange([...order, { path: unused.text.split("."), descending: false }])}
        >
          Sort key
        </Button>
      </p>
    </Dialog>
  );
}
