"""A move of a workspace from one cell to another, as the home keeps it, and its two ends."""

from collections.abc import Callable
from enum import Enum
from typing import Any, Final
from uuid import UUID

from fieldstone.sql.executor import Database
from fieldstone.sql.frozen import frozen
from fieldstone.sql.queries import read_queries

QUERIES: Final = read_queries(__name__)

MARKERS: Final = "#move"
"""The table of a schema that moves, into which rows are written while the others are locked."""

Report = Callable[[str], None]
"""Called with a line for each step that was done."""


class Step(Enum):
    """The steps of a move: one that was interrupted goes on from the last."""

    PREPARE = "PREPARE"
    """The tables are made in the target."""
    COPY = "COPY"
    """The records are copied, and then follow."""
    SWITCH = "SWITCH"
    """The source is locked against writes, and leaves the workspace to the target."""
    LEAVE = "LEAVE"
    """The target serves, and the replication ends."""
    DONE = "DONE"
    """The tables in the source wait to be dropped."""


@frozen
class Move:
    """A move.

    Attributes:
        source: the name of the cell that had the workspace.
        target: the name of the cell that gets it.
        schema: that of its tables, in both.
        epoch: the one before the move.
        version: that of the model which the target has.
    """

    id: UUID
    workspace_id: UUID
    name: str
    source: str
    target: str
    step: Step
    schema: str
    epoch: int
    version: int | None

    @property
    def link(self) -> str:
        """The name of the publication, the slot and the subscription."""
        return f"fs_move_{self.id.hex}"

    @property
    def left_schema(self) -> str:
        """The name of the schema in the source behind the move."""
        return left_schema(self.workspace_id)


def left_schema(workspace_id: UUID) -> str:
    """Return the name of the schema of a workspace in a cell that it has left."""
    return f"gone_{workspace_id.hex}"


@frozen
class Ends:
    """The databases of a move.

    Attributes:
        source_url: the address of the source, for `pg_dump` and for the target's server.
        serving: the user in the target that serves the tables of another, their owner; None: they are its own.
    """

    home: Database
    source: Database
    target: Database
    source_url: str
    serving: str | None = None


def read_move(row: Any) -> Move:
    """Return the move of a row of the home."""
    id_, workspace_id, name, source, target, step, schema, epoch, version = row
    return Move(
        id=id_,
        workspace_id=workspace_id,
        name=name,
        source=source,
        target=target,
        step=Step(step),
        schema=schema,
        epoch=epoch,
        version=version,
    )


async def presence_in(database: Database, workspace_id: UUID) -> str | None:
    """Return the presence of a workspace in a cell, `DELETED` or None where it is not there; raises SqlError."""
    async with database.session() as connection:
        row = await (await connection.execute(QUERIES["presence"], {"workspace_id": workspace_id})).fetchone()
    return None if row is None else str(row[0])


async def note_step(home: Database, move: Move, step: Step, *, version: int | None = None) -> None:
    """Note the step that a move has come to, and the version of the model in the target; raises SqlError."""
    async with home.session() as connection:
        values = {"id": move.id, "step": step.value, "since": version}
        await connection.execute(QUERIES["note_step"], values)


async def resume_webhooks(source: Database, move: Move) -> None:
    """Let the webhooks of a workspace that stays in its cell send again; raises SqlError."""
    async with source.session() as connection:
        await connection.execute(QUERIES["resume_webhooks"], {"workspace_id": move.workspace_id})
