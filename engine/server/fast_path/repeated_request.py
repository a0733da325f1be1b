"""The warm path of a request that a server hands over whole: from its bytes to its reply without a task.

A client sends the same head again and again, and asks the same operation of other values. So a head that was parsed
once is known by its bytes, with its meaning: the key, the media type, the length. Where the operation's plan is
at hand too, and its statement prepared, the request is answered by plain calls: one asks the database, another writes
the database's answer. Whatever takes more than that starts over on the ordinary path, which every server has.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple, Protocol

from fieldstone.engine.access.slots import Turn
from fieldstone.engine.database_errors import describe
from fieldstone.engine.errors import ApiError
from fieldstone.engine.identity.credential import Credential, read_credential
from fieldstone.engine.request.path import GraphQLApi, Ready
from fieldstone.engine.request.stored_documents.request import GraphQLRequest
from fieldstone.engine.request.valid_operation import path_of
from fieldstone.engine.server.browsers.cross_origin import CrossOrigin
from fieldstone.engine.server.composition import Services
from fieldstone.engine.server.fast_path.forms import Form, GraphQLForm
from fieldstone.engine.server.fast_path.rest_request import ENDPOINT, find_read, is_read
from fieldstone.engine.server.http.admission import read_headers
from fieldstone.engine.server.http.body import LARGE, decode_json
from fieldstone.engine.server.http.negotiation import choose_media_type, is_json, takes_json
from fieldstone.engine.server.http.operations import build_request
from fieldstone.engine.server.http.request_log import CLIENT_GONE, RequestContext, WriteLine
from fieldstone.engine.server.http.responses import Reply
from fieldstone.engine.server.metrics import Metrics
from fieldstone.engine.server.runtime import Runtime
from fieldstone.engine.settings import Settings
from fieldstone.metadata.roles.networks import Address, is_within
from fieldstone.metadata.roles.principal import Principal
from fieldstone.sql.concurrency.deadlines import Overdue
from fieldstone.sql.errors import (
    CommitOutcomeUnknown,
    DatabaseError,
    DatabaseUnavailable,
    LockTimeout,
    ResponseTooLarge,
    StatementTimeout,
)
from fieldstone.sql.statement import Row

_MOST_HEADS = 4_096
_LONGEST_HEAD = 4_096
"""Bytes; with the most heads 16 MiB in all, whatever clients with a key send."""
_PATIENCE = 0.02
"""Seconds; the ordinary path waits longer, and knows for how long."""
_ELSEWHERE = (b"transfer-encoding", b"expect", b"upgrade", b"cookie", b"idempotency-key", b"x-fieldstone-")
"""The beginnings of the names of headers that send a request to the ordinary path.

A remembered head stands for its key alone: a header that could change the principal must never be part of one.
"""


_FINAL = (CommitOutcomeUnknown, DatabaseUnavailable, LockTimeout, ResponseTooLarge, StatementTimeout)
"""Errors after which another try would take as long, or would do its work twice."""


class Head(NamedTuple):
    """The meaning of the head of a POST of an operation, or a read of REST, on a connection that stays open.

    Attributes:
        path: the address of the API.
        form: of the reply; None for a read of REST, whose address has a part in it.
        accept: the header Accept.
        length: bytes of its body.
        lines: headers of each reply besides its own, for the page of another origin that asks.
    """

    path: str
    credential: Credential
    form: GraphQLForm | None
    accept: bytes | None
    length: int
    lines: bytes


class Client(Protocol):
    """The client that waits for the answer to a request."""

    def address(self) -> Address | None:
        """Return the address that it is connected from."""
        ...

    def reply(self, reply: Reply, lines: bytes) -> None:
        """Send this reply, with these lines of headers besides its own."""
        ...

    def start_over(self) -> None:
        """Send the request to the ordinary path."""
        ...


class WarmPath:
    """Answers the warm requests of an app without a task.

    Args:
        apis: the APIs by the path that they stand at.
        cross_origin: the rules for origins, if pages of others than ours may ask.

    Attributes:
        patience: tells when the rest of a request is no longer waited for here.
    """

    def __init__(
        self,
        *,
        settings: Settings,
        runtime: Runtime,
        apis: Mapping[str, Callable[[Services], GraphQLApi]],
        metrics: Metrics,
        write_line: WriteLine,
        cross_origin: CrossOrigin | None = None,
    ) -> None:
        self._settings = settings
        self._cross_origin = cross_origin
        self._runtime = runtime
        self._apis = apis
        self._metrics = metrics
        self._write_line = write_line
        self._heads: dict[bytes, Head] = {}
        self.patience = Overdue(_PATIENCE)

    def find_head(self, head: bytes) -> Head | None:
        """Return the meaning of a head's bytes; None if they were not learned."""
        return self._heads.get(head)

    def learn(self, head: bytes, scope: Mapping[str, Any], *, length: int) -> None:
        """Keep the meaning of a head's bytes, if it is one of those that are answered here.

        Args:
            head: its bytes, with the empty line behind it.
            scope: the head as a parser has read it, in ASGI's terms.
            length: bytes of the body that came with it.
        """
        services, path = self._runtime.services, scope["path"]
        is_rest = is_read(scope)
        if len(head) > _LONGEST_HEAD or not (is_rest or (scope["method"] == "POST" and path in self._apis)):
            return
        if services is None or scope["http_version"] != "1.1":
            return
        headers: Sequence[tuple[bytes, bytes]] = scope["headers"]
        if any(
            name.startswith(_ELSEWHERE) or (name == b"connection" and value != b"keep-alive") for name, value in headers
        ):
            return
        try:
            given = read_headers(headers)
        except ApiError:
            return
        accept = given.get(b"accept")
        form = None if is_rest else self._find_form(path, given, length)
        if form is None and not (is_rest and takes_json(accept) and not length and b"content-length" not in given):
            return
        credential = read_credential(given.get(b"authorization"))
        # Nobody without a key can drive out the others' heads.
        if credential is None or services.identity.find_fresh(credential) is None:
            return
        if len(self._heads) >= _MOST_HEADS:
            del self._heads[next(iter(self._heads))]
        origins = [value for name, value in headers if name == b"origin"]
        if len(origins) > 1:
            return
        lines = self._cross_origin.answer_lines(origins[0]) if origins and self._cross_origin else b""
        key = head[head.index(b"\r\n") :] if is_rest else head
        self._heads[key] = Head(ENDPOINT if is_rest else path, credential, form, accept, length, lines)

    def _find_form(self, path: str, given: Mapping[bytes, bytes], length: int) -> GraphQLForm | None:
        """Return the form of the answers to operations with these headers; None if they are not answered here."""
        media_type = choose_media_type(given.get(b"accept"))
        if media_type is None or not is_json(given.get(b"content-type")):
            return None
        if given.get(b"content-length") != b"%d" % length or length > min(LARGE, self._settings.max_body_bytes):
            return None
        return GraphQLForm(path, media_type)

    def find_request(self, head: Head, body: bytes, client: Client) -> "WarmRequest | QueuedRequest | None":
        """Return the request, ready to begin; None where it takes more than is at hand."""
        begun = time.perf_counter()
        services = self._runtime.services
        principal = services.identity.find_fresh(head.credential) if services else None
        if services is None or principal is None:
            return None
        if principal.networks and not self._may_use(principal, client):
            return None
        slots = services.core.slots
        if not slots.try_enter(principal):
            return QueuedRequest(self, services, head, principal, body, client)
        request = self.find_warm(services, head, principal, body, client, begun)
        if request is None:
            slots.leave(principal)
        return request

    def find_warm(
        self, services: Services, head: Head, principal: Principal, body: bytes, client: Client, begun: float
    ) -> "WarmRequest | None":
        """Return the request of a principal that has a slot, ready to begin; None where it takes more."""
        form: Form | None = head.form
        if form is None:
            found = find_read(services.rest, principal, body, head.accept)
            if found is None:
                return None
            ready, form = found
        else:
            operation = self._find_operation(services, head, principal, body)
            if operation is None:
                return None
            ready = operation
        is_granted, allowance = services.limiter.take_now(principal, ready.seen.limits)
        if not is_granted:
            return None
        lines = head.lines if allowance is None else allowance.lines() + head.lines
        return WarmRequest(self, services, form, principal, ready, client, lines, begun)

    def _find_operation(self, services: Services, head: Head, principal: Principal, body: bytes) -> Ready | None:
        try:
            request = build_request(decode_json(body), max_batch=0)
        except ApiError:
            return None
        if not isinstance(request, GraphQLRequest):
            return None
        return self._apis[head.path](services).find_ready(principal, request)

    def _may_use(self, principal: Principal, client: "Client") -> bool:
        """Return whether a key may be used from a connection; the ordinary path decides about proxies' clients."""
        return not self._settings.trusted_proxies and is_within(client.address(), principal.networks)

    def note(self, form: Form, context: RequestContext, seconds: float) -> None:
        """Log and count a request that is over."""
        self._metrics.count_warm_request(context.endpoint, context.status, seconds)
        self._write_line(form.method, form.path, context, context.status, seconds)


class QueuedRequest:
    """One request whose principal has to wait for a slot. It is not read before its turn, so that it costs little."""

    __slots__ = (
        "_begun",
        "_body",
        "_client",
        "_head",
        "_path",
        "_principal",
        "_request",
        "_services",
        "_turn",
    )

    def __init__(
        self, path: WarmPath, services: Services, head: Head, principal: Principal, body: bytes, client: Client
    ) -> None:
        self._path = path
        self._services = services
        self._head = head
        self._principal = principal
        self._body = body
        self._client = client
        self._begun = time.perf_counter()
        self._turn: Turn | None = None
        self._request: WarmRequest | None = None

    def begin(self) -> None:
        """Wait for a slot."""
        try:
            self._turn = self._services.core.slots.queue(self._principal, self._go, self._client.start_over)
        except ApiError:
            self._client.start_over()

    def abandon(self) -> None:
        """End it: the client has gone."""
        if self._request is not None:
            self._request.abandon()
        else:
            self._withdraw()

    def _withdraw(self) -> None:
        if self._turn is not None:
            self._services.core.slots.withdraw(self._turn)

    def _go(self) -> None:
        # The key may have been revoked meanwhile.
        if self._services.identity.find_fresh(self._head.credential) is self._principal:
            self._request = self._path.find_warm(
                self._services, self._head, self._principal, self._body, self._client, self._begun
            )
        if self._request is None:
            self._withdraw()
            self._client.start_over()
        else:
            self._request.begin()


class WarmRequest:
    """One request, until it is answered or starts over."""

    __slots__ = ("_begun", "_client", "_form", "_lines", "_path", "_principal", "_quick", "_ready", "_services")

    def __init__(
        self,
        path: WarmPath,
        services: Services,
        form: Form,
        principal: Principal,
        ready: Ready,
        client: Client,
        lines: bytes,
        begun: float,
    ) -> None:
        self._path = path
        self._services = services
        self._form = form
        self._principal = principal
        self._ready = ready
        self._client = client
        self._lines = lines
        self._begun = begun
        self._quick = services.foundation.database.build_callback(
            ready.statement,
            ready.parameters,
            writes=ready.writes,
            share=principal.workspace_id.int,
            finish=self._finish,
            give_up=self._start_over,
        )

    def begin(self) -> None:
        """Ask the database; the client may be told before this returns."""
        if self._quick is None:
            self._start_over()
        else:
            self._quick.begin()

    def abandon(self) -> None:
        """End it: the client has gone."""
        if self._quick is not None:
            self._quick.cancel()
        self._note(CLIENT_GONE)

    def _start_over(self) -> None:
        services = self._services
        services.core.slots.leave(self._principal)
        # It counts on the ordinary path.
        services.limiter.give_back(self._principal)
        self._client.start_over()

    def _finish(self, rows: Sequence[Row], error: DatabaseError | None) -> None:
        ready = self._ready
        data = ready.tell(rows[0]) if error is None else None
        reply = None
        if data is not None:
            reply = self._form.answer(data)
        elif isinstance(error, _FINAL) and (known := describe(error, ready.seen.view, path_of(ready.operation))):
            reply = self._form.refuse(known)
        if reply is None:
            # Nothing was written, and the ordinary path says why.
            self._start_over()
            return
        self._client.reply(reply, self._lines)
        self._note(reply.status)

    def _note(self, status: int) -> None:
        self._services.core.slots.leave(self._principal)
        form = self._form
        context = RequestContext(endpoint=form.endpoint, status=status, principal=self._principal, operations=1)
        self._path.note(form, context, time.perf_counter() - self._begun)
