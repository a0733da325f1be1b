"""The endpoint of imports: the body of a request is a file, which is read as it comes."""

import asyncio
import time
from typing import TYPE_CHECKING

from fieldstone.engine.errors import ApiError, BadUserInput, RateLimitExceeded, ServiceUnavailable
from fieldstone.engine.identity.watch import Watched, no_longer_valid
from fieldstone.engine.rest.errors import PROBLEM, write_error
from fieldstone.engine.rest.export_addresses import IMPORT_PARAMETERS, ExportAddress
from fieldstone.engine.rest.imports.importing import Import
from fieldstone.engine.rest.imports.rows import decode_record
from fieldstone.engine.rest.parameters import read_named
from fieldstone.engine.server.composition import Services
from fieldstone.engine.server.http.admission import Admission
from fieldstone.engine.server.http.requests.negotiation import JSON, prefers_problem
from fieldstone.engine.server.http.requests.request_log import context_of
from fieldstone.engine.server.http.responses import Headers, Reply
from fieldstone.engine.server.log_lines import Log
from fieldstone.engine.server.rest.file_body import FileBody, check_file_headers
from fieldstone.engine.server.rest.transfer_slots import TransferSlots
from fieldstone.engine.server.streams.ends import StreamEnd
from fieldstone.engine.settings import Settings
from fieldstone.metadata.json_text import dumps, loads
from fieldstone.metadata.roles.principal import Principal

if TYPE_CHECKING:
    from starlette.types import Receive, Scope


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
        body = FileBody(scope, receive, most=self._settings.max_import_bytes, patience=self._settings.body_timeout)
        async with body.drained(headers):
            return await self._admit(scope, body, given, address, headers)

    async def _admit(
        self, scope: "Scope", body: FileBody, given: dict[bytes, bytes], address: ExportAddress, headers: Headers
    ) -> Reply:
        check_file_headers(given)
        services, principal = await self._admission.admit(scope, given, headers, may_be_simple=True)
        parameters = read_named(scope["query_string"], IMPORT_PARAMETERS)
        run = Import(
            services.core,
            services.foundation.work,
            services.foundation.database,
            principal,
            address,
            parameters,
            decode=decode_record,
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
        body: FileBody,
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


def _build_reply(run: Import, error: ApiError, given: dict[bytes, bytes]) -> Reply:
    """Return the reply to an import that has ended with an error: that of the error, with the report."""
    as_problem = prefers_problem(given.get(b"accept"))
    shown = loads(write_error(error, as_problem=as_problem)) | {"data": run.show()}
    return Reply(
        status=error.status,
        body=dumps(shown).encode("utf-8", "replace"),
        media_type=PROBLEM if as_problem else JSON,
    )
