"""The operations that run for one socket, from the message that begins each of them to its end."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from fieldstone.engine.client_json import LARGE
from fieldstone.engine.database_errors import describe
from fieldstone.engine.errors import ApiError, QueryTooComplex, ServiceUnavailable
from fieldstone.engine.events.hub import AnyMember
from fieldstone.engine.events.quotas import Place, owner_of
from fieldstone.engine.events.subscriptions.group import Subscriber
from fieldstone.engine.events.subscriptions.live_query import AnySubscription
from fieldstone.engine.identity.watch import Watched
from fieldstone.engine.request.answer import Answer
from fieldstone.engine.request.path import GraphQLApi
from fieldstone.engine.request.stored_documents.request import GraphQLRequest
from fieldstone.engine.server.composition import Services
from fieldstone.engine.server.http.refusal_pace import RefusalPace
from fieldstone.engine.server.http.requests.operations import Batch, build_request
from fieldstone.engine.server.streams.send_queue import QueueSink, SendQueue
from fieldstone.engine.server.streams.websocket.answer_window import AnswerWindow
from fieldstone.engine.server.streams.websocket.messages import (
    Close,
    Closing,
    begun,
    complete,
    failure,
    next_head,
    read_begin,
    read_endpoint,
)
from fieldstone.metadata.json_text import JsonValue, loads
from fieldstone.metadata.roles.principal import Principal
from fieldstone.sql.errors import DatabaseError


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


class SocketOperations:
    """The operations of the principal that a socket has been initialised for.

    Args:
        services: those that answer.
        watched: the principal, with all that was presented for it.
        apis: the APIs, by their paths; an operation that names none is of the first one.
        queue: takes the messages to the client.
        most: how many run at once.
        refusals: tells for how long the refusal of an operation is held back, and the messages behind it.
        end_forbidden: ends the socket when the principal has ended or changed.
        notice_end: told of the task of an operation that has failed.
    """

    __slots__ = (
        "_apis",
        "_end_forbidden",
        "_most",
        "_notice_end",
        "_queue",
        "_refusals",
        "_running",
        "_services",
        "_watched",
        "_window",
    )

    def __init__(
        self,
        *,
        services: Services,
        watched: Watched,
        apis: Mapping[str, Callable[[Services], GraphQLApi]],
        queue: SendQueue,
        most: int,
        refusals: RefusalPace,
        end_forbidden: Callable[[], None],
        notice_end: Callable[["asyncio.Task[None]"], None],
    ) -> None:
        self._services = services
        self._watched = watched
        self._apis = apis
        self._queue = queue
        self._window = AnswerWindow(queue)
        self._most = most
        self._refusals = refusals
        self._end_forbidden = end_forbidden
        self._notice_end = notice_end
        self._running: dict[str, _Operation] = {}

    @property
    def principal(self) -> Principal:
        """The principal of all operations."""
        return self._watched.principal

    def tell_positions(self) -> None:
        """Tell the position again of each subscription whose begin was told, if it has got on without an event.

        A sealed one is told whether or not it has: with restrictions a principal must not learn that others write.
        """
        position = self._services.events.hub.position
        for operation in self._running.values():
            member, sink = operation.member, operation.sink
            if not operation.tells_begin or not isinstance(member, Subscriber) or sink is None:
                continue
            # All events up to the position are sent, or in the queue before this message.
            if sink.has_room and (member.advance(position) or member.is_sealed):
                self._queue.offer(begun(member.begin), sink)

    def complete(self, id_: str) -> None:
        """End an operation that the client has cancelled, if it is not over."""
        if (operation := self._running.pop(id_, None)) is not None:
            self._stop(operation)

    def stop(self) -> "list[asyncio.Task[None]]":
        """End all operations, and return the tasks that they still have."""
        running = [one.task for one in self._running.values() if one.task is not None]
        for operation in list(self._running.values()):
            self._stop(operation)
        return running

    async def begin(self, id_: str, payload: Mapping[str, JsonValue], size: int) -> None:
        """Begin an operation, whose message has `size` characters."""
        principal = self.principal
        if id_ in self._running:
            raise Closing(Close.SUBSCRIBER_EXISTS, f"Subscriber for {id_} already exists")
        try:
            if len(self._running) >= self._most:
                raise QueryTooComplex(f"The socket has {self._most} operations, which is the limit.")
            self._services.core.slots.require_room(principal)
            await self._services.limiter.count(principal)
            select = self._apis[read_endpoint(payload, tuple(self._apis))]
            tells_begin = read_begin(payload)
            request = build_request(payload, max_batch=1)
            if isinstance(request, Batch):
                raise Closing(Close.BAD_MESSAGE, "The payload of 'subscribe' must be one operation")
            request = request._replace(is_large=size > LARGE)
            place = self._services.events.hub.quotas.admit(owner_of(principal), size)
        except ApiError as error:
            await self._refusals.wait()
            await self._queue.put(failure(id_, [error.formatted()]))
            return
        operation = _Operation(place=place, tells_begin=tells_begin)
        self._running[id_] = operation
        operation.task = asyncio.create_task(self._operate(id_, operation, select, request))
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
        select: Callable[[Services], GraphQLApi],
        request: GraphQLRequest,
    ) -> None:
        """Answer a query or a mutation, or begin a subscription."""
        async with self._window.turn():
            if not await self._still_holds(id_, operation):
                return
            opened = await select(self._services).open(self.principal, request, allow_mutation=True)
            if isinstance(opened, AnySubscription):
                await self._subscribe(id_, operation, opened)
            else:
                texts = _answer(id_, opened)
                del opened  # the text is as long
                for text in texts:
                    await self._queue.put(text)
                self._window.adapt(len(texts[0]))
                self._forget(id_, operation)
        operation.task = None

    async def _still_holds(self, id_: str, operation: _Operation) -> bool:
        """Return whether the credential still has the same principal; end the socket or the operation if not."""
        try:
            if await self._services.identity.resolve(self._watched.presented) == self._watched.principal:
                self._services.identity.note_use(self._watched.principal)
                return True
        except ServiceUnavailable as error:
            await self._refuse(id_, operation, error)
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
        except (ApiError, DatabaseError) as error:
            known = error if isinstance(error, ApiError) else describe(error, None, None)
            if known is None:
                raise
            await self._refuse(id_, operation, known)

    async def _refuse(self, id_: str, operation: _Operation, error: ApiError) -> None:
        """End an operation that cannot begin, as soon as there is room for its error: until then it counts as one."""
        await self._queue.put(failure(id_, [error.formatted()]))
        self._forget(id_, operation)
        operation.task = None

    def _forget(self, id_: str, operation: _Operation) -> None:
        if self._running.get(id_) is operation:
            del self._running[id_]

    def _stop(self, operation: _Operation) -> None:
        """End an operation that is not over."""
        if operation.sink is not None:
            operation.sink.close()
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
