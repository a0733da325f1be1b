"""The endpoint of imports: the body of a request is a file, which is read as it comes."""

import asyncio
import time
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

from fieldstone.engine.errors import ApiError, BadUserInput, RateLimitExceeded, ServiceUnavailable
from fieldstone.engine.identity.watch import Watched, no_longer_valid
from fieldstone.engine.rest.errors import PROBLEM, write_error
from fieldstone.engine.rest.export_addresses import IMPORT_PARAMETERS, ExportAddress
from fieldstone.engine.rest.imports.importing import Import
from fieldstone.engine.rest.parameters import read_named
from fieldstone.engine.server.composition import Services
from fieldstone.engine.server.http.admission import Admission
from fieldstone.engine.server.http.body import decode_json_text
from fieldstone.engine.server.http.errors import (
    BodyTooLarge,
    BodyTooSlow,
    ClientGone,
    NotAcceptable,
    UnsupportedMediaType,
)
from fieldstone.engine.server.http.negotiation import JSON, prefers_problem, takes_json
from fieldstone.engine.server.http.request_log import context_of, note_streamed
from fieldstone.engine.server.http.responses import Headers, Reply
from fieldstone.engine.server.log import Log
from fieldstone.engine.server.rest.transfer_slots import TransferSlots
from fieldstone.engine.server.streams.ends import StreamEnd
from fieldstone.engine.settings import Settings
from fieldstone.metadata.json_text import JsonValue, dumps, loads
from fieldstone.metadata.roles.principal import Principal

if TYPE_CHECKING:
    from starlette.types import Receive, Scope

_SLOWEST = 4_096
"""Bytes of a file that have to come in each second in which it is waited for, on average."""
_LONGEST = 21_600.0
"""Seconds of an import."""
_MOST_DRAINED = 64 << 20
"""Bytes behind a refusal that are read, so that the client, which sends the whole file first, receives it."""
_DRAIN = 10.0
"""Seconds that these are read for."""

_MULTIPART = (b"multipart/form-data", b"application/x-www-form-urlencoded")


class ImportEndpoint:
    """Answers the requests for imports.

    Args:
        admission: the one of all endpoints.
        settings: the limits of files and records.
        log: has a line for each import.
        closing: set when all responses must end.
    """

    def __init__(self, *, admission: Admission, settings: Settings, log: Log, closing: StreamEnd) -> None:
        self._admission = admission
        self._settings = settings
        self._log = log
        self._closing = closing
        self._slots = TransferSlots("imports")

    async def answer(
        self, scope: "Scope", receive: "Receive", given: dict[bytes, bytes], address: ExportAddress, headers: Headers
    ) -> Reply:
        """Return the reply to an import.

        Raises:
            ApiError: it is refused; nothing was written.
            ClientGone: the client has closed the connection.
        """
        body = _Body(scope, receive, most=self._settings.max_import_bytes, patience=self._settings.body_timeout)
        try:
            return await self._admit(scope, body, given, address, headers)
        except ClientGone:
            raise
        except ApiError as error:
            ending = await body.drain()
            # The reply to these has the header already.
            headers += [] if isinstance(error, BodyTooLarge | BodyTooSlow) else ending
            raise

    async def _admit(
        self, scope: "Scope", body: "_Body", given: dict[bytes, bytes], address: ExportAddress, headers: Headers
    ) -> Reply:
        _check_headers(given)
        services, principal = await self._admission.admit(scope, given, headers, may_be_simple=True)
        parameters = read_named(scope["query_string"], IMPORT_PARAMETERS)
        run = Import(
            services.core,
            services.foundation.work,
            principal,
            address,
            parameters,
            decode=_decode,
            most=self._settings.max_body_bytes,
        )
        with self._slots.held(principal):
            context_of(scope).operations = 1
            try:
                watched = Watched(self._admission.presented.read(scope, given), principal)
                return await self._run(services, watched, run, body, given, headers)
            finally:
                report = run.report
                self._log.info(
                    "import", object=run.name, created=report.created, updated=report.updated, failed=report.failed
                )

    async def _run(
        self,
        services: Services,
        watched: Watched,
        run: Import,
        body: "_Body",
        given: dict[bytes, bytes],
        headers: Headers,
    ) -> Reply:
        ended = asyncio.Event()
        forget = services.watch.watch(watched, ended.set)
        try:
            await run.run(body.pieces(), lambda: self._allow(services, watched.principal, run, ended))
        except ApiError as error:
            if not run.report.read:
                raise
            headers += await body.drain()
            return _build_reply(run, error, given)
        finally:
            forget()
        if run.report.failed == run.report.read > 0:
            return _build_reply(run, BadUserInput("No record was written, because of the rows in 'errors'."), given)
        return Reply(status=200, body=dumps({"data": run.show()}).encode("utf-8", "replace"))

    async def _allow(self, services: Services, principal: Principal, run: Import, ended: asyncio.Event) -> None:
        """Wait until the rate limit allows for the next batch.

        Raises:
            ServiceUnavailable: the import cannot go on.
        """
        while True:
            if self._closing.is_set():
                raise ServiceUnavailable("The server stops: send the file again, with 'on_conflict'.")
            if ended.is_set():
                raise ServiceUnavailable(no_longer_valid(principal))
            if not run.counts_batches or not run.batches:
                return
            try:
                await services.limiter.count(principal)
            except RateLimitExceeded as error:
                wait = error.extensions["resetAt"] / 1000 - time.time()
            else:
                return
            # The end of the key or of the server is seen within a second.
            await asyncio.sleep(min(1.0, max(0.05, wait)))


class _Body:
    """The body of a request, piece by piece.

    Args:
        most: bytes that it may have.
        patience: seconds that may be waited for it, besides those that the bytes so far may have taken.
    """

    def __init__(self, scope: "Scope", receive: "Receive", *, most: int, patience: float) -> None:
        self._scope = scope
        self._receive = receive
        self._most = most
        self._patience = patience
        self._received = 0
        self._waited = 0.0
        self._is_over = self._is_slow = False

    async def pieces(self) -> AsyncIterator[bytes]:
        """Yield the pieces; raises ApiError, or ClientGone."""
        first = time.monotonic()
        while not self._is_over:
            began = time.monotonic()
            if began - first > _LONGEST:
                raise BodyTooSlow(f"The import has taken {_LONGEST / 3_600:g} hours: send the rest by itself.")
            left = self._patience + self._received / _SLOWEST - self._waited
            try:
                async with asyncio.timeout(max(0.0, left)):
                    piece = await self._next()
            except TimeoutError:
                self._is_slow = True
                raise BodyTooSlow(
                    f"The file comes too slowly: {_SLOWEST:,} bytes a second are the least, after"
                    f" {self._patience:g} seconds."
                ) from None
            self._waited += time.monotonic() - began
            if self._received > self._most:
                raise BodyTooLarge(
                    f"The file has more than {self._most:,} bytes, which is the limit (FIELDSTONE_MAX_IMPORT_BYTES)."
                )
            yield piece

    async def drain(self) -> Headers:
        """Read the rest within limits, unless the client is too slow.

        Returns the headers of an answer behind which more of the body may come.
        """
        most = 0 if self._is_slow else self._received + _MOST_DRAINED
        try:
            async with asyncio.timeout(_DRAIN):
                while not self._is_over and self._received < most:
                    await self._next()
        except TimeoutError:
            pass
        # The rest of the body must not be parsed as the next request.
        return [] if self._is_over else [(b"connection", b"close")]

    async def _next(self) -> bytes:
        message = await self._receive()
        if message["type"] == "http.disconnect":
            raise ClientGone
        piece: bytes = message.get("body", b"")
        self._received += len(piece)
        note_streamed(self._scope, len(piece))
        self._is_over = not message.get("more_body", False)
        return piece


def _check_headers(given: dict[bytes, bytes]) -> None:
    if given.get(b"content-type", b"").partition(b";")[0].strip().lower() in _MULTIPART:
        raise UnsupportedMediaType(
            "The body must be the file itself: its Content-Type is text/csv or application/jsonl, in UTF-8."
        )
    if given.get(b"content-encoding", b"identity").strip().lower() != b"identity":
        raise UnsupportedMediaType("The file must not be compressed: send it without Content-Encoding.")
    if b"idempotency-key" in given:
        raise BadUserInput(
            "An import takes no Idempotency-Key: with 'on_conflict' the same file can be sent again.",
            field="Idempotency-Key",
        )
    if not takes_json(given.get(b"accept")):
        raise NotAcceptable("The answer is application/json in UTF-8.")


def _decode(text: str) -> JsonValue:
    return decode_json_text(text, name="The text")


def _build_reply(run: Import, error: ApiError, given: dict[bytes, bytes]) -> Reply:
    """Return the reply to an import that has ended with an error: that of the error, with the report."""
    as_problem = prefers_problem(given.get(b"accept"))
    shown = loads(write_error(error, as_problem=as_problem)) | {"data": run.show()}
    return Reply(
        status=error.status,
        body=dumps(shown).encode("utf-8", "replace"),
        media_type=PROBLEM if as_problem else JSON,
    )
