"""Connections that a worker leaves to the others, and those that it takes all the same."""

import asyncio
import socket
from collections.abc import Iterator

import pytest

from fieldstone.engine.server.cli.workers.accepting import Acceptor
from tests.waiting import until


class Counted(asyncio.Protocol):
    """A protocol that counts, in a list, its connections whose packets are sent at once."""

    def __init__(self, made: list[int], place: int) -> None:
        self._made = made
        self._place = place

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        socket_ = transport.get_extra_info("socket")
        self._made[self._place] += socket_.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    # With the protocol named, as the listener of a server has it: asyncio sends packets of no other at once.
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP) as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        listening.setblocking(False)
        yield listening


async def test_kept_connections_are_spread_over_the_workers(listener: socket.socket) -> None:
    made = [0, 0, 0]
    acceptors = []
    copies = [listener.dup() for _ in made]
    for place, copy in enumerate(copies):
        copy.setblocking(False)
        acceptors.append(
            Acceptor(
                copy,
                lambda place=place: Counted(made, place),  # type: ignore[misc]
                count=lambda place=place: made[place],  # type: ignore[misc]
                mean=lambda: sum(made) / len(made),
            )
        )
    writers = []
    for count in range(1, 49):
        # One at a time: of several at once, some may have found none of the others in its turn after a moment.
        writers.append((await asyncio.open_connection(*listener.getsockname()))[1])
        await until(lambda count=count: sum(made) == count)  # type: ignore[misc]
    # None takes another one while it has more than a quarter above the mean.
    assert max(made) <= 1.25 * 16 + 1, made
    for writer in writers:
        writer.close()
    for acceptor, copy in zip(acceptors, copies, strict=True):
        acceptor.stop()
        acceptor.stop()
        copy.close()


async def test_nobody_waits_for_workers_that_stand_still(listener: socket.socket) -> None:
    made = [0]
    # The others have no connections, and accept none.
    acceptor = Acceptor(listener, lambda: Counted(made, 0), count=lambda: made[0] + 10, mean=lambda: 1.0)
    writers = [(await asyncio.open_connection(*listener.getsockname()))[1] for _ in range(5)]
    await until(lambda: made == [5])
    # Three were left to the others in vain: the further ones do not wait for them.
    assert acceptor._takes_all_until > 0
    acceptor.stop()
    for writer in writers:
        writer.close()


async def test_workers_that_wait_for_their_moment_do_not_stand_still(listener: socket.socket) -> None:
    made = [0]
    mean = 0.0
    acceptor = Acceptor(listener, lambda: Counted(made, 0), count=lambda: made[0] + 1, mean=lambda: mean)
    writers = []
    for count in range(1, 6):
        mean = 0.0
        writers.append((await asyncio.open_connection(*listener.getsockname()))[1])
        await until(lambda: acceptor._waiting is not None)
        # Another worker takes connections while this one waits, so that it has no more than the mean.
        mean = 10.0
        await until(lambda count=count: made == [count])  # type: ignore[misc]
    assert acceptor._takes_all_until == 0
    acceptor.stop()
    for writer in writers:
        writer.close()
