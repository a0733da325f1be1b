// The columns of a list: which are shown, in which order, how wide.

import { ArrowDown, ArrowUp } from "lucide-react";

import { useState } from "react";

import { move, resize, toggle } from "../../grid/columns.ts";
import { chooseRowHeight, ROW_HEIGHTS, useRowHeight } from "../../grid/row_height.ts";
import { Button } from "../../kit/button.tsx";
import { Check } from "../../kit/check.tsx";
import { Dialog } from "../../kit/dialog.tsx";
import { Select } from "../../kit/select.tsx";
import { useWhole } from "../../kit/use_whole.ts";
import type { List } from "./use_list.ts";

const HEIGHT_WORDS = { 24: "Low", 32: "Usual", 48: "High, with two lines" } as const;

export function ColumnsDialog({ list, onClose }: { list: List; onClose(): void }) {
  const { columns, setColumns, object } = list;
  const height = useRowHeight();
  const listed = useWhole(columns);
  return (
    <Dialog title="Columns" onClose={onClose} actions={<Button onPress={onClose}>Done</Button>}>
      <Select
        label="Height of the rows"
        value={String(height)}
        choices={ROW_HEIGHTS.map((one) => ({ id: String(one), label: HEIGHT_WORDS[one] }))}
        onChange={(next) => chooseRowHeight(Number(next))}
      />
      <ul className="columns">
        {listed.map(({ fieldId, visible, width }) => {
          const field = object.fields.find((one) => one.id === fieldId);
          if (!field) return null;
          return (
            <li key={fieldId}>
              <Check label={field.label} isSelected={visible} onChange={() => setColumns(toggle(columns, fieldId))} />
              <WidthInput
                label={`Width of ${field.label}`}
                width={width}
                isDisabled={!visible}
                onChange={(next) => setColumns(resize(columns, fieldId, next))}
              />
              <Button
                kind="quiet"
                icon={<ArrowUp aria-hidden />}
                aria-label={`Move ${field.label} to the left`}
                isDisabled={!visible}
                onPress={() => setColumns(move(columns, fieldId, -1))}
              />
              <Button
                kind="quiet"
                icon={<ArrowDown aria-hidden />}
                aria-label={`Move ${field.label} to the right`}
                isDisabled={!visible}
                onPress={() => setColumns(move(columns, fieldId, 1))}
              />
            </li>
          );
        })}
      </ul>
    </Dialog>
  );
}

type WidthInputProps = { label: string; width: number; isDisabled: boolean; onChange(width: number): void };

/** A width that counts when it is typed: its first digit alone would be too narrow. */
function WidthInput({ label, width, isDisabled, onChange }: WidthInputProps) {
  const [typed, setTyped] = useState<string | null>(null);
  function keep(): void {
    if (Number(typed) > 0) onChange(Number(typed));
    setTyped(null);
  }
  return (
    <input
      className="field-input"
      type="number"
      aria-label={label}
      value={typed ?? width}
      disabled={isDisabled}
      onChange={(event) => setTyped(event.target.value)}
      onBlur={keep}
      onKeyDown={(event) => event.key === "Enter" && keep()}
    />
  );
}
