import asyncio
from typing import Any
from weakref import ref

from fieldstone.sql.concurrency.signal import Signal


def test_listeners_are_called_in_order_until_they_are_disconnected() -> None:
    moved: Signal[[int]] = Signal()
    heard: list[tuple[str, int]] = []
    moved.connect(lambda value: heard.append(("first", value)))
    disconnect = moved.connect(lambda value: heard.append(("second", value)))
    moved(1)
    disconnect()
    disconnect()
    moved(2)
    assert heard == [("first", 1), ("second", 1), ("first", 2)]


def test_a_listener_that_is_connected_twice_is_called_twice_and_disconnected_once() -> None:
    moved: Signal[[int]] = Signal()
    heard: list[int] = []
    moved.connect(heard.append)
    moved.connect(heard.append)()
    moved(1)
    assert heard == [1]


def test_a_listener_may_disconnect_itself_or_another_while_it_is_called() -> None:
    moved: Signal[[]] = Signal()
    heard: list[str] = []

    def first() -> None:
        heard.append("first")
        disconnect()

    moved.connect(first)
    disconnect = moved.connect(lambda: heard.append("second"))
    moved()
    moved()
    assert heard == ["first", "second", "first"]


async def test_a_listener_that_raises_on_the_loop_harms_no_other() -> None:
    problems: list[dict[str, Any]] = []
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(lambda _, context: problems.append(context))
    moved: Signal[[int]] = Signal()
    heard: list[int] = []

    def fail(_: int) -> None:
        raise LookupError

    moved.connect(fail)
    moved.connect(heard.append)
    moved.call_soon(loop, 1)
    assert heard == []
    await asyncio.sleep(0)
    assert heard == [1]
    assert [type(problem["exception"]) for problem in problems] == [LookupError]


def test_the_way_to_disconnect_keeps_its_signal() -> None:
    moved: Signal[[]] | None = Signal()
    assert moved is not None
    kept = ref(moved)
    disconnect = moved.connect(lambda: None)
    moved = None
    assert kept() is not None
    del disconnect
    assert kept() is None
