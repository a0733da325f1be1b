"""The warm path of a request that a server hands over whole: from its bytes to its reply without a task.

A client sends the same head again and again, and asks the same operation of other values. So a head that was parsed
once is known by its bytes, with its meaning: the key, the media type, the length. Where the operation's plan is
at hand too, and its statement prepared, the request is answered by plain calls: one asks the database, another writes
the database's answer. Whatever takes more than that starts over on the ordinary path, which every server has.
"""

import time
from collections.abc import Callable, Collection, Mapping
from functools import partial
from typing import TypeAlias

from fieldstone.engine.access.slots import Turn
from fieldstone.engine.errors import ApiError, Overloaded, drop_frames
from fieldstone.engine.request.path import GraphQLApi
from fieldstone.engine.request.ready import Ready
from fieldstone.engine.server.browsers.cross_origin import CrossOrigin
from fieldstone.engine.server.composition import Services
from fieldstone.engine.server.connections.request_ids import LINE, make_request_id, read_request_id
from fieldstone.engine.server.fast_path.forms import Form
from fieldstone.engine.server.fast_path.heads import Found, Head, Heads
from fieldstone.engine.server.fast_path.known_bodies import KnownBodies
from fieldstone.engine.server.fast_path.known_reads import KnownReads
from fieldstone.engine.server.fast_path.passing_lines import NO_LINES, PassingLines
from fieldstone.engine.server.fast_path.refused_request import RefusedRequest
from fieldstone.engine.server.fast_path.rest_request import find_read, form_of_refusal
from fieldstone.engine.server.fast_path.warm_request import Client, WarmRequest
from fieldstone.engine.server.http.refusal_pace import RefusalPace
from fieldstone.engine.server.http.requests.request_log import Facts, RequestContext, WriteLine
from fieldstone.engine.server.metrics.counts import Requests
from fieldstone.engine.server.runtime import Runtime
from fieldstone.engine.settings import Settings
from fieldstone.metadata.roles.networks import is_within
from fieldstone.metadata.roles.principal import Principal
from fieldstone.sql.concurrency.deadlines import Overdue
from fieldstone.sql.executor import Database
from fieldstone.sql.replicas.position import Position

_PATIENCE = 0.02
"""Seconds; the ordinary path waits longer, and knows for how long."""


class WarmPath:
    """Answers the warm requests of an app without a task.

    Args:
        apis: the APIs by the path that they stand at.
        cross_origin: the rules for origins, if pages of others than ours may ask.
        elsewhere: the names of further headers that send a request to the ordinary path.

    Attributes:
        refusals: tells for how long each refusal is held back.
        heads: the remembered heads.
        patience: tells when the rest of a request is no longer waited for here.
    """

    def __init__(
        self,
        *,
        settings: Settings,
        runtime: Runtime,
        apis: Mapping[str, Callable[[Services], GraphQLApi]],
        counts: Requests,
        write_line: WriteLine,
        refusals: RefusalPace,
        cross_origin: CrossOrigin | None = None,
        elsewhere: Collection[bytes] = (),
    ) -> None:
        self._settings = settings
        self._runtime = runtime
        self._apis = apis
        self._counts = counts
        self._write_line = write_line
        self.refusals = refusals
        self._reads = KnownReads()
        self._bodies = KnownBodies()
        self.heads = Heads(
            paths=apis,
            largest_body=settings.max_body_bytes,
            find_services=runtime.find,
            cross_origin=cross_origin,
            elsewhere=elsewhere,
        )
        self.patience = Overdue(_PATIENCE)

    def find_request(self, found: Found, client: Client) -> "AnyRequest | None":
        """Return the request, ready to begin; None where it takes more than is at hand."""
        begun = time.perf_counter()
        head = found[0]
        services = self._runtime.services or self._runtime.find(head.credential)
        principal = services.identity.find_fresh(head.credential) if services else None
        if services is None or principal is None:
            return None
        if principal.networks and not self._may_use(principal, client):
            return None
        slots = services.core.slots
        try:
            slots.require_room(principal)
        except Overloaded as refusal:
            return self.refuse(found, principal, client, refusal, begun)
        if not slots.try_enter(principal):
            return QueuedRequest(self, services, found, principal, client)
        request = self.find_warm(services, found, principal, client, begun)
        if request is None:
            slots.leave(principal)
        return request

    def refuse(
        self, found: Found, principal: Principal, client: Client, refusal: ApiError, begun: float
    ) -> RefusedRequest:
        """Return the request that is answered with this error, ready to begin."""
        head, body, passing = found
        request_id, lines = _begin_lines(head, passing)
        context = RequestContext(id=request_id, principal=principal, operations=1)
        form = head.form or form_of_refusal(body, head.accept)
        drop_frames(refusal)
        send = partial(client.reply, lines=lines)
        return RefusedRequest(form, refusal, context, begun=begun, send=send, note=self.note)

    def find_warm(
        self, services: Services, found: Found, principal: Principal, client: Client, begun: float
    ) -> WarmRequest | None:
        """Return the request of a principal that has a slot, ready to begin; None where it takes more, or fails."""
        try:
            return self._find_warm(services, found, principal, client, begun)
        except Exception:  # noqa: BLE001 - the app's edge: the ordinary path fails too, and logs it
            return None

    def _find_warm(
        self, services: Services, found: Found, principal: Principal, client: Client, begun: float
    ) -> WarmRequest | None:
        head, body, passing = found
        form: Form | None = head.form
        if form is None:
            asked = find_read(self._reads, services.rest, principal, body, head.accept)
            if asked is None:
                return None
            ready, form = asked
        else:
            read = self._bodies.read(body)
            operation = read and self._apis[head.path](services).ready.find(principal, *read)
            if operation is None:
                return None
            ready = operation
        database = _find_database(ready, principal, passing.token)
        if database is None:
            return None
        told = services.limiter.take_now(principal, ready.route.seen.limits)
        if told is None:
            return None
        id_, lines = _begin_lines(head, passing)
        return WarmRequest(services, database, form, principal, ready, client, told + lines, id_, begun, self.note)

    def _may_use(self, principal: Principal, client: Client) -> bool:
        """Return whether a key may be used from a connection; the ordinary path decides about proxies' clients."""
        return not self._settings.trusted_proxies and is_within(client.address(), principal.networks)

    def note(self, form: Form, context: Facts, seconds: float) -> None:
        """Log and count a request that is over."""
        self._counts.count(context.endpoint, context.status, seconds, is_warm=True)
        self._write_line(form.method, form.path, context, context.status, seconds)


def _begin_lines(head: Head, passing: PassingLines) -> tuple[str, bytes]:
    """Return the id of a request, and the lines of the reply's head that its own head decides about."""
    given = None if passing is NO_LINES else read_request_id(passing.request_id)
    request_id = given or make_request_id()
    return request_id, LINE % request_id.encode() + head.lines


AnyRequest: TypeAlias = "WarmRequest | QueuedRequest | RefusedRequest"


class QueuedRequest:
    """One request whose principal has to wait for a slot. It is not read before its turn, so that it costs little."""

    __slots__ = (
        "_begun",
        "_client",
        "_found",
        "_path",
        "_principal",
        "_request",
        "_services",
        "_turn",
    )

    def __init__(self, path: WarmPath, services: Services, found: Found, principal: Principal, client: Client) -> None:
        self._path = path
        self._services = services
        self._found = found
        self._principal = principal
        self._client = client
        self._begun = time.perf_counter()
        self._turn: Turn | None = None
        self._request: WarmRequest | None = None

    def begin(self) -> None:
        """Wait for a slot."""
        try:
            self._turn = self._services.core.slots.queue(self._principal, self._go, self._give_up)
        except ApiError:
            self._client.start_over()

    def abandon(self) -> None:
        """End it: the client has gone."""
        if self._request is not None:
            self._request.abandon()
        else:
            self._withdraw()

    def _withdraw(self) -> None:
        if (turn := self._take_turn()) is not None:
            self._services.core.slots.withdraw(turn)

    def _take_turn(self) -> Turn | None:
        """Return the turn, and keep it no longer: it leads to this request."""
        turn, self._turn = self._turn, None
        return turn

    def _give_up(self) -> None:
        turn = self._take_turn()
        refusal = (turn and turn.take_refusal()) or self._services.core.slots.refusal()
        self._path.refuse(self._found, self._principal, self._client, refusal, self._begun).begin()

    def _go(self) -> None:
        # The key may have been revoked meanwhile.
        if self._services.identity.find_fresh(self._found[0].credential) is self._principal:
            self._request = self._path.find_warm(
                self._services, self._found, self._principal, self._client, self._begun
            )
        if self._request is None:
            self._withdraw()
            self._client.start_over()
        else:
            self._take_turn()
            self._request.begin()


def _find_database(ready: Ready, principal: Principal, token: bytes | None) -> Database | None:
    """Return the database that answers an operation; None where a wait for a replica is worth its time."""
    if ready.run.writes:
        return ready.reads.database
    position = None if token is None else Position.read(token.decode())
    if position is None and token is not None:
        return None  # The ordinary path refuses it.
    return ready.reads.find(principal, ready.route.seen.view, position)
