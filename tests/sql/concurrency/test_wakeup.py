"""sql/concurrency/wakeup.py: a call, the limit, and the end of the task that waits."""

import asyncio

import pytest

from fieldstone.sql.concurrency.wakeup import Wake


async def test_a_call_ends_the_wait_and_so_does_the_limit() -> None:
    wake = Wake()
    wake()
    await wake.wait(3600)
    assert wake.forget()
    await wake.wait(0.001)
    assert not wake.forget()


@pytest.mark.parametrize("steps", range(4))
async def test_a_cancellation_that_comes_with_the_call_ends_the_task(steps: int) -> None:
    wake = Wake()
    task = asyncio.create_task(wake.wait(3600))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    wake()
    for _ in range(steps):
        await asyncio.sleep(0)
    was_waiting = task.cancel()
    await asyncio.wait([task])
    assert task.cancelled() == was_waiting
