"""One socket: the messages that it receives and sends, from its initialisation until it is closed."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import field
from functools import partial
from typing import TYPE_CHECKING
from uuid import UUID

from fieldstone.engine.client_json import LARGE
from fieldstone.engine.errors import (
    BadUserInput,
    Forbidden,
    QueryTooComplex,
    RateLimitExceeded,
    ServiceUnavailable,
    Unauthenticated,
)
from fieldstone.engine.events.quotas import owner_of
from fieldstone.engine.identity.credential import Presented
from fieldstone.engine.identity.identity import NEEDS_KEY
from fieldstone.engine.identity.watch import Watched, no_longer_valid
from fieldstone.engine.request.path import GraphQLApi
from fieldstone.engine.server.composition import Services
from fieldstone.engine.server.http.batch import build_internal_error
from fieldstone.engine.server.http.refusal_pace import RefusalPace
from fieldstone.engine.server.http.requests.auth import sign_in
from fieldstone.engine.server.log import report_unexpected
from fieldstone.engine.server.log_lines import Log
from fieldstone.engine.server.streams.send_queue import QueueLimits, SendQueue
from fieldstone.engine.server.streams.websocket.messages import (
    Close,
    Closing,
    acknowledge,
    headers_of,
    id_of,
    payload_of,
    pong,
    read_message,
)
from fieldstone.engine.server.streams.websocket.operations import SocketOperations
from fieldstone.metadata.json_text import JsonValue
from fieldstone.metadata.roles.principal import SubjectKind
from fieldstone.sql.frozen import frozen

if TYPE_CHECKING:
    from starlette.types import Receive, Send

_SENT_AT_ONCE = 64
"""Messages after which other tasks get their turn."""

# The sockets of browsers have no headers. A reason has at most 123 bytes (RFC 6455, section 5.5.1).
_NEEDS_KEY = "An API key is needed: give { authorization: 'Bearer KEY' } in connectionParams."


@frozen
class SocketLimits:
    """Limits of a socket.

    Attributes:
        initialisation: seconds within which connection_init must arrive.
        slow: seconds for which a message may wait for a client that does not read.
        farewell: seconds that a close waits for such a client.
        operations: how many run at once.
        telling: seconds after which the positions of subscriptions that have got no event are told again.
    """

    initialisation: float = 10.0
    slow: float = 15.0
    farewell: float = 30.0
    operations: int = 1_000
    telling: float = 60.0
    queue: QueueLimits = field(default_factory=QueueLimits)


class ClientSocket:
    """A socket that has been accepted.

    Args:
        receive: the ASGI channel from the client.
        send: the ASGI channel to the client.
        services: those behind the endpoints.
        choose: returns the services that answer for all that is presented; raises ApiError.
        apis: the APIs that it serves, by their paths; an operation that names none is of the first one.
        limits: those of the socket.
        log: for unexpected errors.
        refusals: tells for how long the refusal of an operation is held back.
        present: returns all that the handshake presents, with the headers of the first message in the place of its own.
        note_key: called when the client has shown a valid key.
        count_unsent: takes a function that returns the number of characters that wait for the client; its result is
            called when some wait for room.
    """

    def __init__(
        self,
        *,
        receive: "Receive",
        send: "Send",
        services: Services,
        choose: Callable[[Presented], Awaitable[Services]],
        apis: Mapping[str, Callable[[Services], GraphQLApi]],
        limits: SocketLimits,
        log: Log,
        refusals: RefusalPace,
        present: Callable[[Mapping[bytes, bytes]], Presented],
        note_key: Callable[[], None],
        count_unsent: Callable[[Callable[[], int]], Callable[[], None]],
    ) -> None:
        self._receive = receive
        self._send = send
        self._services = services
        self._choose = choose
        self._apis = apis
        self._limits = limits
        self._log = log
        self._refusals = refusals
        self._present = present
        self._note_key = note_key
        note_held = count_unsent(lambda: self._queue.characters)
        self._queue = SendQueue(limits.queue, self._notice_room, on_held=note_held)
        self._operations: SocketOperations | None = None
        self._is_initialised = False
        self._farewells: list[Callable[[], None]] = []
        self._ended: asyncio.Future[Closing | None] = asyncio.get_running_loop().create_future()

    async def run(self) -> Closing | None:
        """Serve until the end; return why the server closes the socket, None where the client did."""
        ends = [asyncio.create_task(work) for work in (self._read(), self._write(), self._tell())]
        for task in ends:
            task.add_done_callback(self._notice_end)
        timer = asyncio.get_running_loop().call_later(self._limits.initialisation, self._time_out)
        try:
            return await self._ended
        finally:
            timer.cancel()
            for say in self._farewells:
                say()
            # First, so that no operation that ends looks through it.
            self._queue.clear()
            running = [] if self._operations is None else self._operations.stop()
            for task in ends:
                task.cancel()
            # Not asyncio.gather: cancelled, it raises another CancelledError than anyio knows from its cancel scopes.
            await asyncio.wait([*ends, *running])
            self._queue.clear()

    def _end(self, closing: Closing | None) -> None:
        if not self._ended.done():
            self._ended.set_result(closing)

    def _time_out(self) -> None:
        if not self._is_initialised:
            self._end(Closing(Close.INITIALISATION_TIMEOUT, "Connection initialisation timeout"))

    def _notice_end(self, task: "asyncio.Task[None]") -> None:
        if task.cancelled():
            return
        match task.exception():
            case None:
                self._end(None)
            case Closing() as closing:
                self._end(closing)
            case OSError():  # servers raise it when the client has disconnected
                self._end(None)
            case error:
                self._end(
                    Closing(Close.INTERNAL_ERROR, build_internal_error(report_unexpected(self._log, error)).message)
                )

    async def _write(self) -> None:
        sent = 0
        while True:
            sink, text = await self._queue.take()
            try:
                async with asyncio.timeout(self._limits.slow):
                    await self._send(
                        {"type": "websocket.send", "text": text if sink is None else sink.head + text + "}"}
                    )
            except TimeoutError:
                raise Closing(
                    Close.SLOW_READER, "The client does not read: resume after the last position received"
                ) from None
            sent += 1
            if sent % _SENT_AT_ONCE == 0:
                await asyncio.sleep(0)

    async def _tell(self) -> None:
        while True:
            await asyncio.sleep(self._limits.telling)
            if self._operations is not None:
                self._operations.tell_positions()

    async def _read(self) -> None:
        while (event := await self._receive())["type"] != "websocket.disconnect":
            text: str | None = event.get("text")
            is_large = text is not None and len(text) > LARGE
            message = await self._read_large(text) if text is not None and is_large else read_message(text)
            match message["type"]:
                case "connection_init":
                    await self._initialise(payload_of(message))
                case "ping":
                    await self._queue.put(pong(message))
                case "pong":
                    pass
                case "subscribe":
                    id_, payload = id_of(message), payload_of(message, required=True)
                    if self._operations is None:
                        raise Closing(Close.UNAUTHORIZED, "Unauthorized")
                    # An operation may end with a message that is put in beyond the limits.
                    await self._queue.wait_for_room()
                    await self._operations.begin(id_, payload, len(text or ""))
                case "complete":
                    id_ = id_of(message)
                    if self._operations is not None:
                        self._operations.complete(id_)
                case _:
                    raise Closing(Close.BAD_MESSAGE, "There is no such type of message")

    async def _initialise(self, payload: Mapping[str, JsonValue]) -> None:
        if self._is_initialised:
            raise Closing(Close.TOO_MANY_INITIALISATIONS, "Too many initialisation requests")
        self._is_initialised = True
        try:
            presented = self._present(headers_of(payload))
            services = self._services = await self._choose(presented)
            principal = await sign_in(services.identity, services.audit, services.failed_tokens, presented)
        except (Unauthenticated, Forbidden) as error:
            reason = _NEEDS_KEY if error.message == NEEDS_KEY else error.message
            raise Closing(Close.FORBIDDEN, f"Forbidden: {reason}") from None
        except BadUserInput as error:
            raise Closing(Close.BAD_MESSAGE, error.message) from None
        except (ServiceUnavailable, RateLimitExceeded) as error:
            raise Closing(Close.TRY_AGAIN_LATER, error.message) from None
        try:
            close = self._services.events.hub.quotas.open_socket(owner_of(principal))
        except QueryTooComplex as error:
            raise Closing(Close.TRY_AGAIN_LATER, error.message) from None
        watched = Watched(presented, principal)
        self._operations = SocketOperations(
            services=services,
            watched=watched,
            apis=self._apis,
            queue=self._queue,
            most=self._limits.operations,
            refusals=self._refusals,
            end_forbidden=self._end_forbidden,
            notice_end=self._notice_end,
        )
        if principal.kind is not SubjectKind.ANONYMOUS:
            self._note_key()
        self._farewells += (
            close,
            self._services.watch.watch(watched, self._end_forbidden),
            self._services.watch.moved.connect(self._notice_move),
        )
        await self._queue.put(acknowledge())

    def _end_forbidden(self) -> None:
        """Close the socket: its principal has ended or changed. A client may come back with another credential."""
        if self._operations is not None:
            self._end(Closing(Close.FORBIDDEN, f"Forbidden: {no_longer_valid(self._operations.principal)}"))

    def _notice_room(self) -> None:
        self._services.events.hub.notice_room()

    def _notice_move(self, workspace_id: UUID) -> None:
        """Close the socket if its workspace has moved to another database: the client comes back and resumes there."""
        if self._operations is not None and self._operations.principal.workspace_id == workspace_id:
            self._end(Closing(Close.TRY_AGAIN_LATER, "The workspace has moved to another database: connect again"))

    async def _read_large(self, text: str) -> Mapping[str, JsonValue]:
        if self._operations is None:
            raise Closing(Close.BAD_MESSAGE, f"A message before the acknowledgement has at most {LARGE} characters")
        try:
            work = self._services.foundation.work
            return await work.run(self._operations.principal.workspace_id, partial(read_message, text))
        except ServiceUnavailable as error:
            raise Closing(Close.TRY_AGAIN_LATER, error.message) from None
