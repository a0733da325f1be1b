"""Connections that a worker leaves to the others, and those that it takes all the same."""

import asyncio
import socket
from collections.abc import Iterator

import pytest

from fieldstone.engine.server.cli.workers.accepting import Acceptor
from tests.waiting import until


class Counted(asyncio.Protocol):
    """A protocol that counts its connections in a list."""

    def __init__(self, made: list[int], place: int) -> None:
        self._made = made
        self._place = place

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._made[self._place] += 1
        socket_ = transport.get_extra_info("socket")
        assert socket_.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as listening:
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
    writers = [(await asyncio.open_connection(*listener.getsockname()))[1] for _ in range(48)]
    await until(lambda: sum(made) == 48)
    assert max(made) - min(made) <= 8, made
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
