"""The cells of an installation as a command reaches for them: some at a time, each by itself."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Final, TypeVar

from fieldstone.engine.server.cells.settings import settings_of
from fieldstone.engine.server.foundation import open_database
from fieldstone.engine.settings import Settings
from fieldstone.engine.settings.cells import Cell
from fieldstone.metadata.errors import MetadataError
from fieldstone.sql.errors import SqlError
from fieldstone.sql.executor import Database
from fieldstone.sql.frozen import frozen

T = TypeVar("T")

_AT_ONCE: Final = 8
_PATIENCE: Final = 5.0
"""Seconds for which a cell is waited for that cannot be reached."""


@frozen
class Away:
    """A cell that could not be asked, and why."""

    cell: Cell
    reason: str


async def ask_cells(settings: Settings, ask: Callable[[Cell, Settings], Awaitable[T]]) -> list[T | Away]:
    """Return the answers of all cells in their order, asked some at a time; one that is away is no error."""
    places = asyncio.Semaphore(_AT_ONCE)

    async def ask_one(cell: Cell) -> T | Away:
        async with places:
            try:
                return await ask(cell, few_of(settings, cell))
            except (SqlError, MetadataError) as error:
                return Away(cell=cell, reason=" ".join(str(error).split()))

    return list(await asyncio.gather(*(ask_one(cell) for cell in settings.cells)))


def few_of(settings: Settings, cell: Cell) -> Settings:
    """Return the settings of one cell for a command, which has few statements and little time."""
    timeout = min(settings.startup_timeout, _PATIENCE)
    few = {"pool_size": 2, "session_pool_size": 2, "startup_timeout": timeout}
    return settings_of(settings, cell).model_copy(update=few)


@asynccontextmanager
async def open_cell(settings: Settings, cell: Cell) -> AsyncIterator[Database]:
    """Connect to a cell for a command, whatever its catalog is; raises SqlError."""
    async with open_database(few_of(settings, cell), cell.url) as database:
        yield database
