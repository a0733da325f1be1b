"""The directory: the cell of each workspace, and the workspace of each credential, as the home knows them.

The cells are the truth: a workspace that the directory does not know yet is looked for in all of them, and then noted.
So the directory needs no transaction with them, and a cell whose key was just made need not reach the home.
"""

import asyncio
import logging
from collections import defaultdict
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Final, NamedTuple
from uuid import UUID

from fieldstone.metadata.workspaces.registry import DEFAULT_WORKSPACE
from fieldstone.sql.errors import DatabaseError
from fieldstone.sql.executor import Database
from fieldstone.sql.queries import NamedStatement, named_statement
from fieldstone.sql.statement import Row, Step

_LOG = logging.getLogger(__name__)

_PATIENCE: Final = 1.0
"""Seconds that the answer of one database is waited for."""
_SEARCHES: Final = 8
"""Searches through all cells at once."""

_FIND_CREDENTIALS = named_statement(__name__, "find_credentials")
_FIND_PLACEMENT = named_statement(__name__, "find_placement")
_NOTE_PLACEMENT = named_statement(__name__, "note_placement")
_NOTE_CREDENTIAL = named_statement(__name__, "note_credential")
_SEARCH_CREDENTIALS = named_statement(__name__, "search_credentials")
_SEARCH_WORKSPACE = named_statement(__name__, "search_workspace")


class Place(NamedTuple):
    """A workspace, and the name of the cell that has it."""

    workspace_id: UUID
    cell: str


class _Found(NamedTuple):
    """A workspace as a cell has it."""

    workspace_id: UUID
    cell: str
    name: str
    epoch: int


class CellsAway(Exception):
    """A workspace was found nowhere, and some cells could not be asked."""


class Directory:
    """The directory of an installation, as one process asks it.

    Args:
        home: the name of the first cell.
        databases: returns those of the cells that have been reached, by name, and None for the others.
    """

    def __init__(self, home: str, databases: Callable[[], Mapping[str, Database | None]]) -> None:
        self._home = home
        self._databases = databases
        self._searches = asyncio.Semaphore(_SEARCHES)

    async def find_credential(self, hash_: bytes) -> Place | None:
        """Return the place of the workspace whose key or session has this hash; None if no cell has it.

        Raises:
            CellsAway: nothing was found, and a cell could not be asked.
        """
        found, are_all_asked = await self._find([hash_])
        if not found and not are_all_asked:
            raise CellsAway
        return found.get(hash_)

    async def find_credentials(self, hashes: Collection[bytes]) -> Mapping[bytes, Place]:
        """Return the places of those hashes that a cell has, but for the cells that cannot be asked."""
        return (await self._find(hashes))[0]

    async def find_workspace(self, workspace_id: UUID) -> str | None:
        """Return the name of the cell that has a workspace; None if no cell has it.

        Raises:
            CellsAway: nothing was found, and a cell could not be asked.
        """
        rows = await self._ask_home(_FIND_PLACEMENT, workspace_id=workspace_id)
        if rows:
            return (rows[0][0] or b"").decode()
        answers = await self._search(_SEARCH_WORKSPACE, workspace_id=workspace_id)
        found = [
            _Found(workspace_id, cell, (name or b"").decode(), int(epoch or 0))
            for cell, workspaces in answers.items()
            for name, epoch in workspaces or ()
        ]
        if found:
            return (await self._note(found)).cell
        if None in answers.values():
            raise CellsAway
        return None

    async def _find(self, hashes: Collection[bytes]) -> tuple[dict[bytes, Place], bool]:
        """Return the places of hashes, and whether all cells that might have another of them could be asked."""
        found = {
            _hash_of(row): Place(UUID((row[1] or b"").decode()), (row[2] or b"").decode())
            for row in await self._ask_home(_FIND_CREDENTIALS, hashes=[one.hex() for one in hashes])
        }
        left = [one.hex() for one in hashes if one not in found]
        if not left:
            return found, True
        answers = await self._search(_SEARCH_CREDENTIALS, hashes=left)
        candidates = defaultdict[bytes, list[_Found]](list)
        for cell, rows in answers.items():
            for row in rows or ():
                one = _Found(UUID((row[1] or b"").decode()), cell, (row[2] or b"").decode(), int(row[3] or 0))
                candidates[_hash_of(row)].append(one)
        for hash_, several in candidates.items():
            place = found[hash_] = await self._note(several)
            await self._ask_home(_NOTE_CREDENTIAL, writes=True, hash=hash_.hex(), workspace_id=place.workspace_id)
        return found, None not in answers.values()

    async def _note(self, candidates: Sequence[_Found]) -> Place:
        """Note the place of a workspace, and return it.

        Where a restoration has brought it into several cells, it is where the directory has it, and otherwise in the
        cell that it has come to last.
        """
        last = max(candidates, key=lambda one: one.epoch)
        # Each cell has a `default` of its own; the name means the one of the home.
        is_named = last.name != DEFAULT_WORKSPACE or last.cell == self._home
        await self._ask_home(
            _NOTE_PLACEMENT,
            writes=True,
            workspace_id=last.workspace_id,
            name=last.name if is_named else None,
            cell=last.cell,
            epoch=last.epoch,
        )
        if len(candidates) > 1:
            for row in await self._ask_home(_FIND_PLACEMENT, workspace_id=last.workspace_id):
                cell = (row[0] or b"").decode()
                if any(one.cell == cell for one in candidates):
                    return Place(last.workspace_id, cell)
        return Place(last.workspace_id, last.cell)

    async def _ask_home(
        self, statement: NamedStatement, *, writes: bool = False, **values: str | int | UUID | list[str] | None
    ) -> list[Row]:
        """Return the rows of a statement in the home; none where the home is away."""
        return await _ask(self._databases()[self._home], statement.bind(**values), writes=writes) or []

    async def _search(self, statement: NamedStatement, **values: list[str] | UUID) -> dict[str, list[Row] | None]:
        """Return the rows that each cell has for a statement; None for a cell that could not be asked."""
        async with self._searches:
            databases = self._databases()
            answers = await asyncio.gather(
                *(_ask(database, statement.bind(**values)) for database in databases.values())
            )
        return dict(zip(databases, answers, strict=True))


def _hash_of(row: Row) -> bytes:
    return bytes.fromhex((row[0] or b"").decode())


async def _ask(database: Database | None, step: Step, *, writes: bool = False) -> list[Row] | None:
    """Return the rows of a statement; None where the database is away, or does not answer in time."""
    if database is None:
        return None
    ask = database.write if writes else database.read
    try:
        async with asyncio.timeout(_PATIENCE):
            return await ask(*step, share=None)
    except (DatabaseError, TimeoutError) as error:
        _LOG.info("a cell does not answer: %s", error)
        return None
