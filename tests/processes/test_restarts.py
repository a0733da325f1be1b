"""Connections of this process while the server under them is killed and started again."""

import asyncio
import contextlib
from pathlib import Path

import pytest
import uvloop

from fieldstone.sql.embedded import start as start_embedded
from fieldstone.sql.embedded import stop as stop_embedded
from fieldstone.sql.errors import DatabaseError
from fieldstone.sql.executor import Database
from fieldstone.sql.pool_settings import PoolSettings
from fieldstone.sql.statement import Statement
from tests.processes.embedded_runs import kill_postmaster

pytestmark = pytest.mark.long

ADD = Statement(text="INSERT INTO public.record VALUES (1)")
COUNT = Statement(text="SELECT count(*) FROM public.record")


class Traffic:
    """Reads, writes and transactions, each as fast as it goes; `done` counts those that succeeded, by worker."""

    def __init__(self, database: Database, workers: int) -> None:
        self._database = database
        self.done = [0] * workers

    async def work(self, number: int) -> None:
        while True:
            with contextlib.suppress(DatabaseError):
                await self._one(number % 3)
                self.done[number] += 1
            await asyncio.sleep(0.001)

    async def _one(self, kind: int) -> None:
        match kind:
            case 0:
                await self._database.read(COUNT, (), share=None)
            case 1:
                await self._database.write(ADD, (), share=None)
            case _:
                async with self._database.transaction(share=None) as transaction:
                    await transaction.run(COUNT, ())
                    await transaction.run(ADD, ())

    async def go_on(self) -> None:
        """Return when every worker has succeeded again."""
        before = list(self.done)
        async with asyncio.timeout(60):
            while any(now == then for now, then in zip(self.done, before, strict=True)):
                await asyncio.sleep(0.01)


def test_no_statement_waits_for_a_server_that_was_killed(data_dir: Path) -> None:
    """Its farewell and the reset of its socket arrive together, of which uvloop tells once.

    The time limit that would end such a statement is longer than the test waits.
    """

    async def use(dsn: str) -> None:
        database = Database.connect(dsn, settings=PoolSettings(statement_timeout=600))
        await database.open()
        async with database.session() as session:
            await session.execute("CREATE TABLE public.record (number int)")
        traffic = Traffic(database, 6)
        working = [asyncio.create_task(traffic.work(number)) for number in range(6)]
        for _ in range(4):
            await traffic.go_on()
            kill_postmaster(data_dir)
            again = await asyncio.to_thread(start_embedded, data_dir)
            await traffic.go_on()
            await asyncio.to_thread(stop_embedded, again)
        for task in working:
            task.cancel()
        await asyncio.gather(*working, return_exceptions=True)
        await database.close()

    server = start_embedded(data_dir)
    try:
        uvloop.run(use(server.dsn))
    finally:
        stop_embedded(server)
