"""Restorations in an installation of several cells, of which one has each workspace."""

from collections.abc import AsyncIterator, Awaitable, Callable, Collection
from contextlib import asynccontextmanager
from typing import Final, NamedTuple
from uuid import UUID

from fieldstone.engine.backup.errors import BackupRefused
from fieldstone.engine.cells.moves.switch import leave
from fieldstone.engine.server.cells.fleet import ask_cells, open_cell
from fieldstone.engine.server.cells.workspaces import lock_placement, register_all, require_all
from fieldstone.engine.settings import Settings
from fieldstone.engine.settings.cells import Cell
from fieldstone.metadata.catalog.migrate import read_applied
from fieldstone.metadata.catalog.sessions import Session
from fieldstone.sql.queries import read_queries

_QUERIES: Final = read_queries("fieldstone.engine.cells.directory")


class Elsewhere(NamedTuple):
    """A workspace that another cell has."""

    id: UUID
    name: str
    epoch: int
    cell: str


@asynccontextmanager
async def held_places(
    settings: Settings, cell: Cell, *, ids: Collection[UUID], name: str | None = None
) -> AsyncIterator[list[Elsewhere]]:
    """Keep other commands from placing workspaces for the length of the block, and then register those of all cells.

    Args:
        settings: those of the installation.
        cell: the one that is restored to.
        ids: the workspaces that are asked for; the other cells that have them are yielded.
        name: a name that is asked for, too.

    Raises:
        CellUnavailable: a cell cannot be asked.
        SqlError: the home cannot be had.
    """

    async def ask(one: Cell, _few: Settings) -> list[Elsewhere] | None:
        async with open_cell(settings, one) as database, database.session() as connection:
            if one is cell or await read_applied(connection) is None:
                return None
            values = {"ids": [*ids], "names": [] if name is None else [name]}
            rows = await (await connection.execute(_QUERIES["search_several"], values)).fetchall()
        return [Elsewhere(id_, found, epoch, one.name) for id_, found, epoch in rows]

    async with open_cell(settings, settings.cells[0]) as database, database.session() as connection:
        await lock_placement(connection)
        answers = await ask_cells(settings, ask)
        require_all(answers, "it is not known if another cell has a workspace of the backup")
        yield [other for answer in answers if isinstance(answer, list) for other in answer]
    # The directory of a home that was restored may be older than the cells.
    for one, answer in zip(settings.cells, answers, strict=True):
        if one is cell or isinstance(answer, list):
            await register_all(settings, one)


def require_nowhere(elsewhere: Collection[Elsewhere], workspace_id: UUID) -> None:
    """Return if no other cell has a workspace, or another one of its name; raises BackupRefused."""
    for other in elsewhere:
        if other.id == workspace_id:
            raise BackupRefused(
                f'the cell {other.cell} has the workspace already, as "{other.name}", and a workspace is in one cell:'
                " restore it with DATABASE_URL into a database that is no cell, or delete it first"
            )
    for other in elsewhere:
        raise BackupRefused(
            f'there is another workspace "{other.name}" already, in the cell {other.cell}: --as NAME restores it under'
            " another name"
        )


def leave_to(elsewhere: Collection[Elsewhere], left: list[Elsewhere]) -> Callable[[Session], Awaitable[None]]:
    """Return the end of a restoration, which leaves workspaces to the cells that they have moved to since the backup.

    Args:
        elsewhere: the workspaces of the backup that other cells have.
        left: gets those that were left.
    """

    async def end(connection: Session) -> None:
        for other in elsewhere:
            found = await connection.execute(_QUERIES["search_restored"], {"workspace_id": other.id})
            row = await found.fetchone()
            if row is None:
                continue
            schema, epoch = row
            if epoch >= other.epoch:
                raise BackupRefused(
                    f'the cell {other.cell} has the workspace "{other.name}", which has not moved there since the'
                    f" backup: fieldstone workspace delete {other.name} removes it there, if the backup is to count"
                )
            await leave(connection, other.id, schema)
            left.append(other)

    return end
