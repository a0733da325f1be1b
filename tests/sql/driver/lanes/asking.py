"""Reads without a task, and the messages in which they go out."""

import asyncio
from collections.abc import AsyncIterator, Callable, Hashable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import psycopg
import pytest

from fieldstone.sql.driver.callback_statement import CallbackStatement
from fieldstone.sql.driver.connection import DriverConnection, Run
from fieldstone.sql.driver.wire import Waiting
from fieldstone.sql.errors import DatabaseError
from fieldstone.sql.executor import Database
from fieldstone.sql.statement import Row, Statement
from tests.sql.driving import ECHO, HELD, Called, opened

OVER = "starts over"
"""The outcome of a read that its caller has to ask again."""

INTEGER = Statement(text="SELECT $1::int::text")
REPEAT = Statement(text="SELECT repeat('x', $1::int)")
SHOP = Statement(text="SELECT name FROM shop WHERE id = $1::int")
STOCK = Statement(text="SELECT count(*)::text || $1 FROM stock")
ALL = {ECHO: b"1", INTEGER: b"1", HELD: b"1", REPEAT: b"1", SHOP: b"1", STOCK: b""}
"""The statements of these tests, each with a value that it is answered for at once."""

Outcome = list[Row] | DatabaseError | str


@dataclass(frozen=True, slots=True, kw_only=True)
class Read:
    """A read and its outcome."""

    run: CallbackStatement
    outcome: asyncio.Future[Outcome]


@dataclass(frozen=True, slots=True, kw_only=True)
class Asking:
    """A database with lanes that have seen all statements.

    Attributes:
        messages: the number of statements of each message with several.
    """

    database: Database
    messages: list[int]

    def ask(self, statement: Statement, value: bytes, *, share: Hashable = 1, writes: bool = False) -> Read:
        """Begin a read."""
        outcome: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()

        def finish(rows: Sequence[Row], error: DatabaseError | None) -> None:
            outcome.set_result(list(rows) if error is None else error)

        run = Called(
            statement, (value,), writes=writes, share=share, finish=finish, give_up=lambda: outcome.set_result(OVER)
        )
        self.database.begin(run)
        return Read(run=run, outcome=outcome)

    async def outcomes(self, *given: tuple[Statement, bytes]) -> list[Outcome]:
        """Return the outcomes of reads that begin together."""
        return await gather(*(self.ask(*one) for one in given))

    async def prepare(self) -> None:
        """Have all statements prepared on all connections, and their times known."""
        await self.run_everywhere(ALL)
        for statement, value in ALL.items():
            while self.database._lanes._most and not self.is_short(statement):
                (outcome,) = await self.outcomes((statement, value))
                assert isinstance(outcome, list)
        self.messages.clear()
        # As after a message with several: the next one waits for all reads of the turn.
        self.database._lanes._is_crowded = True

    async def run_everywhere(self, values: Mapping[Statement, bytes]) -> None:
        """Run statements, each with a value, on all connections, which have them prepared then."""
        held = [await self.database._pool.acquire() for _ in range(self.database.stats().limit)]
        for connection in held:
            for statement, value in values.items():
                await connection.execute(statement, (value,))
            connection.release()

    def is_short(self, statement: Statement) -> bool:
        """Return whether the next read by this statement may share a message."""
        return self.database._lanes.paces.find(statement).is_short


async def gather(*reads: Read) -> list[Outcome]:
    """Return the outcomes of these reads."""
    return list(await asyncio.gather(*(read.outcome for read in reads)))


def watch_messages(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Return the list into which the number of statements of each shared message is noted."""
    seen: list[int] = []
    send: Callable[..., None] = DriverConnection.ask_each

    def note(self: DriverConnection, runs: Sequence[Run], waiting: Waiting) -> None:
        if len(runs) > 1:
            seen.append(len(runs))
        send(self, runs, waiting)

    monkeypatch.setattr(DriverConnection, "ask_each", note)
    return seen


@asynccontextmanager
async def lanes(dsn: str, messages: list[int], **settings: Any) -> AsyncIterator[Asking]:
    """Yield a database with lanes, and with the tables of ALL."""
    async with await psycopg.AsyncConnection.connect(dsn, autocommit=True) as connection:
        await connection.execute("CREATE TABLE IF NOT EXISTS shop AS SELECT 1 AS id, 'corner'::text AS name")
        await connection.execute("CREATE TABLE IF NOT EXISTS stock AS SELECT 1 AS id")
    changes = {"lanes": 2, "search_path": "public, pg_catalog", **settings}
    async with opened(dsn, **changes) as database:
        asking = Asking(database=database, messages=messages)
        await asking.prepare()
        yield asking
