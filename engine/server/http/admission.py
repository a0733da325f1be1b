"""Admits requests of HTTP: looks their key up, counts their operations and reads them."""

import contextlib
from dataclasses import replace
from functools import partial
from uuid import UUID

from fieldstone.engine.client_json import LARGE
from fieldstone.engine.database_errors import described
from fieldstone.engine.errors import Unauthenticated
from fieldstone.engine.identity.credential import Presented
from fieldstone.engine.request.stored_documents.request import GraphQLRequest
from fieldstone.engine.server.browsers.cross_origin import require_preflight
from fieldstone.engine.server.composition import Services
from fieldstone.engine.server.http.errors import UnsupportedMediaType
from fieldstone.engine.server.http.requests.auth import PresentedReader, sign_in
from fieldstone.engine.server.http.requests.body import decode_json, read_body, require_plain
from fieldstone.engine.server.http.requests.incoming import IncomingRequest
from fieldstone.engine.server.http.requests.negotiation import is_json
from fieldstone.engine.server.http.requests.operations import Batch, build_query_request, mark, read_request
from fieldstone.engine.server.http.requests.request_log import note_key
from fieldstone.engine.server.runtime import Runtime
from fieldstone.engine.settings import Settings
from fieldstone.metadata.access.role_checks import effective_settings
from fieldstone.metadata.errors import UnknownWorkspace
from fieldstone.metadata.json_text import JsonValue
from fieldstone.metadata.model import Snapshot
from fieldstone.metadata.roles.principal import Principal, SubjectKind
from fieldstone.metadata.roles.role import Setting, find_role
from fieldstone.sql.concurrency.deadlines import Overdue
from fieldstone.sql.errors import StaleSchema
from fieldstone.sql.frozen import frozen


async def _model_of(services: Services, principal: Principal) -> Snapshot:
    """Return the model of a principal's workspace; raises ServiceUnavailable, UnknownWorkspace."""
    with described():
        return await services.foundation.current.get(principal.workspace_id)


async def _may_see_times(services: Services, principal: Principal) -> bool:
    """Return whether a principal may see the times of its requests, which tell of records that it may not read."""
    current = await _model_of(services, principal)
    role = find_role(current.roles, principal.role)
    return role is not None and Setting.EXPLAIN in effective_settings(current, role)


@frozen
class Admitted:
    """A request that may be made.

    Attributes:
        incoming: the request.
        services: of the cell that answers for its workspace.
        principal: of its credential.
        presented: all that it presents of the principal.
    """

    incoming: IncomingRequest
    services: Services
    principal: Principal
    presented: Presented


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

    async def admit(self, incoming: IncomingRequest, *, may_be_simple: bool = False) -> Admitted:
        """Return a request with its services and principal, and count its first operation.

        Args:
            incoming: the request; its reply is given the headers about the rate limit.
            may_be_simple: whether a POST may have a body other than JSON, which browsers send without a preflight.

        Raises:
            Unauthenticated: there is no valid key.
            Forbidden: a page of another site could have had a browser send it.
            RateLimitExceeded: the key's operations are used up, or too many tokens have failed; the headers of the
                reply have the time to wait.
            ServiceUnavailable: the services cannot be had.
            Overloaded: it would wait for too long.
        """
        scope, given, headers = incoming.scope, incoming.given, incoming.reply_headers
        presented = self.presented.read(scope, given)
        services = self._runtime.services or await self._runtime.choose(presented)
        try:
            principal = await sign_in(services.identity, services.audit, services.failed_tokens, presented, headers)
            if self._runtime.services is None:
                # Where there are cells, the key may be known in one that the workspace has left.
                await _model_of(services, principal)
        except UnknownWorkspace as error:
            services = await self._follow(services, error.workspace_id, error)
            principal = await sign_in(services.identity, services.audit, services.failed_tokens, presented, headers)
        if may_be_simple or incoming.method != "POST":
            require_preflight(scope["headers"])
        context = incoming.context
        context.principal = principal
        if principal.kind is not SubjectKind.ANONYMOUS:
            note_key(scope)
        # Before the body is read, and before the operation counts.
        services.core.slots.require_room(principal)
        context.tells_time = self._settings.is_development or (
            given.get(b"x-fieldstone-timing") == b"1" and await _may_see_times(services, principal)
        )
        await services.limiter.count(principal, 1, headers)
        return Admitted(incoming=incoming, services=services, principal=principal, presented=presented)

    async def follow(self, admitted: Admitted, error: UnknownWorkspace | StaleSchema) -> Admitted:
        """Return the request with the services that answer for its workspace, which has moved to another cell.

        Raises:
            ServiceUnavailable: they cannot be had now.
            UnknownWorkspace, StaleSchema: the error, where it has not moved.
        """
        return replace(admitted, services=await self._follow(admitted.services, admitted.principal.workspace_id, error))

    async def _follow(self, left: Services, workspace_id: UUID, error: UnknownWorkspace | StaleSchema) -> Services:
        services = await self._runtime.follow(left, workspace_id)
        if services is None:
            raise error
        return services

    async def read(self, admitted: Admitted, *, max_batch: int) -> GraphQLRequest | Batch:
        """Return the operations of a request, from its body or the query string of a GET, as its head wishes.

        Raises:
            BadUserInput: it has none, or is not JSON in UTF-8, or is too large or too slow.
            Unauthenticated: the credential has ended meanwhile.
            QueryTooComplex: it has more than `max_batch`.
        """
        incoming, is_development = admitted.incoming, self._settings.is_development
        if incoming.method != "POST":
            return mark(build_query_request(incoming.query), incoming.given, is_development=is_development)
        body = await self._read_body(admitted)
        work, workspace_id = admitted.services.foundation.work, admitted.principal.workspace_id
        request = await read_request(body, max_batch=max_batch, work=work, workspace_id=workspace_id)
        return mark(request, incoming.given, is_development=is_development)

    async def read_json(self, admitted: Admitted) -> tuple[JsonValue, bool]:
        """Return the JSON of a request's body, and whether it is a large one.

        Raises:
            BadUserInput: it is not JSON in UTF-8, or is too large or too slow.
            Unauthenticated: the credential has ended meanwhile.
            QueryTooComplex: it holds too many values.
        """
        body = await self._read_body(admitted)
        if len(body) <= LARGE:
            return decode_json(body), False
        work = admitted.services.foundation.work
        return await work.run(admitted.principal.workspace_id, partial(decode_json, body)), True

    async def _read_body(self, admitted: Admitted) -> bytes:
        """Return the body of a request that may still be made when it has come: a client may take long to send it."""
        given = admitted.incoming.given
        if not is_json(given.get(b"content-type")):
            raise UnsupportedMediaType("The request's Content-Type must be application/json, in UTF-8.")
        require_plain(given, "body")
        body = await read_body(
            admitted.incoming.receive,
            declared=given.get(b"content-length"),
            limit=self._settings.max_body_bytes,
            deadline=self._deadline,
        )
        await self.require_unchanged(admitted)
        return body

    async def require_unchanged(self, admitted: Admitted) -> None:
        """Return unless the credential of a request has ended, or has other rights, since it was admitted.

        Raises:
            Unauthenticated: it has.
            ServiceUnavailable: it cannot be checked at the moment.
        """
        # The API itself follows a workspace that has moved.
        with contextlib.suppress(UnknownWorkspace):
            if await admitted.services.identity.resolve(admitted.presented) != admitted.principal:
                raise Unauthenticated(
                    "The rights of the credential have changed since the request began: send it again."
                )
