"""The event stream: subscriptions, and queries and mutations as well, over Server-Sent Events.

https://github.com/enisdenjo/graphql-sse/blob/master/PROTOCOL.md (the distinct connections mode)
"""

import asyncio
from collections.abc import Callable
from dataclasses import field, replace
from functools import partial
from typing import TYPE_CHECKING

from fieldstone.engine.database_errors import described
from fieldstone.engine.errors import (
    ApiError,
    BadUserInput,
    MethodNotAllowed,
    QueryTooComplex,
    ServiceUnavailable,
    Unauthenticated,
)
from fieldstone.engine.events.hub import AnyMember, Hub
from fieldstone.engine.events.subscriptions.group import Subscriber
from fieldstone.engine.events.subscriptions.live_query import AnySubscription
from fieldstone.engine.events.subscriptions.subscription import Subscription
from fieldstone.engine.identity.watch import Watched, no_longer_valid
from fieldstone.engine.request.answer import Answer
from fieldstone.engine.request.path import GraphQLApi
from fieldstone.engine.server.composition import Services
from fieldstone.engine.server.http.admission import Admission, Admitted
from fieldstone.engine.server.http.errors import NotAcceptable
from fieldstone.engine.server.http.requests.incoming import IncomingRequest, read_headers, read_timeout
from fieldstone.engine.server.http.requests.negotiation import JSON, takes_event_stream
from fieldstone.engine.server.http.requests.operations import Batch
from fieldstone.engine.server.http.requests.request_log import context_of
from fieldstone.engine.server.http.responses import Headers, Reply, build_error_reply, send_reply
from fieldstone.engine.server.streams.ends import StreamEnd
from fieldstone.engine.server.streams.send_queue import QueueLimits, QueueSink, SendQueue
from fieldstone.metadata.json_text import dumps
from fieldstone.sql.concurrency.deadlines import under_deadline
from fieldstone.sql.frozen import frozen

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send

_ALLOW = (b"allow", b"GET, HEAD, POST, OPTIONS")
_COMPLETE = "event: complete\ndata:\n\n"
_KEEP_ALIVE = ":\n\n"

Tell = Callable[[], str]
"""Returns the block that keeps a stream alive: with the position that it has reached, where it has one."""

_STREAM: Headers = [
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"x-accel-buffering", b"no"),
]


@frozen
class StreamLimits:
    """Limits of a stream: seconds until a keep-alive, and seconds to wait for a client that does not read."""

    keep_alive: float = 12.0
    slow: float = 15.0
    queue: QueueLimits = field(default_factory=QueueLimits)


class StreamEndpoint:
    """An ASGI app that answers an operation with a stream of its results.

    Args:
        admission: the one of all endpoints.
        path: the one that it stands at.
        select: returns the API that it serves.
        closing: set when all streams must end, so that their clients come back to another process.
    """

    def __init__(
        self,
        *,
        admission: Admission,
        path: str,
        select: Callable[[Services], GraphQLApi],
        closing: StreamEnd,
    ) -> None:
        self._admission = admission
        self._path = path
        self._select = select
        self._closing = closing
        self._limits = StreamLimits()

    async def __call__(self, scope: "Scope", receive: "Receive", send: "Send") -> None:
        """Answer one request."""
        context = context_of(scope)
        context.endpoint = self._path
        headers: Headers = []
        try:
            reply = await self._answer(scope, receive, send, headers)
        except ApiError as error:
            reply = build_error_reply(error)
        if reply is not None:
            if reply.status == MethodNotAllowed.status or scope["method"] == "OPTIONS":
                headers.append(_ALLOW)
            await send_reply(send, reply, headers, head=scope["method"] == "HEAD")

    async def _answer(self, scope: "Scope", receive: "Receive", send: "Send", headers: Headers) -> Reply | None:
        """Answer with a stream, or return the reply to a request that gets none.

        The answer to a HEAD is the head of the stream, which ends there: nobody becomes a subscriber.
        """
        if scope["method"] == "OPTIONS":
            return Reply(status=200, body=b"")
        if scope["method"] not in {"GET", "HEAD", "POST"}:
            raise MethodNotAllowed(f"The method {scope['method']} is not allowed here: send a POST or a GET.")
        given = read_headers(scope["headers"])
        incoming = IncomingRequest(scope=scope, receive=receive, given=given, reply_headers=headers)
        admitted = await self._admission.admit(incoming)
        incoming.context.operations = 1
        if not takes_event_stream(given.get(b"accept")):
            raise NotAcceptable("The answer is text/event-stream.")
        with under_deadline(read_timeout(given)):
            request = await self._admission.read(admitted, max_batch=1)
            if isinstance(request, Batch):
                raise BadUserInput("A stream is the answer to one operation, not to a batch.")
            api, is_post = self._select(admitted.services), incoming.method == "POST"
            opened = await api.open(admitted.principal, request, allow_mutation=is_post)
        if isinstance(opened, Answer) and opened.status == ServiceUnavailable.status:
            return Reply(status=opened.status, body=opened.body, media_type=JSON)
        if incoming.method == "HEAD":
            await _send_whole(send, "", headers)
            return None
        if isinstance(opened, Answer):
            # Errors of the document go into the stream too: clients would retry a failed request.
            await _send_whole(send, _next(opened.body.decode()) + _COMPLETE, headers)
            return None
        last = given.get(b"last-event-id")
        if last is not None and isinstance(opened, Subscription):
            # A client reconnects with the address that it began with: the last position that it received counts.
            opened = replace(opened, after=last.decode("latin-1"))
        await self._subscribe(admitted, opened, send)
        return None

    async def _subscribe(self, admitted: Admitted, subscription: AnySubscription, send: "Send") -> None:
        services, principal, headers = admitted.services, admitted.principal, admitted.incoming.reply_headers
        queue = SendQueue(self._limits.queue, services.events.hub.notice_room)

        def fail(errors: list[ApiError]) -> None:
            sink.close()
            listed = dumps({"errors": [error.formatted() for error in errors]})
            queue.force(_next(listed) + _COMPLETE, None)
            queue.force("")

        sink = _StreamSink(queue, fail)
        with described():
            try:
                member = await services.events.hub.subscribe(subscription, sink)
            except (BadUserInput, QueryTooComplex) as error:
                await _send_whole(send, _next(dumps({"errors": [error.formatted()]})) + _COMPLETE, headers)
                return
        # Nothing else has run since the hub knows of the subscriber: events may wait behind this position, none before.
        begin, tell = _tell(member), partial(_tell_reached, services.events.hub, member)
        ended = Unauthenticated(no_longer_valid(principal))
        forget = services.watch.watch(Watched(admitted.presented, principal), lambda: sink.fail([ended]))
        writing = asyncio.create_task(self._write(queue, send, headers, begin, tell))
        left = asyncio.Event()
        stay = services.watch.moved.connect(
            lambda workspace_id: left.set() if workspace_id == principal.workspace_id else None
        )
        gone, closing = (
            asyncio.create_task(_until_gone(admitted.incoming.receive)),
            asyncio.create_task(self._until_closing()),
        )
        others = (gone, closing, asyncio.create_task(left.wait()))
        try:
            await asyncio.wait({writing, *others}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            forget()
            stay()
            services.events.hub.leave(member)
            for task in (writing, *others):
                task.cancel()
            # Not asyncio.gather: cancelled, it raises another CancelledError than anyio knows from its cancel scopes.
            await asyncio.wait({writing, *others})
            queue.clear()
        for task in (writing, closing):
            if not task.cancelled():
                # The line in the log of an unexpected error.
                task.result()
        if writing.cancelled() and gone.cancelled():
            # A stream that ends without a `complete` event asks the client to reconnect.
            await send({"type": "http.response.body", "body": b""})

    async def _until_closing(self) -> None:
        await self._closing.wait()

    async def _write(self, queue: SendQueue, send: "Send", headers: Headers, begin: str, tell: Tell) -> None:
        """Send the begin and the texts of the queue, up to an empty one."""
        await send({"type": "http.response.start", "status": 200, "headers": [*_STREAM, *headers]})
        text = begin
        while text:
            try:
                async with asyncio.timeout(self._limits.slow):
                    await send({"type": "http.response.body", "body": text.encode(), "more_body": True})
            except TimeoutError:
                return  # The client does not read: it may reconnect with the last id that it received.
            try:
                async with asyncio.timeout(self._limits.keep_alive):
                    _, text = await queue.take()
            except TimeoutError:
                # A result may have come in this moment: the client would not get it behind a later position.
                text = tell() if queue.is_empty else _KEEP_ALIVE
        await send({"type": "http.response.body", "body": b""})


class _StreamSink(QueueSink):
    """A subscription's results as events, each with its position as its id; a change of the model has none."""

    def format(self, position: str, payload: str) -> str:
        return _next(payload, position)


async def _send_whole(send: "Send", text: str, headers: Headers) -> None:
    """Send a stream that has no more than this text."""
    await send({"type": "http.response.start", "status": 200, "headers": [*_STREAM, *headers]})
    await send({"type": "http.response.body", "body": text.encode()})


def _tell(member: AnyMember) -> str:
    """Return the block that keeps a stream alive, and tells the position of a subscriber to events.

    Without data it is no event, and clients keep its id as the last one that they have received.
    https://html.spec.whatwg.org/multipage/server-sent-events.html#dispatchMessage
    """
    return f"id: {member.begin}\n\n" if isinstance(member, Subscriber) else _KEEP_ALIVE


def _tell_reached(hub: Hub, member: AnyMember) -> str:
    if isinstance(member, Subscriber):
        member.advance(hub.position)
    return _tell(member)


def _next(payload: str, position: str = "") -> str:
    return "event: next\n" + (f"id: {position}\n" if position else "") + "data: " + payload + "\n\n"


async def _until_gone(receive: "Receive") -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
