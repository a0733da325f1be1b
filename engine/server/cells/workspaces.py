"""The workspaces of an installation as commands see it: found by name, made in a cell, and listed in all of them."""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any, Final, NamedTuple, TypeVar
from uuid import UUID

from fieldstone.engine.cells.errors import CellsAreOne, CellUnavailable
from fieldstone.engine.server.cells.fleet import Away, ask_cells, few_of, open_cell
from fieldstone.engine.server.cells.settings import find_cell, settings_of
from fieldstone.engine.server.foundation import Foundation, open_foundation
from fieldstone.engine.settings import Settings
from fieldstone.engine.settings.cells import Cell
from fieldstone.metadata.catalog.migrate import read_applied
from fieldstone.metadata.catalog.queries import QUERIES as CATALOG
from fieldstone.metadata.catalog.sessions import Session
from fieldstone.metadata.errors import NameTaken, UnknownObject, UnknownWorkspace
from fieldstone.metadata.model import Workspace
from fieldstone.metadata.workspaces.registry import DEFAULT_WORKSPACE, MoreChanges, check_name
from fieldstone.metadata.writer.lock_waits import wait_for_lock
from fieldstone.sql.errors import StaleSchema
from fieldstone.sql.locks import AdvisoryLock
from fieldstone.sql.queries import read_queries

T = TypeVar("T")

_QUERIES: Final = read_queries("fieldstone.engine.cells.directory")


class Placed(NamedTuple):
    """A workspace in a cell: if it was weighed, with the bytes of its tables, and its load in seconds each minute."""

    name: str
    cell: str
    id: UUID
    epoch: int
    bytes: int = 0
    load: float = 0.0


@asynccontextmanager
async def open_foundation_of(
    settings: Settings, workspace: str, *, only_reads: bool = False
) -> AsyncIterator[Foundation]:
    """Open the foundation of the database that has a workspace, for a command; `only_reads` as `open_foundation` says.

    Raises:
        CellUnavailable: no cell has the workspace, and some could not be asked.
        UnknownObject: there is no such workspace.
        SqlError: the database cannot be had.
        MetadataError: its catalog is not for this program.
    """
    if settings.cells:
        settings = settings_of(settings, await find_cell_of(settings, workspace))
    async with open_foundation(settings, only_reads=only_reads) as foundation:
        yield foundation


async def at_workspace(
    settings: Settings,
    workspace: str,
    act: Callable[[Foundation, Workspace], Awaitable[T]],
    *,
    only_reads: bool = False,
) -> T:
    """Return the result of a command's act on a workspace, tried once more where the workspace has moved meanwhile.

    It raises as `open_foundation_of` and the act do.
    """

    async def run() -> T:
        async with open_foundation_of(settings, workspace, only_reads=only_reads) as foundation:
            return await act(foundation, await foundation.workspaces.find(workspace))

    try:
        return await run()
    except (StaleSchema, UnknownWorkspace):
        if not settings.cells:
            raise
    return await run()


async def find_cell_of(settings: Settings, workspace: str) -> Cell:
    """Return the cell that has a workspace; it raises as `open_foundation_of`."""
    if workspace == DEFAULT_WORKSPACE:
        return settings.cells[0]

    async def has_it(cell: Cell, _few: Settings) -> bool:
        async with open_cell(settings, cell) as database, database.session() as connection:
            if await read_applied(connection) is None:
                return False
            return bool(await _fetch(connection, "search_name", name=workspace))

    answers = await ask_cells(settings, has_it)
    for cell, answer in zip(settings.cells, answers, strict=True):
        if answer is True:
            return cell
    require_all(answers, f'no cell has the workspace "{workspace}"')
    raise UnknownObject(f'there is no workspace "{workspace}"', field="name")


async def list_placed(settings: Settings, *, weighs: bool = False) -> list[Placed | Away]:
    """Return the workspaces of all cells, without the `default` of cells other than the home, and the cells away."""
    query = "weigh_workspaces" if weighs else "list_workspaces"

    async def ask(cell: Cell, _few: Settings) -> list[Placed]:
        async with open_cell(settings, cell) as database, database.session() as connection:
            if await read_applied(connection) is None:
                return []
            rows = await _fetch(connection, query)
        is_home = cell is settings.cells[0]
        return [Placed(name, cell.name, *rest) for name, *rest in rows if is_home or name != DEFAULT_WORKSPACE]

    found: list[Placed | Away] = []
    for answer in await ask_cells(settings, ask):
        found += [answer] if isinstance(answer, Away) else answer
    return found


async def create_in(
    settings: Settings, name: str, cell: str | None, *, actor: str, then: MoreChanges | None = None
) -> str:
    """Make a workspace in a cell, by default in the one with the fewest, and return the name of the cell.

    `then` is as `Workspaces.create` takes it.

    Raises:
        CellUnavailable: a cell cannot be asked, which may have a workspace of the name.
        MetadataError: the name is not allowed, or is taken, or there is no such cell.
        SqlError: the home or the cell cannot be had.
    """
    check_name(name)
    home = settings.cells[0]
    chosen = None if cell is None else find_cell(settings, cell)
    async with open_foundation(few_of(settings, home)) as at_home, at_home.database.session() as connection:
        await lock_placement(connection)
        listed = await list_placed(settings)
        require_all(listed, f'it is not known if there is a workspace "{name}" already')
        placed = [one for one in listed if isinstance(one, Placed)]
        if any(one.name == name for one in placed):
            raise NameTaken(f'there is a workspace "{name}" already', field="name")
        if chosen is None:
            counts = {one.name: sum(each.cell == one.name for each in placed) for one in settings.cells}
            chosen = min(settings.cells, key=lambda one: counts[one.name])
        async with open_foundation(few_of(settings, chosen)) as foundation:
            model = await foundation.workspaces.create(name, actor=actor, then=then)
        await _register(connection, chosen, [(model.workspace.id, name, 0)], is_home=chosen is home)
    return chosen.name


async def require_apart(settings: Settings) -> None:
    """Return if no two cells that can be asked are one database; raises CellsAreOne."""

    async def ask(cell: Cell, _few: Settings) -> object:
        async with open_cell(settings, cell) as database, database.session() as connection:
            return (await _fetch(connection, "which_database"))[0]

    known: dict[object, Cell] = {}
    for cell, answer in zip(settings.cells, await ask_cells(settings, ask), strict=True):
        if not isinstance(answer, Away) and (other := known.setdefault(answer, cell)) is not cell:
            raise CellsAreOne(
                f"the cells {other.name} and {cell.name} are one database: FIELDSTONE_CELLS has to name each database"
                " once"
            )


async def lock_placement(home: Session) -> None:
    """Keep other commands from placing workspaces until the end of the transaction; raises ModelBusy."""
    await home.execute(CATALOG["idle_without_limit"])
    await wait_for_lock(home, AdvisoryLock.PLACEMENT)


async def register_all(settings: Settings, cell: Cell) -> int:
    """Note all workspaces of a cell in the directory, and return their number.

    Raises:
        SqlError: the home or the cell cannot be had.
    """
    async with open_cell(settings, cell) as database, database.session() as connection:
        rows = await _fetch(connection, "list_workspaces")
    home = settings.cells[0]
    async with open_cell(settings, home) as database, database.session() as connection:
        await _register(connection, cell, [(id_, name, epoch) for name, id_, epoch in rows], is_home=cell is home)
    return len(rows)


async def forget_placement(settings: Settings, workspace_id: UUID) -> None:
    """Remove a deleted workspace from the directory; raises SqlError."""
    async with open_cell(settings, settings.cells[0]) as database, database.session() as connection:
        await connection.execute(_QUERIES["remove_placement"], {"workspace_id": workspace_id})


async def find_stale(settings: Settings, name: str) -> UUID | None:
    """Return the workspace of a name that the directory has in a cell, and that no move is about; raises SqlError."""
    async with open_cell(settings, settings.cells[0]) as database, database.session() as connection:
        rows = await _fetch(connection, "find_unmoved", name=name)
    return next((id_ for id_, placed in rows if any(cell.name == placed for cell in settings.cells)), None)


async def _register(
    connection: Session, cell: Cell, workspaces: Sequence[tuple[UUID, str, int]], *, is_home: bool
) -> None:
    values = {
        "ids": [id_ for id_, _, _ in workspaces],
        "names": [name for _, name, _ in workspaces],
        "epochs": [epoch for _, _, epoch in workspaces],
        "cell": cell.name,
        "unnamed": "" if is_home else DEFAULT_WORKSPACE,
    }
    await connection.execute(_QUERIES["register"], values)


def require_all(answers: Sequence[object], sentence: str) -> None:
    """Return if all cells have answered; raises CellUnavailable with the sentence and the reason of one away."""
    away = [answer for answer in answers if isinstance(answer, Away)]
    if away:
        raise CellUnavailable(f"{sentence}, and the cell {away[0].cell.name} cannot be asked: {away[0].reason}")


async def _fetch(connection: Session, query: str, **values: object) -> list[Any]:
    return await (await connection.execute(_QUERIES[query], values)).fetchall()
