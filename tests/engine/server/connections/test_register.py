"""The connections that are closed when there are too many, or when too many bytes wait for their clients."""

import asyncio
from collections.abc import Mapping
from typing import Any

import pytest

from fieldstone.engine.server.connections.limits import ConnectionLimits
from fieldstone.engine.server.connections.place import Place
from fieldstone.engine.server.connections.register import Connections
from fieldstone.engine.server.connections.transport import ClientTransport
from tests.waiting import until

pytestmark = pytest.mark.long


class Socket:
    """As much of a socket as is asked for."""

    def fileno(self) -> int:
        return 3


class Raw(asyncio.Transport):
    """A transport whose client reads when the test says so."""

    def __init__(self, address: str) -> None:
        super().__init__({"peername": (address, 1), "socket": Socket()})
        self.waiting = 0
        self.ended = ""

    def write(self, data: Any) -> None:
        self.waiting += len(data)

    def get_write_buffer_size(self) -> int:
        return self.waiting

    def is_closing(self) -> bool:
        return bool(self.ended)

    def close(self) -> None:
        self.ended = "closed"

    def abort(self) -> None:
        self.ended = "aborted"


class Client:
    """A client, as the protocol of its connection sees it."""

    def __init__(self, connections: Connections, address: str = "192.0.2.1", *, idle: float | None = 0.0) -> None:
        self.idle = idle
        self.sent = self.kept = 0
        self.waits = self.is_told = False
        self.raw = Raw(address)
        self.transport = ClientTransport(self.raw, asyncio.get_running_loop())
        self.place: Place | None = connections.enter(self, self.transport)

    def look(self, now: float) -> None:
        """Do nothing."""

    def idle_since(self) -> float | None:
        return self.idle

    @property
    def placed(self) -> Place:
        assert self.place is not None
        return self.place

    def received(self) -> int:
        return self.sent

    def incomplete(self) -> int:
        return self.kept

    def note_streamed(self, size: int) -> None:
        raise AssertionError(size)

    def is_waiting(self) -> bool:
        return self.waits

    def refuse_waiting(self) -> bool:
        self.is_told = self.waits
        return self.waits

    def wait_for(self, size: int) -> None:
        """Write bytes that the client does not read."""
        self.transport.write_now(b"x" * size)
        self.placed.note_buffered()

    def read(self, size: int) -> None:
        """Read some of it."""
        self.raw.waiting -= size
        self.placed.note_buffered()


async def test_the_idlest_goes_and_none_that_is_busy() -> None:
    connections = Connections(ConnectionLimits(most=3))
    busy, later, first = (Client(connections, idle=idle) for idle in (None, 5.0, 4.0))
    new = Client(connections, idle=6.0)
    assert [client.raw.ended for client in (busy, later, first, new)] == ["", "", "closed", ""]
    stats = connections.stats()
    assert (stats.open, stats.ended) == (3, {"idle beyond most connections": 1})


async def test_who_has_shown_a_key_goes_after_those_who_have_not() -> None:
    connections = Connections(ConnectionLimits(most=2))
    known, unknown = Client(connections, idle=1.0), Client(connections, idle=9.0)
    known.placed.is_known = True
    Client(connections)
    assert (known.raw.ended, unknown.raw.ended) == ("", "closed")


async def test_where_none_is_idle_there_is_no_place() -> None:
    connections = Connections(ConnectionLimits(most=2))
    busy = [Client(connections, idle=None) for _ in range(2)]
    assert [Client(connections).place for _ in range(3)] == [None] * 3
    assert connections.stats().ended == {"refused beyond most connections": 3}
    busy[0].placed.leave()
    assert Client(connections).place is not None


async def test_addresses_are_counted_by_themselves() -> None:
    connections = Connections(ConnectionLimits(most_each=2))
    for addresses in (
        ["192.0.2.7", "192.0.2.7", "::ffff:192.0.2.7"],
        ["2001:db8::1", "2001:db8::2", "2001:db8::3"],
    ):
        first, second, third = (Client(connections, address, idle=idle) for idle, address in enumerate(addresses))
        assert [client.raw.ended for client in (first, second, third)] == ["closed", "", ""]
    assert Client(connections, "2001:db8:0:1::1").place is not None
    assert connections.stats().ended == {"idle beyond most connections of an address": 2}


async def test_what_waits_for_all_is_cut_down_from_the_one_that_has_not_read_for_longest() -> None:
    connections = Connections(ConnectionLimits(buffered_bytes=1_000))
    slow, stalled, fresh = (Client(connections) for _ in range(3))
    slow.wait_for(800)
    stalled.wait_for(700)
    slow.read(1)
    fresh.wait_for(700)
    await until(lambda: stalled.raw.ended == "aborted")
    await until(lambda: connections.stats().buffered <= 1_000)
    assert (slow.raw.ended, fresh.raw.ended) == ("aborted", "")
    assert connections.stats().ended == {"slow beyond the buffered bytes": 2}


async def test_what_is_not_complete_counts_too_and_whoever_goes_on_sending_goes_last() -> None:
    connections = Connections(ConnectionLimits(buffered_bytes=1_000, unread=0.4))
    sending, stalled = Client(connections), Client(connections)
    for client in (sending, stalled):
        client.kept = client.sent = 600

    def is_over() -> bool:
        sending.sent += 1
        return stalled.raw.ended == "aborted"

    await until(is_over)
    assert sending.raw.ended == ""
    assert connections.stats().ended == {"slow beyond the buffered bytes": 1}


async def test_whoever_waits_for_an_answer_goes_after_all_that_are_late() -> None:
    connections = Connections(ConnectionLimits(buffered_bytes=1_000, unread=0.4))
    waiting, stalled = Client(connections), Client(connections)
    waiting.waits = True
    waiting.kept = 900
    waiting.placed.note_buffered()
    await asyncio.sleep(0.05)
    stalled.kept = 1_500
    await until(lambda: stalled.raw.ended == "aborted")
    assert waiting.raw.ended == ""
    assert connections.stats().ended == {"slow beyond the buffered bytes": 1}


async def test_whoever_waits_for_an_answer_is_told() -> None:
    connections = Connections(ConnectionLimits(buffered_bytes=1_000, unread=0.4))
    waiting, other = Client(connections), Client(connections)
    for client in (waiting, other):
        client.waits = True
        client.kept = 900
        client.placed.note_buffered()
    await until(lambda: waiting.is_told or other.is_told)
    assert (waiting.raw.ended, other.raw.ended) == ("", "")
    assert connections.stats().ended == {"refused beyond the buffered bytes": 1}
    assert connections.stats().buffered == 900


async def test_one_answer_may_be_larger_than_what_waits_for_all() -> None:
    connections = Connections(ConnectionLimits(buffered_bytes=1_000, unread=0.4))
    client = Client(connections)
    client.wait_for(10_000)
    # It goes when its own time is up.
    await until(lambda: client.raw.ended == "aborted")
    assert connections.stats().ended == {"unread": 1}
    assert connections.stats().buffered == 0


async def test_whoever_reads_some_keeps_the_rest() -> None:
    connections = Connections(ConnectionLimits(unread=1))
    reading, stalled = Client(connections), Client(connections)
    reading.wait_for(1_000)
    stalled.wait_for(1_000)

    def is_over() -> bool:
        reading.read(1)
        return stalled.raw.ended == "aborted"

    await until(is_over)
    assert reading.raw.ended == ""


async def test_what_was_ended_is_told_in_one_line() -> None:
    told: list[Mapping[str, int]] = []
    connections = Connections(ConnectionLimits(most=1, head=0.04), told.append)
    for _ in range(3):
        Client(connections)
    await until(lambda: bool(told))
    assert told == [{"idle beyond most connections": 2}]
