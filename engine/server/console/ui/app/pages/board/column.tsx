// A column of a board: its totals, its cards, and the place to drop others.

import { useState } from "react";
import type { Field, RecordRow } from "../../api/model.ts";
import { mayDo } from "../../api/session.ts";
import { useSession } from "../../api/session_context.ts";
import { mayGive } from "../../fields/registry.ts";
import { groupDigits } from "../../fields/types/number.ts";
import { Button } from "../../kit/button.tsx";
import { Chip, colorOf } from "../../kit/chip.tsx";
import { printCount } from "../../kit/numbers.ts";
import { Problem } from "../../kit/problem.tsx";
import type { BoardColumn } from "./board.ts";
import { CARD, Card } from "./card.tsx";
import { type Board, type Total, useCards, type useMoves } from "./use_board.ts";

export interface ColumnProps {
  board: Board;
  column: BoardColumn;
  columns: readonly BoardColumn[];
  total: Total | undefined;
  fields: readonly Field[];
  moves: ReturnType<typeof useMoves>;
  onOpen: (id: string) => void;
  onDropped: (id: string) => void;
}

export function Column({ board, column, columns, total, fields, moves, onOpen, onDropped }: ColumnProps) {
  const cards = useCards(board, column);
  const [isOver, setOver] = useState(false);
  const mayMove = mayDo(useSession(), board.object.nameSingular, "update") && mayGive(board.field, "update");
  const rows = cards.data?.pages.flatMap(({ edges }) => edges.map(({ node }) => node)) ?? [];
  const coming = [...moves.under.values()].filter(({ row, value }) => value === column.value && !isIn(rows, row));
  const staying = rows.filter(({ id }) => (moves.under.get(id)?.value ?? column.value) === column.value);
  const shown = [...coming.map(({ row }) => row), ...staying];
  return (
    <section
      className="board-column"
      aria-label={column.label}
      data-over={isOver || undefined}
      onDragOver={(event) => {
        if (event.dataTransfer.types.includes(CARD)) {
          event.preventDefault();
          setOver(true);
        }
      }}
      onDragLeave={() => setOver(false)}
      onDrop={(event) => {
        event.preventDefault();
        setOver(false);
        onDropped(event.dataTransfer.getData(CARD));
      }}
    >
      <header>
        <h2>
          <Chip color={colorOf(column.color)}>{column.label}</Chip>
        </h2>
        <span className="board-count">{total && printCount(total.count)}</span>
        {total?.sum && <span className="board-sum">Σ {groupDigits(total.sum)}</span>}
      </header>
      {cards.error && <Problem title="The cards cannot be read." text={cards.error.message} />}
      <ul>
        {shown.map((row) => (
          <Card
            key={row.id}
            object={board.object}
            row={row}
            fields={fields}
            columns={columns}
            value={column.value}
            isMoving={moves.under.has(row.id)}
            mayMove={mayMove}
            onOpen={() => onOpen(row.id)}
            onMove={(value) => moves.move({ row, value })}
          />
        ))}
      </ul>
      {cards.hasNextPage && (
        <Button kind="quiet" isDisabled={cards.isFetchingNextPage} onPress={() => void cards.fetchNextPage()}>
          Show more
        </Button>
      )}
    </section>
  );
}

function isIn(rows: readonly RecordRow[], { id }: RecordRow): boolean {
  return rows.some((row) => row.id === id);
}
