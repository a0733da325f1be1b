"""The work thread: one call at a time, in turns of the workspaces, shared by the requests that want the same."""

import asyncio
import threading
import time
from collections.abc import AsyncIterator, Callable
from functools import partial
from uuid import UUID

import pytest

from fieldstone.engine.access.load_shedding import LoadShedding
from fieldstone.engine.errors import Overloaded, ServiceUnavailable
from fieldstone.engine.work_thread import MOST_WAITING, WorkThread

A, B, C = UUID(int=1), UUID(int=2), UUID(int=3)


@pytest.fixture
async def work() -> AsyncIterator[WorkThread]:
    async with WorkThread() as thread:
        yield thread


class Gate:
    """A call that ends when the test lets it."""

    def __init__(self) -> None:
        self.begun = threading.Event()
        self.open = threading.Event()

    def __call__(self) -> str:
        self.begun.set()
        assert self.open.wait(60)
        return threading.current_thread().name

    async def wait_begun(self) -> None:
        await asyncio.to_thread(self.begun.wait, 60)


async def test_a_call_runs_in_the_thread_and_its_result_and_error_come_back(work: WorkThread) -> None:
    assert (await work.run(A, lambda: threading.current_thread().name)).startswith("fieldstone work")

    def fail() -> None:
        raise LookupError("none")

    with pytest.raises(LookupError, match="none"):
        await work.run(A, fail)


async def test_one_of_each_workspace_in_turn(work: WorkThread) -> None:
    gate, order = Gate(), list[str]()

    def note(name: str) -> Callable[[], None]:
        return lambda: order.append(name)

    first = asyncio.create_task(work.run(A, gate))
    await gate.wait_begun()
    others = [
        asyncio.create_task(work.run(workspace, note(f"{name}{number}")))
        for workspace, name in ((A, "a"), (B, "b"), (C, "c"))
        for number in range(3)
    ]
    await asyncio.sleep(0)
    gate.open.set()
    await asyncio.gather(first, *others)
    assert order == ["a0", "b0", "c0", "a1", "b1", "c1", "a2", "b2", "c2"]


async def test_requests_for_the_same_share_one_call(work: WorkThread) -> None:
    gate, calls = Gate(), list[int]()

    def call() -> int:
        calls.append(1)
        return len(calls)

    first = asyncio.create_task(work.run(A, gate))
    await gate.wait_begun()
    shared = [asyncio.create_task(work.run(A, call, key="same")) for _ in range(5)]
    other = asyncio.create_task(work.run(A, call, key="other"))
    await asyncio.sleep(0)
    shared[0].cancel()
    gate.open.set()
    await first
    assert await asyncio.gather(*shared[1:], other) == [1, 1, 1, 1, 2]
    # The shared call is over: the next one is a call of its own.
    assert await work.run(A, call, key="same") == 3
    assert (work.counters.calls, work.counters.shared) == (4, 4)


async def test_a_call_that_nobody_waits_for_any_more_is_not_begun(work: WorkThread) -> None:
    gate, called = Gate(), list[int]()
    first = asyncio.create_task(work.run(A, gate))
    await gate.wait_begun()
    waiting = [asyncio.create_task(work.run(B, lambda: called.append(1), key="key")) for _ in range(2)]
    await asyncio.sleep(0)
    for task in waiting:
        task.cancel()
    await asyncio.wait(waiting)
    gate.open.set()
    await first
    await work.run(B, lambda: None)
    assert called == []


async def test_one_that_has_begun_is_waited_for_by_the_next(work: WorkThread) -> None:
    gate, begun = Gate(), list[int]()
    first = asyncio.create_task(work.run(A, gate))
    await gate.wait_begun()
    first.cancel()
    await asyncio.wait([first])
    second = asyncio.create_task(work.run(A, lambda: begun.append(1)))
    await asyncio.sleep(0)
    assert begun == []
    gate.open.set()
    await second
    assert begun == [1]


async def test_too_many_of_one_workspace_are_refused_and_others_are_not(work: WorkThread) -> None:
    gate = Gate()
    first = asyncio.create_task(work.run(A, gate))
    await gate.wait_begun()
    waiting = [asyncio.create_task(work.run(A, lambda: None)) for _ in range(MOST_WAITING)]
    await asyncio.sleep(0)
    with pytest.raises(ServiceUnavailable, match=f"{MOST_WAITING} large operations of the workspace wait"):
        await work.run(A, lambda: None)
    other = asyncio.create_task(work.run(B, lambda: "served"))
    await asyncio.sleep(0)
    gate.open.set()
    assert await other == "served"
    await asyncio.gather(first, *waiting)
    assert work.counters.refused == 1


async def test_the_end_waits_for_what_runs_and_cancels_what_waits() -> None:
    gate = Gate()
    async with WorkThread() as work:
        first = asyncio.create_task(work.run(A, gate))
        await gate.wait_begun()
        waiting = asyncio.create_task(work.run(A, lambda: None))
        await asyncio.sleep(0)
        asyncio.get_running_loop().call_later(0.05, gate.open.set)
    assert (await first).startswith("fieldstone work")
    assert (await asyncio.wait([waiting]))[0].pop().cancelled()


async def test_the_first_call_of_an_operation_is_refused_where_it_would_wait_too_long() -> None:
    shedding = LoadShedding()
    # Nine operations of 20 ms are ahead, of which the mean has 14 ms by then: their further calls count.
    async with WorkThread(patience=0.1, shedding=shedding) as thread:
        for _ in range(20):
            await thread.run(A, lambda: None, is_first=True)
            await thread.run(A, lambda: time.sleep(0.02), is_next=True)
        gate, order = Gate(), list[str]()
        tasks: list[asyncio.Task[object]] = [asyncio.create_task(thread.run(A, gate))]
        await gate.wait_begun()
        tasks += [asyncio.create_task(thread.run(A, partial(order.append, f"late {n}"))) for n in range(9)]
        await asyncio.sleep(0)
        with pytest.raises(Overloaded, match=r"^The server is overloaded: .*try again in a moment\.$"):
            await thread.run(A, lambda: None, is_first=True)
        assert shedding.count == 1
        # An operation that has been begun goes on before them, and another workspace waits for none of them.
        tasks.append(asyncio.create_task(thread.run(A, partial(order.append, "begun"), is_next=True)))
        tasks.append(asyncio.create_task(thread.run(B, partial(order.append, "other"), is_first=True)))
        await asyncio.sleep(0)
        gate.open.set()
        await asyncio.gather(*tasks)
    assert order[:3] in (["begun", "other", "late 0"], ["other", "begun", "late 0"])
