"""Handshakes of WebSockets in turns of their own: a thousand at once held up all other requests for seconds."""

import asyncio
from collections.abc import Callable
from contextvars import ContextVar, copy_context
from typing import Any, cast

from fieldstone.engine.server.connections.handshakes import Handshakes
from fieldstone.engine.server.connections.transport import ClientTransport


class Client:
    """The transport of a client, as far as a handshake is concerned."""

    def __init__(self) -> None:
        self.is_read = True
        self.is_gone = False

    def pause_reading(self) -> None:
        self.is_read = False

    def resume_reading(self) -> None:
        self.is_read = True

    def is_closing(self) -> bool:
        return self.is_gone

    def abort(self) -> None:
        self.is_gone = True


def enter(handshakes: Handshakes, client: Client, make: Callable[[], Any]) -> None:
    handshakes.enter(cast(ClientTransport, client), make)


async def test_all_else_gets_a_turn_between_two_handshakes() -> None:
    loop, handshakes, seen = asyncio.get_running_loop(), Handshakes(), list[str]()
    clients = [Client() for _ in range(3)]

    def beside() -> None:
        seen.append("-")
        if seen.count("-") < 5:
            loop.call_soon(beside)

    for number, client in enumerate(clients):
        enter(handshakes, client, lambda number=number: seen.append(str(number)))  # type: ignore[misc]  # one argument
    assert (seen, [client.is_read for client in clients]) == ([], [False] * 3)
    loop.call_soon(beside)
    while seen.count("-") < 5:
        await asyncio.sleep(0)
    assert "".join(seen).strip("-") == "0-1-2"
    assert all(client.is_read for client in clients)
    enter(handshakes, clients[0], lambda: seen.append("again"))
    await asyncio.sleep(0)
    assert seen[-1] == "again"


async def test_a_client_that_has_gone_and_a_failure_hold_up_no_other() -> None:
    handshakes, seen = Handshakes(), list[str]()
    gone, broken, last = Client(), Client(), Client()
    failures: list[Any] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, context: failures.append(context["exception"]))
    enter(handshakes, gone, lambda: seen.append("gone"))
    enter(handshakes, broken, lambda: seen.remove("none"))
    enter(handshakes, last, lambda: seen.append("last"))
    gone.is_gone = True
    while not seen:
        await asyncio.sleep(0)
    assert (seen, broken.is_gone, last.is_gone) == (["last"], True, False)
    assert [type(failure) for failure in failures] == [ValueError]


async def test_each_has_the_context_of_its_own_client() -> None:
    of_request, seen = ContextVar("of_request", default=""), list[str]()
    handshakes, clients = Handshakes(), [Client(), Client()]

    def begin(name: str, client: Client) -> None:
        of_request.set(name)
        enter(handshakes, client, lambda: seen.append(of_request.get()))

    copy_context().run(begin, "first", clients[0])
    enter(handshakes, clients[1], lambda: seen.append(of_request.get()))
    while len(seen) < 2:
        await asyncio.sleep(0)
    assert seen == ["first", ""]
