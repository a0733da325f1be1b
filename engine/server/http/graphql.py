"""The endpoint of a GraphQL API: from an HTTP request to operations, and from their answers to a response.

https://graphql.github.io/graphql-over-http/draft/
"""

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from fieldstone.engine.errors import ApiError, BadUserInput, MethodNotAllowed, ServiceUnavailable
from fieldstone.engine.request.answer import Answer, SchemaAnswer
from fieldstone.engine.request.path import GraphQLApi, GraphQLRequest
from fieldstone.engine.server.http.auth import SEVERAL_KEYS, authenticate
from fieldstone.engine.server.http.batch import answer_batch, answer_one
from fieldstone.engine.server.http.body import read_body
from fieldstone.engine.server.http.disconnect import PATIENCE, CancelOnDisconnect
from fieldstone.engine.server.http.errors import NotAcceptable, UnsupportedMediaType
from fieldstone.engine.server.http.negotiation import GRAPHQL_RESPONSE, choose_media_type, is_json
from fieldstone.engine.server.http.operations import Batch, build_query_request, read_request
from fieldstone.engine.server.http.rate_limit import RateLimiter
from fieldstone.engine.server.http.request_context import Exchange, exchange_of, note_key
from fieldstone.engine.server.http.responses import RETRY_SOON, Headers, Reply, build_error_reply, send_reply
from fieldstone.engine.server.log import Log
from fieldstone.engine.server.runtime import Runtime
from fieldstone.engine.server.services import Services
from fieldstone.engine.settings import Settings
from fieldstone.engine.work_thread import WorkThread
from fieldstone.metadata.workspaces.api_keys import Principal
from fieldstone.sql.concurrency.deadlines import Overdue

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send

_ALLOW = (b"allow", b"GET, HEAD, POST, OPTIONS")


class GraphQLEndpoint:
    """An ASGI app that answers every method at one address, whichever path leads to it.

    Args:
        settings: the limits.
        runtime: gives the services as soon as they are there.
        select: the API among them.
        limiter: shared by all endpoints, as the limit is the key's.
        log: for unexpected errors.
    """

    def __init__(
        self,
        *,
        settings: Settings,
        runtime: Runtime,
        select: Callable[[Services], GraphQLApi],
        limiter: RateLimiter,
        log: Log,
    ) -> None:
        self._settings = settings
        self._runtime = runtime
        self._select = select
        self._limiter = limiter
        self._log = log
        self._deadline = Overdue(settings.body_timeout)
        self._patience = Overdue(PATIENCE)

    async def __call__(self, scope: "Scope", receive: "Receive", send: "Send") -> None:
        """Answer one request."""
        given = read_headers(scope["headers"])
        media_type = choose_media_type(given.get(b"accept"))
        headers: Headers = []
        try:
            reply = await self._answer(scope, receive, given, media_type, headers)
        except ApiError as error:
            reply = build_error_reply(error, media_type=media_type)
        if reply.status == MethodNotAllowed.status:
            headers.append(_ALLOW)
        head, encodings = scope["method"] == "HEAD", given.get(b"accept-encoding")
        await send_reply(send, reply, headers, head=head, accept_encoding=encodings)

    async def _answer(
        self,
        scope: "Scope",
        receive: "Receive",
        given: dict[bytes, bytes],
        media_type: bytes | None,
        headers: Headers,
    ) -> Reply:
        method = scope["method"]
        if method == "OPTIONS":
            return Reply(status=200, body=b"", headers=[_ALLOW])
        if method not in {"POST", "GET", "HEAD"}:
            raise MethodNotAllowed(f"The method {method} is not allowed here: send a POST, or a GET for a query.")
        exchange = exchange_of(scope)
        services = self._runtime.services or await self._runtime.ready()
        principal = await authenticate(services.keys, given.get(b"authorization"))
        exchange.principal = principal
        note_key(scope)
        self._count(principal, headers)
        if media_type is None:
            raise NotAcceptable("The answer is application/graphql-response+json or application/json in UTF-8.")
        request = await self._read(scope, receive, given, services.foundation.work, principal)
        api = self._select(services)
        if isinstance(request, Batch):
            self._count(principal, headers, more=len(request.items) - 1)
            return await self._run_batch(api, principal, request, receive, media_type, exchange)
        return await self._run(api, principal, request, receive, media_type, exchange, is_post=method == "POST")

    async def _read(
        self, scope: "Scope", receive: "Receive", given: dict[bytes, bytes], work: WorkThread, principal: Principal
    ) -> GraphQLRequest | Batch:
        if scope["method"] != "POST":
            return _ask_for_cost(build_query_request(scope["query_string"]), given)
        if not is_json(given.get(b"content-type")):
            raise UnsupportedMediaType("The request's Content-Type must be application/json, in UTF-8.")
        body = await read_body(
            receive,
            declared=given.get(b"content-length"),
            limit=self._settings.max_body_bytes,
            deadline=self._deadline,
        )
        most = self._settings.max_batch
        request = await read_request(body, max_batch=most, work=work, workspace_id=principal.workspace_id)
        return _ask_for_cost(request, given)

    def _count(self, principal: Principal, headers: Headers, *, more: int | None = None) -> None:
        """Take one operation off the key's allowance before the body is read, the rest of a batch after."""
        allowance = self._limiter.take(principal.root_key_id, 1 if more is None else more)
        if allowance is None:
            return
        headers[:] = allowance.headers()
        if not allowance.granted:
            headers.append((b"retry-after", b"%d" % self._limiter.retry_after(allowance)))
            raise self._limiter.refusal(allowance)

    async def _run(
        self,
        api: GraphQLApi,
        principal: Principal,
        request: GraphQLRequest,
        receive: "Receive",
        media_type: bytes,
        exchange: Exchange,
        *,
        is_post: bool,
    ) -> Reply:
        exchange.operations = 1
        # After the body of a GET there may be anything: it was never read.
        async with CancelOnDisconnect(receive, self._patience):
            answer = await answer_one(api, principal, request, allow_mutation=is_post, log=self._log, exchange=exchange)
        return build_reply(answer, media_type)

    async def _run_batch(
        self,
        api: GraphQLApi,
        principal: Principal,
        batch: Batch,
        receive: "Receive",
        media_type: bytes,
        exchange: Exchange,
    ) -> Reply:
        exchange.operations = len(batch.items)
        async with CancelOnDisconnect(receive, self._patience):
            answers = await answer_batch(api, principal, batch.items, log=self._log, exchange=exchange)
        body = b"[" + b",".join([answer.body for answer in answers]) + b"]"
        return Reply(status=200, body=body, media_type=media_type)


def _ask_for_cost(request: GraphQLRequest | Batch, given: dict[bytes, bytes]) -> GraphQLRequest | Batch:
    """Return the request, whose answer has its price in the extensions where the head asks for that."""
    if given.get(b"x-fieldstone-cost") != b"1":
        return request
    match request:
        case GraphQLRequest():
            return request._replace(tells_cost=True)
        case Batch():
            items = (
                item._replace(tells_cost=True) if isinstance(item, GraphQLRequest) else item for item in request.items
            )
            return Batch(items=tuple(items))


_READ = frozenset(
    {b"accept", b"accept-encoding", b"authorization", b"content-length", b"content-type", b"x-fieldstone-cost"}
)

_LISTS = frozenset({b"accept", b"accept-encoding"})


def read_headers(headers: Iterable[tuple[bytes, bytes]]) -> dict[bytes, bytes]:
    """Return the headers that matter here; a list that was sent in several parts is put together.

    Raises:
        BadUserInput: there are several Authorization headers.
    """
    given: dict[bytes, bytes] = {}
    for name, value in headers:
        if name in _READ:
            if name in given and name == b"authorization":
                raise BadUserInput(SEVERAL_KEYS)
            given[name] = given[name] + b"," + value if name in _LISTS and name in given else value
    return given


def build_reply(answer: Answer, media_type: bytes) -> Reply:
    """Return the response that an operation's answer is sent as."""
    body = answer.text if isinstance(answer, SchemaAnswer) else answer.body
    headers = (RETRY_SOON,) if answer.status == ServiceUnavailable.status else ()
    return Reply(_status(answer, media_type), body, media_type, headers)


def _status(answer: Answer, media_type: bytes) -> int:
    """As application/json a well-formed request is answered with 200 even where its document is wrong.

    https://graphql.github.io/graphql-over-http/draft/#sec-application-json
    """
    if answer.status == 400 and media_type != GRAPHQL_RESPONSE:
        return 200
    return answer.status
