"""The endpoint of exports: the lines of one page after another become the chunks of a response."""

import asyncio
import time
from typing import TYPE_CHECKING

from fieldstone.engine.errors import ApiError, RateLimitExceeded, ServiceUnavailable
from fieldstone.engine.identity.watch import Watched
from fieldstone.engine.rest.export_addresses import PARAMETERS, ExportAddress
from fieldstone.engine.rest.exports.export import Export
from fieldstone.engine.rest.parameters import read_named
from fieldstone.engine.rest.routes import allow_header, refuse_method
from fieldstone.engine.server.http.admission import Admission, Admitted
from fieldstone.engine.server.http.errors import ClientGone
from fieldstone.engine.server.http.requests.disconnect import PATIENCE, CancelOnDisconnect
from fieldstone.engine.server.http.requests.incoming import IncomingRequest
from fieldstone.engine.server.http.requests.request_log import RequestContext
from fieldstone.engine.server.http.responses import Headers, Reply
from fieldstone.engine.server.log import report_unexpected
from fieldstone.engine.server.log_lines import Log
from fieldstone.engine.server.rest.transfer_slots import TransferSlots
from fieldstone.engine.server.streams.ends import StreamEnd
from fieldstone.sql.concurrency.deadlines import Overdue

if TYPE_CHECKING:
    from starlette.types import Send

_METHODS = ("GET", "POST", "HEAD", "OPTIONS")
"""POST is an import."""
_CHUNK = 65_536
_SLOW = 15.0
"""Seconds that a client may take to read a chunk, and all chunks beyond the time for their bytes."""
_LONGEST = 7_200.0
"""Seconds of an export, from its first page to its last one."""
_SLOWEST = 32_768
"""Bytes that a client has to take in each second in which it is waited for, on average."""
_ATTEMPTS = 10
"""Times that a page is asked for while the database is not available, a second apart."""


class ExportEndpoint:
    """Answers the requests for exports.

    Args:
        admission: the one of all endpoints.
        log: has a line for each export that is cut.
        closing: set when all responses must end.
    """

    def __init__(self, *, admission: Admission, log: Log, closing: StreamEnd) -> None:
        self._admission = admission
        self._log = log
        self._closing = closing
        self._slots = TransferSlots("exports")
        self._patience = Overdue(PATIENCE)

    async def answer(self, incoming: IncomingRequest, send: "Send", address: ExportAddress) -> Reply | None:
        """Send an export, or return the reply to a request that gets none.

        Raises:
            ApiError: the export is refused; the response has not begun.
            ClientGone: the client has closed the connection.
        """
        method = incoming.method
        if method == "OPTIONS":
            return Reply(status=200, body=b"", headers=[allow_header(_METHODS)])
        admitted = await self._admission.admit(incoming)
        if method not in _METHODS:
            incoming.reply_headers.append(allow_header(_METHODS))
            raise refuse_method(method, _METHODS)
        parameters = read_named(incoming.query, PARAMETERS)
        services, principal = admitted.services, admitted.principal
        with self._slots.held(principal):
            export = Export(services.rest, services.foundation.work, principal, address, parameters)
            async with CancelOnDisconnect(incoming.receive, self._patience):
                incoming.context.operations = 1
                lines = await export.read_next()
                stream = _Stream(incoming.context, send)
                await stream.begin(_headers(export, address, incoming.reply_headers))
                if method == "HEAD":
                    await stream.end()
                else:
                    await self._send_all(admitted, export, stream, lines)
        return None

    async def _send_all(self, admitted: Admitted, export: Export, stream: "_Stream", lines: bytes) -> None:
        """Send the lines of all pages; a response that is cut has no end, which the client sees."""
        ended = asyncio.Event()
        forget = admitted.services.watch.watch(Watched(admitted.presented, admitted.principal), ended.set)
        try:
            await stream.send(lines)
            while not export.is_over:
                lines = await self._read_next(admitted, export, stream, ended)
                stream.context.operations = export.pages
                await stream.send(lines)
            await stream.end()
        except ClientGone:
            raise
        except ApiError as error:
            self._log_cut(export, error.message)
        except TimeoutError:
            self._log_cut(export, "The client reads too slowly.")
        except Exception as error:  # noqa: BLE001 - the app's edge: the response has begun
            stream.context.error_id = report_unexpected(self._log, error, request_id=stream.context.id)
            self._log_cut(export, "An unexpected error.")
        finally:
            forget()

    async def _read_next(self, admitted: Admitted, export: Export, stream: "_Stream", ended: asyncio.Event) -> bytes:
        """Return the next lines; wait where the rate limit or the database does not allow for them yet."""
        attempts = 0
        if stream.is_late():
            raise ServiceUnavailable(f"It has taken {_LONGEST / 3_600:g} hours: go on with 'starting_after'.")
        is_counted = not export.counts_pages
        while True:
            if self._closing.is_set():
                raise ServiceUnavailable("The server stops.")
            if ended.is_set():
                raise ServiceUnavailable("The key is no longer valid, or has changed.")
            try:
                if not is_counted:
                    await admitted.services.limiter.count(admitted.principal)
                    is_counted = True
                return await export.read_next()
            except RateLimitExceeded as error:
                pause = error.pause
            except ServiceUnavailable:
                attempts += 1
                if attempts == _ATTEMPTS:
                    raise
                pause = 1.0
            await asyncio.sleep(pause)

    def _log_cut(self, export: Export, reason: str) -> None:
        self._log.warning("export cut", object=export.name, records=export.records, reason=reason)


class _Stream:
    """A response whose length is not known."""

    def __init__(self, context: RequestContext, send: "Send") -> None:
        self.context = context
        self._send = send
        self._began = time.monotonic()
        self._waited = 0.0
        self._taken = 0

    def is_late(self) -> bool:
        """Return whether the response takes too long as a whole."""
        return time.monotonic() - self._began > _LONGEST

    async def begin(self, headers: Headers) -> None:
        await self._send({"type": "http.response.start", "status": 200, "headers": headers})

    async def send(self, data: bytes) -> None:
        """Send data in chunks; raises TimeoutError if the client does not take one, or takes all of them slowly."""
        for place in range(0, len(data), _CHUNK):
            chunk = data[place : place + _CHUNK]
            message = {"type": "http.response.body", "body": chunk, "more_body": True}
            began = time.monotonic()
            # One that takes a chunk now and then must not keep a slot for days.
            left = _SLOW + self._taken / _SLOWEST - self._waited
            async with asyncio.timeout(min(_SLOW, max(0.0, left))):
                await self._send(message)
            self._waited += time.monotonic() - began
            self._taken += len(chunk)
            # A client that reads as fast as the server writes must not keep the others waiting.
            await asyncio.sleep(0)

    async def end(self) -> None:
        await self._send({"type": "http.response.body", "body": b""})


def _headers(export: Export, address: ExportAddress, headers: Headers) -> Headers:
    name = f"{export.name}.{address.format.value}"
    return [
        (b"content-type", address.format.media_type),
        (b"content-disposition", b'attachment; filename="%b"' % name.encode()),
        *headers,
    ]
