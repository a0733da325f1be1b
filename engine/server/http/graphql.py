"""The endpoint of a GraphQL API: from an HTTP request to operations, and from their answers to a response.

https://graphql.github.io/graphql-over-http/draft/
"""

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from fieldstone.engine.errors import ApiError, MethodNotAllowed, RateLimitExceeded, ServiceUnavailable
from fieldstone.engine.introspection.deflated import DeflatedText
from fieldstone.engine.request.answer import Answer, SchemaAnswer
from fieldstone.engine.request.path import GraphQLApi
from fieldstone.engine.request.stored_documents.request import GraphQLRequest
from fieldstone.engine.server.composition import Services
from fieldstone.engine.server.http.admission import Admission, Admitted
from fieldstone.engine.server.http.batch import answer_batch, answer_one
from fieldstone.engine.server.http.errors import NotAcceptable
from fieldstone.engine.server.http.requests.disconnect import PATIENCE, CancelOnDisconnect
from fieldstone.engine.server.http.requests.incoming import IncomingRequest, read_headers, read_timeout
from fieldstone.engine.server.http.requests.negotiation import GRAPHQL_RESPONSE, choose_media_type, takes_event_stream
from fieldstone.engine.server.http.requests.operations import Batch
from fieldstone.engine.server.http.responses import RETRY_SOON, ListBody, Reply, build_error_reply, send_reply
from fieldstone.engine.server.log_lines import Log
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
        max_response_bytes: a batch whose answers have more begins no further operation.
        log: for unexpected errors.
        stream: answers the requests that take nothing but an event stream; None: they are refused.
    """

    def __init__(
        self,
        *,
        admission: Admission,
        select: Callable[[Services], GraphQLApi],
        max_batch: int,
        max_response_bytes: int,
        log: Log,
        stream: "ASGIApp | None" = None,
    ) -> None:
        self._stream = stream
        self._admission = admission
        self._select = select
        self._max_batch = max_batch
        self._max_response_bytes = max_response_bytes
        self._log = log
        self._patience = Overdue(PATIENCE)

    async def __call__(self, scope: "Scope", receive: "Receive", send: "Send") -> None:
        """Answer one request."""
        given = read_headers(scope["headers"])
        media_type = choose_media_type(given.get(b"accept"))
        if media_type is None and self._stream is not None and takes_event_stream(given.get(b"accept")):
            await self._stream(scope, receive, send)
            return
        incoming = IncomingRequest(scope=scope, receive=receive, given=given, reply_headers=[])
        try:
            reply = await self._answer(incoming, media_type)
        except ApiError as error:
            reply = build_error_reply(error, media_type=media_type)
        if reply.status == MethodNotAllowed.status:
            incoming.reply_headers.append(_ALLOW)
        head, encodings = incoming.method == "HEAD", given.get(b"accept-encoding")
        await send_reply(send, reply, incoming.reply_headers, head=head, accept_encoding=encodings)

    async def _answer(self, incoming: IncomingRequest, media_type: bytes | None) -> Reply:
        method = incoming.method
        if method == "OPTIONS":
            return Reply(status=200, body=b"", headers=[_ALLOW])
        if method not in {"POST", "GET", "HEAD"}:
            raise MethodNotAllowed(f"The method {method} is not allowed here: send a POST, or a GET for a query.")
        admitted = await self._admission.admit(incoming)
        if media_type is None:
            raise NotAcceptable("The answer is application/graphql-response+json or application/json in UTF-8.")
        with under_deadline(read_timeout(incoming.given)):
            request = await self._admission.read(admitted, max_batch=self._max_batch)
            if isinstance(request, Batch):
                more = len(request.items) - 1
                await admitted.services.limiter.count(admitted.principal, more, incoming.reply_headers)
            # The body of a GET was never read: any message may follow.
            async with CancelOnDisconnect(incoming.receive, self._patience):
                if isinstance(request, Batch):
                    return await self._run_batch(admitted, request, media_type)
                return await self._run(admitted, request, media_type)

    async def _run(self, admitted: Admitted, request: GraphQLRequest, media_type: bytes) -> Reply:
        api, principal, context = self._select(admitted.services), admitted.principal, admitted.incoming.context
        context.operations = 1
        is_post = admitted.incoming.method == "POST"
        answer = await answer_one(api, principal, request, allow_mutation=is_post, log=self._log, context=context)
        return build_reply(answer, media_type)

    async def _run_batch(self, admitted: Admitted, batch: Batch, media_type: bytes) -> Reply:
        api, principal, context = self._select(admitted.services), admitted.principal, admitted.incoming.context
        context.operations = len(batch.items)
        answers = await answer_batch(
            api,
            principal,
            batch.items,
            most=self._max_response_bytes,
            require_unchanged=partial(self._admission.require_unchanged, admitted),
            log=self._log,
            context=context,
        )
        return Reply(status=200, body=ListBody(map(_body, answers)), media_type=media_type)


def build_reply(answer: Answer, media_type: bytes) -> Reply:
    """Return the response that carries an operation's answer."""
    headers = (RETRY_SOON,) if answer.status in {ServiceUnavailable.status, RateLimitExceeded.status} else ()
    return Reply(_status(answer, media_type), _body(answer), media_type, headers)


def _body(answer: Answer) -> bytes | DeflatedText:
    return answer.text if isinstance(answer, SchemaAnswer) else answer.body


def _status(answer: Answer, media_type: bytes) -> int:
    """Return the status; as application/json it is 200 for a well-formed request even if its document is invalid.

    https://graphql.github.io/graphql-over-http/draft/#sec-application-json
    """
    if answer.status == 400 and media_type != GRAPHQL_RESPONSE:
        return 200
    return answer.status
