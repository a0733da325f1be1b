"""The endpoint of imports: the body of a request is a file, which is read as it comes."""

import asyncio

from fieldstone.engine.errors import ApiError, BadUserInput, RateLimitExceeded, ServiceUnavailable
from fieldstone.engine.identity.watch import Watched, no_longer_valid
from fieldstone.engine.rest.errors import PROBLEM, write_error
from fieldstone.engine.rest.export_addresses import IMPORT_PARAMETERS, ExportAddress
from fieldstone.engine.rest.imports.importing import Import
from fieldstone.engine.rest.imports.rows import decode_record
from fieldstone.engine.rest.parameters import read_named
from fieldstone.engine.server.http.admission import Admission, Admitted
from fieldstone.engine.server.http.requests.incoming import IncomingRequest
from fieldstone.engine.server.http.requests.negotiation import JSON, prefers_problem
from fieldstone.engine.server.http.responses import Reply
from fieldstone.engine.server.log_lines import Log
from fieldstone.engine.server.rest.file_body import FileBody, check_file_headers
from fieldstone.engine.server.rest.transfer_slots import TransferSlots
from fieldstone.engine.server.streams.ends import StreamEnd
from fieldstone.engine.settings import Settings
from fieldstone.metadata.json_text import dumps, loads


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

    async def answer(self, incoming: IncomingRequest, address: ExportAddress) -> Reply:
        """Return the reply to an import.

        Raises:
            ApiError: it is refused; nothing was written.
            ClientGone: the client has closed the connection.
        """
        body = FileBody(incoming, most=self._settings.max_import_bytes, patience=self._settings.body_timeout)
        async with body.drained():
            check_file_headers(incoming.given)
            admitted = await self._admission.admit(incoming, may_be_simple=True)
            return await self._run(admitted, body, address)

    async def _run(self, admitted: Admitted, body: FileBody, address: ExportAddress) -> Reply:
        services = admitted.services
        parameters = read_named(admitted.incoming.query, IMPORT_PARAMETERS)
        run = Import(
            services.core,
            services.foundation.work,
            services.foundation.database,
            admitted.principal,
            address,
            parameters,
            decode=decode_record,
            most=self._settings.max_body_bytes,
        )
        with self._slots.held(admitted.principal):
            admitted.incoming.context.operations = 1
            try:
                return await self._write(admitted, run, body)
            finally:
                report = run.report
                self._log.info(
                    "import", object=run.name, created=report.created, updated=report.updated, failed=report.failed
                )

    async def _write(self, admitted: Admitted, run: Import, body: FileBody) -> Reply:
        given, ended = admitted.incoming.given, asyncio.Event()
        forget = admitted.services.watch.watch(Watched(admitted.presented, admitted.principal), ended.set)
        try:
            await run.run(body.pieces(), lambda: self._allow(admitted, run, ended))
        except ApiError as error:
            if not run.report.read:
                raise
            admitted.incoming.reply_headers.extend(await body.drain())
            return _build_reply(run, error, given)
        finally:
            forget()
        if run.report.failed == run.report.read > 0:
            return _build_reply(run, BadUserInput("No record was written, because of the rows in 'errors'."), given)
        return Reply(status=200, body=dumps({"data": run.show()}).encode("utf-8", "replace"))

    async def _allow(self, admitted: Admitted, run: Import, ended: asyncio.Event) -> None:
        """Wait until the rate limit allows for the next batch.

        Raises:
            ServiceUnavailable: the import cannot go on.
        """
        while True:
            if self._closing.is_set():
                raise ServiceUnavailable("The server stops: send the file again, with 'on_conflict'.")
            if ended.is_set():
                raise ServiceUnavailable(no_longer_valid(admitted.principal))
            if not run.counts_batches or not run.batches:
                return
            try:
                await admitted.services.limiter.count(admitted.principal)
            except RateLimitExceeded as error:
                pause = error.pause
            else:
                return
            await asyncio.sleep(pause)


def _build_reply(run: Import, error: ApiError, given: dict[bytes, bytes]) -> Reply:
    """Return the reply to an import that has ended with an error: that of the error, with the report."""
    as_problem = prefers_problem(given.get(b"accept"))
    shown = loads(write_error(error, as_problem=as_problem)) | {"data": run.show()}
    return Reply(
        status=error.status,
        body=dumps(shown).encode("utf-8", "replace"),
        media_type=PROBLEM if as_problem else JSON,
    )
