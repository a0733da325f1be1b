"""The endpoint of REST: from an HTTP request to an action on records, and from its answer to a response."""

from typing import TYPE_CHECKING

from fieldstone.engine.database_errors import describe
from fieldstone.engine.errors import ApiError, BadUserInput, MethodNotAllowed
from fieldstone.engine.request.idempotency.claim import SentKey
from fieldstone.engine.rest.answers import RestAnswer
from fieldstone.engine.rest.api import RestApi
from fieldstone.engine.rest.entity_tags import is_listed, read_if_match
from fieldstone.engine.rest.export_addresses import find_export
from fieldstone.engine.rest.import_addresses import find_job_address
from fieldstone.engine.rest.metadata.api import MetadataRestApi
from fieldstone.engine.rest.metadata.places import find_resource
from fieldstone.engine.rest.operations import Asked
from fieldstone.engine.rest.parameters import read_parameters
from fieldstone.engine.rest.routes import CONDITIONAL, CREATING, OPEN_API, Action, Place, allow_header, find_place
from fieldstone.engine.server.composition import Services
from fieldstone.engine.server.http.admission import Admission, Admitted
from fieldstone.engine.server.http.batch import build_internal_error
from fieldstone.engine.server.http.errors import ClientGone, NotAcceptable
from fieldstone.engine.server.http.requests.disconnect import PATIENCE, CancelOnDisconnect
from fieldstone.engine.server.http.requests.incoming import IncomingRequest, read_headers, read_timeout
from fieldstone.engine.server.http.requests.negotiation import takes_json
from fieldstone.engine.server.http.requests.request_log import context_of
from fieldstone.engine.server.http.responses import Headers, Reply, send_reply
from fieldstone.engine.server.log import report_unexpected
from fieldstone.engine.server.log_lines import Log
from fieldstone.engine.server.rest.exports import ExportEndpoint
from fieldstone.engine.server.rest.import_jobs import ImportJobEndpoint
from fieldstone.engine.server.rest.imports import ImportEndpoint
from fieldstone.engine.server.rest.replies import build_rest_error
from fieldstone.engine.server.streams.ends import StreamEnd
from fieldstone.engine.settings import Settings
from fieldstone.metadata.errors import UnknownWorkspace
from fieldstone.metadata.json_text import JsonValue
from fieldstone.sql.concurrency.deadlines import Overdue, under_deadline
from fieldstone.sql.errors import DatabaseError

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send

ROOT = "/rest/"
"""The path that all addresses of REST begin with."""


class RestEndpoint:
    """An ASGI app that answers every request for records under `ROOT`.

    Args:
        admission: the one of all endpoints.
        settings: the limits of imports.
        log: for unexpected errors.
        closing: set when all responses must end.
    """

    def __init__(self, *, admission: Admission, settings: Settings, log: Log, closing: StreamEnd) -> None:
        self._admission = admission
        self._imports = ImportEndpoint(admission=admission, settings=settings, log=log, closing=closing)
        self._import_jobs = ImportJobEndpoint(admission=admission, settings=settings)
        self._exports = ExportEndpoint(admission=admission, log=log, closing=closing)
        self._log = log
        self._patience = Overdue(PATIENCE)

    async def __call__(self, scope: "Scope", receive: "Receive", send: "Send", path: str) -> None:
        """Answer one request; `path` is the one behind `ROOT`."""
        headers: Headers = []
        given: dict[bytes, bytes] = {}
        reply: Reply | None
        try:
            given = read_headers(scope["headers"])
            incoming = IncomingRequest(scope=scope, receive=receive, given=given, reply_headers=headers)
            if (export := find_export(path)) is not None and scope["method"] == "POST":
                reply = await self._imports.answer(incoming, export)
            elif export is not None:
                reply = await self._exports.answer(incoming, send, export)
            elif (job := find_job_address(path)) is not None:
                reply = await self._import_jobs.answer(incoming, job)
            else:
                reply = await self._answer(incoming, path)
        except ClientGone:
            raise
        except Exception as error:  # noqa: BLE001 - the app's edge
            reply = build_rest_error(self._describe(scope, error), given.get(b"accept"), beside=headers)
        if reply is not None:
            is_head, encoding = scope["method"] == "HEAD", given.get(b"accept-encoding")
            await send_reply(send, reply, headers, head=is_head, accept_encoding=encoding)

    def _describe(self, scope: "Scope", error: Exception) -> ApiError:
        """Return the error that the client is sent."""
        known = describe(error, None, None) if isinstance(error, DatabaseError) else error
        if isinstance(known, ApiError):
            return known
        context = context_of(scope)
        context.error_id = report_unexpected(self._log, error, request_id=context.id)
        return build_internal_error(context.error_id, context.id)

    async def _answer(self, incoming: IncomingRequest, path: str) -> Reply:
        method, given = incoming.method, incoming.given
        if method == "OPTIONS":
            place = _find_place(path)
            return Reply(status=200, body=b"", headers=[allow_header(place.methods)])
        admitted = await self._admission.admit(incoming)
        if not takes_json(given.get(b"accept")):
            raise NotAcceptable("The answer is application/json in UTF-8.")
        place = _find_place(path)
        try:
            action = place.action(method)
        except MethodNotAllowed:
            incoming.reply_headers.append(allow_header(place.methods))
            raise
        if action is Action.DESCRIBE:
            read_parameters(incoming.query, action)
            root = incoming.scope.get("root_path", "") + ROOT[:-1]
            async with CancelOnDisconnect(incoming.receive, self._patience):
                described = _find_api(admitted.services, is_record=place.plural == OPEN_API)
                return Reply(status=200, body=await described.describe(admitted.principal, root))
        with under_deadline(read_timeout(given)):
            asked = await self._read(admitted, place, action)
            incoming.context.operations = 1
            async with CancelOnDisconnect(incoming.receive, self._patience):
                is_record = find_resource(path) is None
                try:
                    answer = await _find_api(admitted.services, is_record=is_record).execute(admitted.principal, asked)
                except UnknownWorkspace as error:
                    admitted = await self._admission.follow(admitted, error)
                    answer = await _find_api(admitted.services, is_record=is_record).execute(admitted.principal, asked)
        return _build_reply(action, answer, given)

    async def _read(self, admitted: Admitted, place: Place, action: Action) -> Asked:
        given = admitted.incoming.given
        body: JsonValue = None
        is_large = False
        parameters = read_parameters(admitted.incoming.query, action)
        if_updated_at = _read_condition(given, action)
        comes = b"transfer-encoding" in given or given.get(b"content-length", b"0") != b"0"
        if action.has_body or (action is Action.DELETE_MANY and comes):
            body, is_large = await self._admission.read_json(admitted)
        sent_key = None
        if not action.reads and (key := given.get(b"idempotency-key")) is not None:
            sent_key = SentKey(key)
            sent_key.read()
        return Asked(
            action=action,
            plural=place.plural,
            id=place.id,
            parameters=parameters,
            body=body,
            is_large=is_large,
            if_updated_at=if_updated_at,
            tells_cost=given.get(b"x-fieldstone-cost") == b"1",
            sent_key=sent_key,
        )


def _find_api(services: Services, *, is_record: bool) -> RestApi | MetadataRestApi:
    return services.rest if is_record else services.metadata_rest


def _find_place(path: str) -> Place:
    """Return the place that a path leads to; raises NotFound."""
    return find_resource(path) or find_place(path)


def _read_condition(given: dict[bytes, bytes], action: Action) -> str | None:
    """Return the `updatedAt` that a record must have for a write; raises ApiError."""
    if action.reads:
        return None
    if b"if-none-match" in given:
        raise BadUserInput("If-None-Match is for GET and HEAD: a write takes If-Match.", field="If-None-Match")
    header = given.get(b"if-match")
    if header is None:
        return None
    if action not in CONDITIONAL:
        raise BadUserInput("If-Match is for the write of one record, which the path names.", field="If-Match")
    return read_if_match(header)


def _build_reply(action: Action, answer: RestAnswer, given: dict[bytes, bytes]) -> Reply:
    unless = given.get(b"if-none-match")
    if action is Action.FIND_ONE and unless is not None and is_listed(answer.tag, unless):
        return Reply(status=304, body=b"", tag=answer.tag)
    return Reply(status=201 if action in CREATING else 200, body=answer.body, tag=answer.tag)
