"""Requests that wait or are refused leave nothing to the collector of cyclic garbage, for which all others wait."""

import asyncio
import gc
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from tests.engine.server.fast_path.overload import PATIENCE, overloaded, stand_still
from tests.engine.server.fast_path.talking import PEOPLE, Serve, locked
from tests.waiting import until

MANY = 20


@contextmanager
def uncollected() -> Iterator[Callable[[], list[str]]]:
    """Yield a function that returns the types of the objects that only the collector frees, since the block began."""
    gc.collect()
    gc.disable()
    gc.set_debug(gc.DEBUG_SAVEALL)

    def find() -> list[str]:
        gc.collect()
        found = [type(one).__qualname__ for one in gc.garbage]
        gc.garbage.clear()
        return found

    try:
        yield find
    finally:
        gc.set_debug(0)
        gc.garbage.clear()
        gc.enable()


def watchers() -> int:
    """Return how many requests are watched for the departure of their clients."""
    return sum("CancelOnDisconnect" in repr(task) for task in asyncio.all_tasks())


async def test_requests_that_wait_for_a_slot_leave_no_garbage(serve: Serve, app_database: str) -> None:
    async with serve(pool_size=2, max_concurrent_per_key=1, max_queue_ms=0) as serving:
        slots = (await serving.app.runtime.ready()).core.slots
        talks = [await serving.talk() for _ in range(2 * MANY)]
        await talks[0].warm_up(PEOPLE, n="Ada")
        async with locked(app_database) as lock:
            for number, talk in enumerate(talks):
                # A head that is not remembered sends a request to the ordinary path.
                talk.send(talk.request(PEOPLE, more=f"X-Other: {number}\r\n" if number >= MANY else "", n="Ada"))
            await until(lambda: slots.waiting == 2 * MANY - 1)
            await until(lambda: watchers() == MANY)
            with uncollected() as find:
                await lock.commit()
                assert {(await talk.receive()).status for talk in talks} == {200}
                await until(lambda: not watchers())
                assert len(found := find()) < MANY, found


async def test_refused_requests_leave_no_garbage(serve: Serve, app_database: str) -> None:
    async with serve(pool_size=2, max_queue_ms=PATIENCE) as serving:
        talks = [await serving.talk() for _ in range(4)]
        await talks[0].warm_up(PEOPLE, n="Ada")
        async with locked(app_database) as lock:
            await stand_still(serving, app_database, talks[:3])
            with uncollected() as find:
                for _ in range(MANY):
                    assert overloaded((await talks[3].ask(PEOPLE, n="Ada")).json) == "OVERLOADED"
                assert len(found := find()) < MANY, found
            await lock.commit()
        assert {(await talk.receive()).status for talk in talks[:3]} == {200}
