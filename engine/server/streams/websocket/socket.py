"""One socket: the messages of the client, the operations that run for it and the messages sent, until it is closed."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING
from uuid import UUID

from fieldstone.engine.client_json import LARGE
from fieldstone.engine.database_errors import describe
from fieldstone.engine.errors import (
    ApiError,
    BadUserInput,
    Forbidden,
    QueryTooComplex,
    RateLimitExceeded,
    ServiceUnavailable,
    Unauthenticated,
)
from fieldstone.engine.events.hub import AnyMember
from fieldstone.engine.events.quotas import Place
from fieldstone.engine.events.subscriptions.group import Subscriber
from fieldstone.engine.events.subscriptions.live_query import AnySubscription
from fieldstone.engine.identity.credential import Presented
from fieldstone.engine.identity.watch import Watched, no_longer_valid
from fieldstone.engine.request.answer import Answer
from fieldstone.engine.request.path import GraphQLApi
from fieldstone.engine.request.stored_documents.request import GraphQLRequest
from fieldstone.engine.server.composition import Services
from fieldstone.engine.server.http.batch import build_internal_error
from fieldstone.engine.server.http.requests.auth import sign_in
from fieldstone.engine.server.http.requests.operations import Batch, build_request
from fieldstone.engine.server.log import report_unexpected
from fieldstone.engine.server.log_lines import Log
from fieldstone.engine.server.streams.send_queue import QueueLimits, QueueSink, SendQueue
from fieldstone.engine.server.streams.websocket.messages import (
    Close,
    Closing,
    acknowledge,
    begun,
    complete,
    failure,
    header_of,
    id_of,
    next_head,
    payload_of,
    pong,
    read_begin,
    read_endpoint,
    read_message,
)
from fieldstone.metadata.json_text import JsonValue, loads
from fieldstone.metadata.roles.principal import Principal, SubjectKind
from fieldstone.sql.errors import DatabaseError

if TYPE_CHECKING:
    from starlette.types import Receive, Send

_SENT_AT_ONCE = 64
"""Messages after which other tasks get their turn."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SocketLimits:
    """Limits of a socket.

    Attributes:
        initialisation: seconds within which connection_init must arrive.
        slow: seconds for which a message may wait for a client that does not read.
        farewell: seconds that a close waits for such a client.
        operations: how many run at once.
    """

    initialisation: float = 10.0
    slow: float = 15.0
    farewell: float = 30.0
    operations: int = 1_000
    queue: QueueLimits = field(default_factory=QueueLimits)


@dataclass(slots=True, eq=False, kw_only=True)
class _Operation:
    """An operation of the client that is not over.

    Attributes:
        task: answers the operation, or begins its subscription.
        member: the subscription, once it has begun.
        place: counts the bytes kept of the client's message.
        tells_begin: the client is told when the subscription has begun.
    """

    place: Place
    tells_begin: bool = False
    task: "asyncio.Task[None] | None" = None
    sink: QueueSink | None = None
    member: AnyMember | None = None


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
        present: returns all that the handshake presents, with the credential of the first message where it has one.
        note_key: called when the client has shown a valid key.
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
        present: Callable[[bytes | None, bytes | None], Presented],
        note_key: Callable[[], None],
    ) -> None:
        self._receive = receive
        self._send = send
        self._services = services
        self._choose = choose
        self._apis = apis
        self._limits = limits
        self._log = log
        self._present = present
        self._note_key = note_key
        self._queue = SendQueue(limits.queue, self._notice_room)
        self._operations: dict[str, _Operation] = {}
        self._principal: Principal | None = None
        self._watched: Watched | None = None
        self._is_initialised = False
        self._farewells: list[Callable[[], None]] = []
        self._ended: asyncio.Future[Closing | None] = asyncio.get_running_loop().create_future()

    async def run(self) -> Closing | None:
        """Serve until the end; return why the server closes the socket, None where the client did."""
        ends = [asyncio.create_task(self._read()), asyncio.create_task(self._write())]
        for task in ends:
            task.add_done_callback(self._notice_end)
        timer = asyncio.get_running_loop().call_later(self._limits.initialisation, self._time_out)
        try:
            return await self._ended
        finally:
            timer.cancel()
            for say in self._farewells:
                say()
            running = [one.task for one in self._operations.values() if one.task is not None]
            for operation in list(self._operations.values()):
                self._stop(operation)
            for task in ends:
                task.cancel()
            await asyncio.gather(*ends, *running, return_exceptions=True)
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
                    await self._begin(id_of(message), payload_of(message, required=True), len(text or ""))
                case "complete":
                    if (operation := self._operations.pop(id_of(message), None)) is not None:
                        self._stop(operation)
                case _:
                    raise Closing(Close.BAD_MESSAGE, "There is no such type of message")

    async def _initialise(self, payload: Mapping[str, JsonValue]) -> None:
        if self._is_initialised:
            raise Closing(Close.TOO_MANY_INITIALISATIONS, "Too many initialisation requests")
        self._is_initialised = True
        try:
            presented = self._present(header_of(payload, "authorization"), header_of(payload, "x-fieldstone-workspace"))
            services = self._services = await self._choose(presented)
            principal = await sign_in(services.identity, services.audit, services.failed_tokens, presented)
        except (Unauthenticated, Forbidden) as error:
            raise Closing(Close.FORBIDDEN, f"Forbidden: {error.message}") from None
        except BadUserInput as error:
            raise Closing(Close.BAD_MESSAGE, error.message) from None
        except (ServiceUnavailable, RateLimitExceeded) as error:
            raise Closing(Close.TRY_AGAIN_LATER, error.message) from None
        try:
            close = self._services.events.hub.quotas.open_socket(principal.workspace_id)
        except QueryTooComplex as error:
            raise Closing(Close.TRY_AGAIN_LATER, error.message) from None
        self._principal = principal
        self._watched = Watched(presented, principal)
        if principal.kind is not SubjectKind.ANONYMOUS:
            self._note_key()
        self._farewells += (
            close,
            self._services.watch.watch(self._watched, self._end_forbidden),
            self._services.watch.moved.connect(self._notice_move),
        )
        await self._queue.put(acknowledge())

    def _end_forbidden(self) -> None:
        """Close the socket: its principal has ended or changed. A client may come back with another credential."""
        if self._watched is not None:
            self._end(Closing(Close.FORBIDDEN, f"Forbidden: {no_longer_valid(self._watched.principal)}"))

    def _notice_room(self) -> None:
        self._services.events.hub.notice_room()

    def _notice_move(self, workspace_id: UUID) -> None:
        """Close the socket if its workspace has moved to another database: the client comes back and resumes there."""
        if self._principal is not None and self._principal.workspace_id == workspace_id:
            self._end(Closing(Close.TRY_AGAIN_LATER, "The workspace has moved to another database: connect again"))

    async def _read_large(self, text: str) -> Mapping[str, JsonValue]:
        if self._principal is None:
            raise Closing(Close.BAD_MESSAGE, f"A message before the acknowledgement has at most {LARGE} characters")
        try:
            work = self._services.foundation.work
            return await work.run(self._principal.workspace_id, partial(read_message, text))
        except ServiceUnavailable as error:
            raise Closing(Close.TRY_AGAIN_LATER, error.message) from None

    async def _begin(self, id_: str, payload: Mapping[str, JsonValue], size: int) -> None:
        """Begin an operation, whose message has `size` characters."""
        principal = self._principal
        if principal is None:
            raise Closing(Close.UNAUTHORIZED, "Unauthorized")
        if id_ in self._operations:
            raise Closing(Close.SUBSCRIBER_EXISTS, f"Subscriber for {id_} already exists")
        try:
            if len(self._operations) >= self._limits.operations:
                raise QueryTooComplex(f"The socket has {self._limits.operations} operations, which is the limit.")
            self._services.core.slots.require_room(principal)
            await self._services.limiter.count(principal)
            select = self._apis[read_endpoint(payload, tuple(self._apis))]
            tells_begin = read_begin(payload)
            request = build_request(payload, max_batch=1)
            if isinstance(request, Batch):
                raise Closing(Close.BAD_MESSAGE, "The payload of 'subscribe' must be one operation")
            request = request._replace(is_large=size > LARGE)
            place = self._services.events.hub.quotas.admit(principal.workspace_id, size)
        except ApiError as error:
            self._queue.force(failure(id_, [error.formatted()]))
            return
        operation = _Operation(place=place, tells_begin=tells_begin)
        self._operations[id_] = operation
        operation.task = asyncio.create_task(self._operate(id_, operation, principal, select, request))
        operation.task.add_done_callback(lambda done: self._notice_end_of(operation, done))

    def _notice_end_of(self, operation: _Operation, task: "asyncio.Task[None]") -> None:
        if operation.member is None:
            operation.place.leave()
        if not task.cancelled() and task.exception() is not None:
            self._notice_end(task)

    async def _operate(
        self,
        id_: str,
        operation: _Operation,
        principal: Principal,
        select: Callable[[Services], GraphQLApi],
        request: GraphQLRequest,
    ) -> None:
        """Answer a query or a mutation, or begin a subscription."""
        if not await self._still_holds(id_, operation):
            return
        opened = await select(self._services).open(principal, request, allow_mutation=True)
        if isinstance(opened, AnySubscription):
            await self._subscribe(id_, operation, opened)
        else:
            for text in _answer(id_, opened):
                await self._queue.put(text)
            self._forget(id_, operation)
        operation.task = None

    async def _still_holds(self, id_: str, operation: _Operation) -> bool:
        """Return whether the credential still has the same principal; end the socket or the operation if not."""
        if self._watched is None:
            return False
        try:
            if await self._services.identity.resolve(self._watched.presented) == self._watched.principal:
                self._services.identity.note_use(self._watched.principal)
                return True
        except ServiceUnavailable as error:
            self._queue.force(failure(id_, [error.formatted()]))
            self._forget(id_, operation)
            operation.task = None
            return False
        except ApiError:
            pass
        self._end_forbidden()
        return False

    async def _subscribe(self, id_: str, operation: _Operation, subscription: AnySubscription) -> None:
        def fail(errors: list[ApiError]) -> None:
            self._forget(id_, operation)
            self._stop(operation)
            self._queue.force(failure(id_, [error.formatted() for error in errors]))

        sink = QueueSink(self._queue, fail, head=next_head(id_))
        operation.sink = sink
        try:
            member = await self._services.events.hub.subscribe(subscription, sink, operation.place)
            operation.member = member
            if operation.tells_begin and isinstance(member, Subscriber):
                # Nothing else has run since the hub knows of the subscriber: this message is the first one.
                self._queue.force(begun(member.begin), sink)
        except ApiError as error:
            fail([error])
        except DatabaseError as error:
            known = describe(error, None, None)
            if known is None:
                raise
            fail([known])

    def _forget(self, id_: str, operation: _Operation) -> None:
        if self._operations.get(id_) is operation:
            del self._operations[id_]

    def _stop(self, operation: _Operation) -> None:
        """End an operation that the client has cancelled."""
        if operation.sink is not None:
            operation.sink.is_open = False
        if operation.member is not None:
            self._services.events.hub.leave(operation.member)
        elif operation.task is not None and operation.task is not asyncio.current_task():
            operation.task.cancel()


def _answer(id_: str, answer: Answer) -> list[str]:
    """Return the messages that carry an answer: one `error` for a request that was not executed."""
    body = answer.body.decode()
    if body.startswith('{"errors"'):
        answered = loads(body)
        if "data" not in answered:
            return [failure(id_, answered["errors"])]
    return [next_head(id_) + body + "}", complete(id_)]
