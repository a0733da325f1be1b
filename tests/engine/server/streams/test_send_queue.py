"""engine/server/streams/send_queue.py: the bounds of one queue, and of all of them together."""

import asyncio

from fieldstone.engine.events.live.group import LiveAnswer
from fieldstone.engine.server.streams.send_queue import QueueLimits, QueueSink, QueueTotal, SendQueue


def queues(count: int, limits: QueueLimits) -> list[SendQueue]:
    return [SendQueue(limits, lambda: None) for _ in range(count)]


async def test_a_message_is_taken_by_an_empty_queue_whatever_its_length() -> None:
    (queue,) = queues(1, QueueLimits(characters=2, total=QueueTotal(most=2)))
    assert queue.offer("abcdef")
    assert not queue.offer("a")
    assert await queue.take() == (None, "abcdef")
    assert queue.offer("a")


async def test_what_all_queues_hold_is_bounded() -> None:
    total = QueueTotal(most=100)
    many = queues(50, QueueLimits(total=total))
    taken = [sum(queue.offer("x" * 10) for _ in range(20)) for queue in many]
    assert sum(taken) * 10 == total.taken
    # The first fills the total; each other keeps one message, so that no client is shut out.
    assert taken == [10] + [1] * 49
    assert not any(queue.has_room for queue in many)
    # A client that reads has room again, first for one message, and for more when the others have read.
    assert len([await many[1].take() for _ in range(1)]) == 1
    assert many[1].has_room
    assert many[1].offer("y")
    assert not many[1].offer("y")


async def test_a_queue_that_is_cleared_counts_no_more() -> None:
    total = QueueTotal(most=100)
    first, second = queues(2, QueueLimits(total=total))
    assert first.offer("x" * 100)
    assert second.offer("x")
    assert not second.offer("x")
    first.clear()
    assert total.taken == 1
    await second.take()
    assert second.offer("x" * 50)
    assert second.offer("x" * 50)
    second.clear()
    assert total.taken == 0


async def test_a_sink_that_is_closed_leaves_nothing_in_the_queue() -> None:
    total = QueueTotal(most=100)
    (queue,) = queues(1, QueueLimits(messages=3, total=total))
    sinks = [QueueSink(queue, lambda _: None) for _ in range(2)]
    for number in range(1_000):
        closed = QueueSink(queue, lambda _: None)
        closed.announce(lambda: LiveAnswer(position="", payload="never", digest=b""))
        closed.close()
        assert queue.is_empty, number
    for sink, text in zip((*sinks, sinks[0]), ("first", "second", "third"), strict=True):
        assert sink.offer("", text)
    waiting = asyncio.create_task(queue.put("fourth"))
    await asyncio.sleep(0)
    assert not waiting.done()
    sinks[0].close()
    await waiting
    assert [await queue.take() for _ in range(2)] == [(sinks[1], "second"), (None, "fourth")]
    assert total.taken == 0


async def test_room_is_waited_for_while_more_waits_than_may() -> None:
    (queue,) = queues(1, QueueLimits(characters=10))
    await queue.wait_for_room()
    for _ in range(4):
        queue.force("x" * 10)
    waiting = asyncio.create_task(queue.wait_for_room())
    for _ in range(3):
        await queue.take()
        assert not waiting.done()
    await queue.take()
    await waiting


async def test_a_message_that_waits_for_room_counts_as_one_that_waits() -> None:
    total, held = QueueTotal(), list[int]()
    queue = SendQueue(QueueLimits(characters=10, total=total), lambda: None, on_held=lambda: held.append(total.taken))
    await queue.put("first")
    waiting = [asyncio.create_task(queue.put(text)) for text in ("x" * 100, "y" * 50)]
    room = asyncio.create_task(queue.wait_for_room())
    await asyncio.sleep(0)
    assert (queue.characters, total.taken, held) == (155, 155, [105, 155])
    waiting[1].cancel()
    await asyncio.gather(waiting[1], return_exceptions=True)
    assert (queue.characters, total.taken) == (105, 105)
    assert await queue.take() == (None, "first")
    await waiting[0]
    assert (queue.characters, total.taken) == (100, 100)
    assert not room.done()
    assert await queue.take() == (None, "x" * 100)
    await room
    assert (queue.characters, total.taken) == (0, 0)
