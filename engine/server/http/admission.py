"""Admits requests of HTTP: looks their key up, counts their operations and reads them."""

import contextlib
from collections.abc import Iterable, Mapping
from functools import partial
from typing import TYPE_CHECKING
from uuid import UUID

from fieldstone.engine.client_json import LARGE
from fieldstone.engine.errors import BadUserInput, Unauthenticated
from fieldstone.engine.request.stored_documents.request import GraphQLRequest
from fieldstone.engine.server.browsers.cross_origin import require_preflight
from fieldstone.engine.server.composition import Services
from fieldstone.engine.server.http.errors import UnsupportedMediaType
from fieldstone.engine.server.http.requests.auth import PresentedReader, sign_in
from fieldstone.engine.server.http.requests.body import decode_json, read_body
from fieldstone.engine.server.http.requests.negotiation import is_json
from fieldstone.engine.server.http.requests.operations import Batch, build_query_request, mark, read_request
from fieldstone.engine.server.http.requests.request_log import context_of, note_key
from fieldstone.engine.server.http.responses import Headers
from fieldstone.engine.server.runtime import Runtime
from fieldstone.engine.settings import Settings
from fieldstone.metadata.access.role_checks import effective_settings
from fieldstone.metadata.errors import UnknownWorkspace
from fieldstone.metadata.json_text import JsonValue
from fieldstone.metadata.roles.principal import Principal, SubjectKind
from fieldstone.metadata.roles.role import Setting, find_role
from fieldstone.sql.concurrency.deadlines import Overdue
from fieldstone.sql.errors import StaleSchema

if TYPE_CHECKING:
    from starlette.types import Receive, Scope

_LISTS = frozenset({b"accept", b"accept-encoding", b"if-match", b"if-none-match", b"x-forwarded-for"})
_ONCE = {
    b"authorization": "A request has one Authorization header at most.",
    b"idempotency-key": "A request has one Idempotency-Key header at most.",
    b"x-fieldstone-role": "A request has one X-Fieldstone-Role header at most.",
    b"x-fieldstone-principal": "A request has one X-Fieldstone-Principal header at most.",
    b"x-fieldstone-workspace": "A request has one X-Fieldstone-Workspace header at most.",
}
_READ = _LISTS | {
    *_ONCE,
    b"content-encoding",
    b"content-length",
    b"content-type",
    b"cookie",
    b"last-event-id",
    b"transfer-encoding",
    b"x-fieldstone-cost",
    b"x-fieldstone-explain",
    b"x-fieldstone-timing",
    b"x-fieldstone-timeout",
}
_LONGEST_TIMEOUT = 86_400_000


def read_headers(headers: Iterable[tuple[bytes, bytes]]) -> dict[bytes, bytes]:
    """Return the headers that requests are read by; the parts of a list that was sent in several are joined.

    Raises:
        BadUserInput: there are several Authorization headers, of which a proxy may have checked another one than is
            used here; or several Idempotency-Keys.
    """
    given: dict[bytes, bytes] = {}
    for name, value in headers:
        if name in _READ:
            if name in given and name in _ONCE:
                raise BadUserInput(_ONCE[name])
            given[name] = given[name] + b"," + value if name in _LISTS and name in given else value
    return given


async def _may_see_times(services: Services, principal: Principal) -> bool:
    """Return whether a principal may see the times of its requests, which tell of records that it may not read."""
    current = await services.foundation.current.get(principal.workspace_id)
    role = find_role(current.roles, principal.role)
    return role is not None and Setting.EXPLAIN in effective_settings(current, role)


def read_timeout(given: Mapping[bytes, bytes]) -> int | None:
    """Return the milliseconds after which the client no longer waits for its answer; None where it does not say.

    Raises:
        BadUserInput: they are no whole number from 1 up.
    """
    sent = given.get(b"x-fieldstone-timeout")
    if sent is None:
        return None
    if not sent.isdigit() or not 0 < (milliseconds := int(sent[:20])) <= _LONGEST_TIMEOUT:
        raise BadUserInput(
            f"X-Fieldstone-Timeout must be a whole number of milliseconds from 1 to {_LONGEST_TIMEOUT}, such as 2000.",
            field="X-Fieldstone-Timeout",
        )
    return milliseconds


class Admission:
    """Admits the requests of all HTTP endpoints.

    Args:
        settings: the limits of requests.
        runtime: gives the services as soon as they are there.

    Attributes:
        presented: reads all that a request presents of its principal.
    """

    def __init__(self, *, settings: Settings, runtime: Runtime) -> None:
        self._settings = settings
        self._runtime = runtime
        self.presented = PresentedReader(settings.trusted_proxies, is_secure=settings.is_behind_tls)
        self._deadline = Overdue(settings.body_timeout)

    async def admit(
        self, scope: "Scope", given: dict[bytes, bytes], headers: Headers, *, may_be_simple: bool = False
    ) -> tuple[Services, Principal]:
        """Return the services and the principal of a request, and count its first operation.

        Args:
            scope: of the request.
            given: its headers.
            headers: of the response; those about the rate limit are added.
            may_be_simple: whether a POST may have a body other than JSON, which browsers send without a preflight.

        Raises:
            Unauthenticated: there is no valid key.
            Forbidden: a page of another site could have had a browser send it.
            RateLimitExceeded: the key's operations are used up, or too many tokens have failed; `headers` has the
                time to wait.
            ServiceUnavailable: the services cannot be had.
            Overloaded: it would wait for too long.
        """
        presented = self.presented.read(scope, given)
        services = self._runtime.services or await self._runtime.choose(presented)
        try:
            principal = await sign_in(services.identity, services.audit, services.failed_tokens, presented, headers)
            if self._runtime.services is None:
                # Where there are cells, the key may be known in one that the workspace has left.
                await services.foundation.current.get(principal.workspace_id)
        except UnknownWorkspace as error:
            services = await self.follow(services, error.workspace_id, error)
            principal = await sign_in(services.identity, services.audit, services.failed_tokens, presented, headers)
        if may_be_simple or scope["method"] != "POST":
            require_preflight(scope["headers"])
        context_of(scope).principal = principal
        if principal.kind is not SubjectKind.ANONYMOUS:
            note_key(scope)
        # Before the body is read, and before the operation counts.
        services.core.slots.require_room(principal)
        context_of(scope).tells_time = self._settings.is_development or (
            given.get(b"x-fieldstone-timing") == b"1" and await _may_see_times(services, principal)
        )
        await services.limiter.count(principal, 1, headers)
        return services, principal

    async def follow(self, left: Services, workspace_id: UUID, error: UnknownWorkspace | StaleSchema) -> Services:
        """Return the services that answer for a workspace which has moved to another cell.

        Raises:
            ServiceUnavailable: they cannot be had now.
            UnknownWorkspace, StaleSchema: the error, where it has not moved.
        """
        services = await self._runtime.follow(left, workspace_id)
        if services is None:
            raise error
        return services

    async def read(
        self,
        scope: "Scope",
        receive: "Receive",
        given: dict[bytes, bytes],
        services: Services,
        principal: Principal,
        *,
        max_batch: int,
    ) -> GraphQLRequest | Batch:
        """Return the operations of an admitted request, from its body or the query string of a GET, as its head wishes.

        Raises:
            BadUserInput: it has none, or is not JSON in UTF-8, or is too large or too slow.
            Unauthenticated: the credential has ended meanwhile.
            QueryTooComplex: it has more than `max_batch`.
        """
        is_development = self._settings.is_development
        if scope["method"] != "POST":
            return mark(build_query_request(scope["query_string"]), given, is_development=is_development)
        body = await self._read_body(scope, receive, given, services, principal)
        work = services.foundation.work
        request = await read_request(body, max_batch=max_batch, work=work, workspace_id=principal.workspace_id)
        return mark(request, given, is_development=is_development)

    async def read_json(
        self,
        scope: "Scope",
        receive: "Receive",
        given: dict[bytes, bytes],
        services: Services,
        principal: Principal,
    ) -> tuple[JsonValue, bool]:
        """Return the JSON of an admitted request's body, and whether it is a large one.

        Raises:
            BadUserInput: it is not JSON in UTF-8, or is too large or too slow.
            Unauthenticated: the credential has ended meanwhile.
            QueryTooComplex: it holds too many values.
        """
        body = await self._read_body(scope, receive, given, services, principal)
        if len(body) <= LARGE:
            return decode_json(body), False
        return await services.foundation.work.run(principal.workspace_id, partial(decode_json, body)), True

    async def _read_body(
        self,
        scope: "Scope",
        receive: "Receive",
        given: dict[bytes, bytes],
        services: Services,
        principal: Principal,
    ) -> bytes:
        """Return the body of a request that may still be made when it has come: a client may take long to send it."""
        if not is_json(given.get(b"content-type")):
            raise UnsupportedMediaType("The request's Content-Type must be application/json, in UTF-8.")
        body = await read_body(
            receive,
            declared=given.get(b"content-length"),
            limit=self._settings.max_body_bytes,
            deadline=self._deadline,
        )
        # The API itself follows a workspace that has moved.
        with contextlib.suppress(UnknownWorkspace):
            if await services.identity.resolve(self.presented.read(scope, given)) != principal:
                raise Unauthenticated("The rights of the credential have changed while the body came: send it again.")
        return body
