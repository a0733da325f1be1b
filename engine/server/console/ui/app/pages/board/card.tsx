// A card of a board: the record's name, a few of its values, and the ways to move it.

import { Ellipsis } from "lucide-react";

import type { Field, ObjectModel, RecordRow } from "../../api/model.ts";
import { Cell } from "../../fields/cell.tsx";
import { labelOf } from "../../fields/registry.ts";
import { Menu } from "../../kit/menu.tsx";
import { RecordLink } from "../record/record_link.tsx";
import type { BoardColumn } from "./board.ts";

/** The type under which a dragged card carries the id of its record. */
export const CARD = "application/x-fieldstone-card";

export interface CardProps {
  object: ObjectModel;
  row: RecordRow;
  fields: readonly Field[];
  columns: readonly BoardColumn[];
  value: string | null;
  isMoving: boolean;
  mayMove: boolean;
  onOpen: () => void;
  onMove: (value: string | null) => void;
}

export function Card({ object, row, fields, columns, value, isMoving, mayMove, onOpen, onMove }: CardProps) {
  const name = labelOf(row, object.labels);
  return (
    <li
      className="board-card"
      data-moving={isMoving || undefined}
      draggable={mayMove}
      onDragStart={(event) => {
        event.dataTransfer.setData(CARD, row.id);
        event.dataTransfer.effectAllowed = "move";
      }}
    >
      <div className="board-card-head">
        <RecordLink plural={object.namePlural} id={row.id} className="button" onOpen={onOpen}>
          {name}
        </RecordLink>
        {mayMove && (
          <Menu
            kind="quiet"
            label={`Move ${name} to`}
            aria-label={`Move ${name}`}
            icon={<Ellipsis aria-hidden />}
            actions={columns.map((column) => ({
              id: column.value ?? "",
              label: column.label,
              end: column.value === value ? "✓" : null,
              isDisabled: column.value === value,
              onAction: () => onMove(column.value),
            }))}
          />
        )}
      </div>
      <dl>
        {fields
          .filter((field) => row[field.name] !== null && row[field.name] !== undefined)
          .map((field) => (
            <div key={field.id}>
              <dt>{field.label}</dt>
              <dd>
                <Cell value={row[field.name]} field={field} />
              </dd>
            </div>
          ))}
      </dl>
    </li>
  );
}
