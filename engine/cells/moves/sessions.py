"""The sessions of a switch, whose transactions begin before the writes are held: each statement is one round trip."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import Final

from fieldstone.engine.cells.moves.move import Ends
from fieldstone.metadata.catalog.sessions import Session
from fieldstone.sql.executor import Database
from fieldstone.sql.frozen import frozen

_BEGIN: Final = "SET TRANSACTION ISOLATION LEVEL READ COMMITTED"
"""The first statement of a transaction in which each statement sees all that was committed before it."""


@frozen
class SwitchSessions:
    """The sessions of a switch.

    Attributes:
        gate: in the source; it holds the writes, and leaves the workspace to the target.
        source: in the source; the rest is read with it.
        marker: in the source; it writes the marker that the target waits for.
        target: in the target; the rest of the rows arrives with it.
        log: in the target; the last events are appended with it.
        echo: in the target; it looks for the marker.
        arrival: in the target; it holds the fan-out to webhooks, and has the target serve.
        home: in the home; the directory is told with it.
    """

    gate: Session
    source: Session
    marker: Session
    target: Session
    log: Session
    echo: Session
    arrival: Session
    home: Session


@asynccontextmanager
async def begun_session(database: Database) -> AsyncIterator[Session]:
    """Lend a session whose transaction has begun; it raises as `Database.session`."""
    async with database.session() as connection:
        await connection.execute(_BEGIN)
        yield connection


@asynccontextmanager
async def switch_sessions(ends: Ends) -> AsyncIterator[SwitchSessions]:
    """Lend the sessions of a switch; raises SqlError."""
    async with AsyncExitStack() as stack:

        async def lend(database: Database) -> Session:
            return await stack.enter_async_context(begun_session(database))

        yield SwitchSessions(
            gate=await lend(ends.source),
            source=await lend(ends.source),
            marker=await lend(ends.source),
            target=await lend(ends.target),
            log=await lend(ends.target),
            echo=await lend(ends.target),
            arrival=await lend(ends.target),
            home=await lend(ends.home),
        )
