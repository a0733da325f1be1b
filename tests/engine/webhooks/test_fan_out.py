"""engine/webhooks/fan_out.py: beside another process that is at it, whatever that one does."""

import asyncio
import time

import psycopg
import pytest

from fieldstone.engine.webhooks.fan_out import CONSUMER, FanOut
from fieldstone.metadata.snapshot_cache import CurrentSnapshots
from fieldstone.sql.concurrency.tasks import end_tasks
from fieldstone.sql.concurrency.wakeup import Wake
from fieldstone.sql.pool_settings import PoolSettings
from tests.apis import RecordingDatabase
from tests.waiting import until

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
    await until(lambda: len(database.log.steps) == 2)
    async with await psycopg.AsyncConnection.connect(workspace_dsn, application_name="stuck") as other:
        await other.execute("SELECT FROM fieldstone.log_consumer WHERE name = %s FOR UPDATE", [CONSUMER])
        database.log.steps.clear()
        began = time.monotonic()
        wake()
        fan_out.notice_webhook()
        await until(lambda: len(database.log.steps) == TRIES)
        # 10 ms, 20, 40 ..: at one pace all of it would have taken a tenth.
        assert time.monotonic() - began > 0.6
        async with asyncio.timeout(20):
            while f"s for pid {other.info.backend_pid} (stuck from" not in caplog.text:
                await asyncio.sleep(0.01)
    await end_tasks(running)
    await database.close()
