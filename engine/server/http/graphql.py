"""The endpoint of a GraphQL API: from an HTTP request to operations, and from their answers to a response.

https://graphql.github.io/graphql-over-http/draft/
"""

from collections.abc import Callable
from typing import TYPE_CHECKING

from fieldstone.engine.errors import ApiError, MethodNotAllowed, RateLimitExceeded, ServiceUnavailable
from fieldstone.engine.request.answer import Answer, SchemaAnswer
from fieldstone.engine.request.path import GraphQLApi
from fieldstone.engine.request.stored_documents.request import GraphQLRequest
from fieldstone.engine.server.composition import Services
from fieldstone.engine.server.http.admission import Admission, read_headers, read_timeout
from fieldstone.engine.server.http.batch import answer_batch, answer_one
from fieldstone.engine.server.http.errors import NotAcceptable
from fieldstone.engine.server.http.requests.disconnect import PATIENCE, CancelOnDisconnect
from fieldstone.engine.server.http.requests.negotiation import GRAPHQL_RESPONSE, choose_media_type, takes_event_stream
from fieldstone.engine.server.http.requests.operations import Batch
from fieldstone.engine.server.http.requests.request_log import RequestContext, context_of
from fieldstone.engine.server.http.responses import RETRY_SOON, Headers, Reply, build_error_reply, send_reply
from fieldstone.engine.server.log_lines import Log
from fieldstone.metadata.roles.principal import Principal
from fieldstone.sql.concurrency.deadlines import Overdue, under_deadline

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

_ALLOW = (b"allow", b"GET, HEAD, POST, OPTIONS")


class GraphQLEndpoint:
    """An ASGI app that answers every method of one API.

    Args:
        admission: the one of all endpoints.
        select: the API among the services.
        max_batch: the most operations of a request.
        log: for unexpected errors.
        stream: answers the requests that take nothing but an event stream; None: they are refused.
    """

    def __init__(
        self,
        *,
        admission: Admission,
        select: Callable[[Services], GraphQLApi],
        max_batch: int,
        log: Log,
        stream: "ASGIApp | None" = None,
    ) -> None:
        self._stream = stream
        self._admission = admission
        self._select = select
        self._max_batch = max_batch
        self._log = log
        self._patience = Overdue(PATIENCE)

    async def __call__(self, scope: "Scope", receive: "Receive", send: "Send") -> None:
        """Answer one request."""
        given = read_headers(scope["headers"])
        media_type = choose_media_type(given.get(b"accept"))
        if media_type is None and self._stream is not None and takes_event_stream(given.get(b"accept")):
            await self._stream(scope, receive, send)
            return
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
        services, principal = await self._admission.admit(scope, given, headers)
        if media_type is None:
            raise NotAcceptable("The answer is application/graphql-response+json or application/json in UTF-8.")
        with under_deadline(read_timeout(given)):
            request = await self._admission.read(scope, receive, given, services, principal, max_batch=self._max_batch)
            api, context = self._select(services), context_of(scope)
            if isinstance(request, Batch):
                await services.limiter.count(principal, len(request.items) - 1, headers)
                return await self._run_batch(api, principal, request, receive, media_type, context)
            return await self._run(api, principal, request, receive, media_type, context, is_post=method == "POST")

    async def _run(
        self,
        api: GraphQLApi,
        principal: Principal,
        request: GraphQLRequest,
        receive: "Receive",
        media_type: bytes,
        context: RequestContext,
        *,
        is_post: bool,
    ) -> Reply:
        context.operations = 1
        # The body of a GET was never read: any message may follow.
        async with CancelOnDisconnect(receive, self._patience):
            answer = await answer_one(api, principal, request, allow_mutation=is_post, log=self._log, context=context)
        return build_reply(answer, media_type)

    async def _run_batch(
        self,
        api: GraphQLApi,
        principal: Principal,
        batch: Batch,
        receive: "Receive",
        media_type: bytes,
        context: RequestContext,
    ) -> Reply:
        context.operations = len(batch.items)
        async with CancelOnDisconnect(receive, self._patience):
            answers = await answer_batch(api, principal, batch.items, log=self._log, context=context)
        body = b"[" + b",".join([answer.body for answer in answers]) + b"]"
        return Reply(status=200, body=body, media_type=media_type)


def build_reply(answer: Answer, media_type: bytes) -> Reply:
    """Return the response that carries an operation's answer."""
    body = answer.text if isinstance(answer, SchemaAnswer) else answer.body
    headers = (RETRY_SOON,) if answer.status in {ServiceUnavailable.status, RateLimitExceeded.status} else ()
    return Reply(_status(answer, media_type), body, media_type, headers)


def _status(answer: Answer, media_type: bytes) -> int:
    """Return the status; as application/json it is 200 for a well-formed request even if its document is invalid.

    https://graphql.github.io/graphql-over-http/draft/#sec-application-json
    """
    if answer.status == 400 and media_type != GRAPHQL_RESPONSE:
        return 200
    return answer.status
