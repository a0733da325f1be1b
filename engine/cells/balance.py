"""The choice of the moves that even the load of the cells: few, and each from the fullest cell to the emptiest."""

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Final, NamedTuple

MOST_MOVES: Final = 2
"""Moves from or to one cell in one go."""

_EVEN: Final = 0.1
"""The part of the mean by which the fullest and the emptiest cell may differ."""
_LEAST: Final = 2


class Chosen(NamedTuple):
    """A workspace to move."""

    workspace: str
    source: str
    target: str


def choose_moves(
    loads: Mapping[str, Mapping[str, float]],
    *,
    most: int = MOST_MOVES,
    made: Sequence[Chosen] = (),
    staying: Collection[str] = (),
) -> list[Chosen]:
    """Return the moves that bring the loads of the cells closer.

    Args:
        loads: for each cell (or node of Citus), the load of each workspace.
        most: moves from or to one cell.
        made: those that were made already, which the loads have.
        staying: the workspaces that cannot be moved.
    """
    cells = {cell: dict(workspaces) for cell, workspaces in loads.items()}
    moves: list[Chosen] = []
    counts = Counter(cell for move in made for cell in (move.source, move.target))
    while (move := _choose(cells, [cell for cell in cells if counts[cell] < most], staying)) is not None:
        cells[move.target][move.workspace] = cells[move.source].pop(move.workspace)
        counts.update((move.source, move.target))
        moves.append(move)
    return moves


def _choose(cells: Mapping[str, Mapping[str, float]], free: Iterable[str], staying: Collection[str]) -> Chosen | None:
    """Return the move of the largest load from the fullest of the free cells to the emptiest that evens them."""
    totals = {cell: sum(cells[cell].values()) for cell in free}
    if len(totals) < _LEAST:
        return None
    source, target = max(totals, key=totals.__getitem__), min(totals, key=totals.__getitem__)
    gap = totals[source] - totals[target]
    if gap <= _EVEN * sum(totals.values()) / len(totals):
        return None
    # Half of the gap evens the two; a larger load would only change their roles.
    movable = {name: load for name, load in cells[source].items() if name not in staying}
    fitting = {name: load for name, load in movable.items() if 0 < load <= gap / 2}
    if not fitting:
        fitting = {name: load for name, load in movable.items() if 0 < load < gap}
        best = min(fitting, key=fitting.__getitem__, default=None)
    else:
        best = max(fitting, key=fitting.__getitem__)
    return None if best is None else Chosen(best, source, target)
