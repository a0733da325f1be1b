"""The two outermost layers: the error boundary and the request log."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

from fieldstone.engine.errors import ApiError, ServiceUnavailable
from fieldstone.engine.server.connections.request_ids import HEADER
from fieldstone.engine.server.http.batch import build_internal_error
from fieldstone.engine.server.http.errors import ClientGone
from fieldstone.engine.server.http.refusal_pace import PACED, RefusalPace
from fieldstone.engine.server.http.requests.request_log import CLIENT_GONE, WriteLine, begin_request, context_of
from fieldstone.engine.server.http.responses import Reply, send_reply
from fieldstone.engine.server.log import report_unexpected
from fieldstone.engine.server.log_lines import Log
from fieldstone.engine.server.metrics.counts import Requests

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send


class ErrorBoundary:
    """Turns errors of the inner app into responses; of an unexpected error the client gets its id only.

    Args:
        app: the inner one.
        log: for unexpected errors.
        build_reply: returns the response to a request that ended with an error, in the form of its API.
    """

    def __init__(self, app: "ASGIApp", log: Log, build_reply: "Callable[[Scope, ApiError], Reply]") -> None:
        self._app = app
        self._log = log
        self._build_reply = build_reply

    async def __call__(self, scope: "Scope", receive: "Receive", send: "Send") -> None:
        """Pass the request on."""
        context = context_of(scope)
        try:
            await self._app(scope, receive, send)
        except ClientGone:
            context.status = CLIENT_GONE
        except asyncio.CancelledError:
            if not context.status:
                stopping = ServiceUnavailable("The server stopped before the answer: a change may or may not be kept.")
                await send_reply(send, self._build_reply(scope, stopping), head=scope["method"] == "HEAD")
            raise
        except ApiError as error:
            await send_reply(send, self._build_reply(scope, error), head=scope["method"] == "HEAD")
        except Exception as error:
            context.error_id = report_unexpected(self._log, error, request_id=context.id)
            if context.status:
                raise  # The response has begun: only the server can break it off.
            reply = self._build_reply(scope, build_internal_error(context.error_id, context.id))
            await send_reply(send, reply, head=scope["method"] == "HEAD")


class RequestLog:
    """Logs and counts each request when it is over, and answers with its id; refusals are answered at their pace."""

    def __init__(self, app: "ASGIApp", *, write_line: WriteLine, counts: Requests, refusals: RefusalPace) -> None:
        self._app = app
        self._write_line = write_line
        self._counts = counts
        self._refusals = refusals

    async def __call__(self, scope: "Scope", receive: "Receive", send: "Send") -> None:
        """Pass the request on."""
        context = begin_request(scope)
        id_header = (HEADER, context.id.encode())
        begun = time.perf_counter()
        held = 0.0

        async def send_at_pace(message: "Message") -> None:
            nonlocal held
            held = await self._refusals.wait()
            await send(message)

        def observed_send(message: "Message") -> Awaitable[None]:
            if message["type"] == "http.response.start":
                context.status = message["status"]
                added = [id_header]
                if context.tells_time:
                    added.append((b"server-timing", b"total;dur=%.3f" % ((time.perf_counter() - begun) * 1_000)))
                message = {**message, "headers": [*message["headers"], *added]}
                if context.status in PACED:
                    return send_at_pace(message)
            return send(message)

        try:
            await self._app(scope, receive, observed_send)
        finally:
            # As on the fast path, the time for which a refusal was held back is none of the work.
            seconds = time.perf_counter() - begun - held
            # A request without a status was cancelled from outside.
            status = context.status or CLIENT_GONE
            self._counts.count(context.endpoint, status, seconds)
            self._write_line(scope["method"], scope["path"], context, status, seconds)
