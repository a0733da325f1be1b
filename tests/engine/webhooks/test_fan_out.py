"""engine/webhooks/fan_out.py: beside another process that is at it, whatever that one does."""

import asyncio
import time
from typing import Any

import psycopg
import pytest

from fieldstone.engine.webhooks.apart import CONSUMER
from fieldstone.engine.webhooks.fan_out import FanOut
from fieldstone.metadata.snapshot_cache import CurrentSnapshots
from fieldstone.sql.concurrency.tasks import end_tasks
from fieldstone.sql.concurrency.wakeup import Wake
from fieldstone.sql.pool_settings import PoolSettings
from fieldstone.sql.statement import Row
from tests.apis import RecordingDatabase
from tests.engine.webhooks.conftest import Sending
from tests.engine.webhooks.target import TargetServer
from tests.waiting import until

pytestmark = pytest.mark.long

TRIES = 7


async def test_the_longer_another_process_has_the_lock_the_less_often_it_is_tried_until_the_log_says_who_it_is(
    workspace_dsn: str, caplog: pytest.LogCaptureFixture
) -> None:
    database = RecordingDatabase(workspace_dsn, PoolSettings(connections=2))
    await database.open()
    wake = Wake()
    fan_out = FanOut(database, CurrentSnapshots(database), wake=wake, made=lambda: None)
    running = asyncio.create_task(fan_out.run())
    # It is registered, and has ticked once.
    await until(lambda: len(database.log.steps) >= 2)
    async with await psycopg.AsyncConnection.connect(workspace_dsn, application_name="stuck") as other:
        await other.execute("SELECT FROM fieldstone.log_consumer WHERE name = %s FOR UPDATE", [CONSUMER])
        database.log.steps.clear()
        began = time.monotonic()
        wake()
        fan_out.notice_webhook()
        await until(lambda: len(database.log.steps) == TRIES)
        # 10 ms, 20, 40 ..: at one pace all of it would have taken a tenth.
        assert time.monotonic() - began > 0.6
        async with asyncio.timeout(60):
            while f"s for pid {other.info.backend_pid} (stuck from" not in caplog.text:
                await asyncio.sleep(0.01)
    await end_tasks(running)
    await database.close()


class LateDatabase(RecordingDatabase):
    """A database whose first statement says where the consumer was one event ago."""

    async def read(self, *arguments: Any, **options: Any) -> list[Row]:
        is_first = not self.log.steps
        rows = await super().read(*arguments, **options)
        if is_first:
            ((position, since, *_, apart),) = rows
            assert position is not None
            return [(b"%d" % (int(position) - 1), since, position, b"t", apart)]
        return rows


async def test_what_another_process_has_made_meanwhile_is_not_made_again(
    workspace_dsn: str, sending: Sending, target: TargetServer
) -> None:
    await sending.webhook(target.url, "person.created")
    await sending.person("a@example.com")
    await target.until_taken(1)
    database = LateDatabase(workspace_dsn, PoolSettings(connections=2))
    await database.open()
    called: list[bool] = []
    fan_out = FanOut(database, CurrentSnapshots(database), wake=Wake(), made=lambda: called.append(True))
    async with await psycopg.AsyncConnection.connect(workspace_dsn, autocommit=True) as watcher:

        async def state() -> Any:
            text = "SELECT (SELECT position FROM fieldstone.log_consumer WHERE name = %s), "
            text += "(SELECT array_agg(id) FROM fieldstone.webhook_delivery)"
            return await (await watcher.execute(text, [CONSUMER])).fetchone()

        before = await state()
        await watcher.execute("DELETE FROM fieldstone.webhook_delivery")
        assert await fan_out.tick() is None
        assert await state() == (before[0], None)
        assert len(before[1]) == 1
    assert not called
    assert "INSERT INTO fieldstone.webhook_delivery" in database.log.texts[-1]
    await database.close()
