"""The ASGI app and its endpoints.

    from fieldstone.engine import create_app
    app = create_app()                      # settings from the environment

It starts with the server's lifespan. Mounted in another application, whose lifespan does not reach it, it starts with
the first request, or when the host's lifespan enters `async with app.lifespan_context():`.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from functools import partial
from operator import attrgetter
from typing import TYPE_CHECKING, Any

from starlette.routing import BaseRoute, Route, Router
from starlette.websockets import WebSocketClose

from fieldstone.engine.errors import ApiError
from fieldstone.engine.request.path import GraphQLApi
from fieldstone.engine.rest.routes import OPEN_API
from fieldstone.engine.server.browsers.cross_origin import CrossOrigin, drop_foreign_cookies
from fieldstone.engine.server.browsers.security_headers import SecurityHeaders
from fieldstone.engine.server.composition import Services, assemble
from fieldstone.engine.server.connections.limits import ConnectionLimits
from fieldstone.engine.server.connections.register import Connections
from fieldstone.engine.server.console.pages import CONSOLE_PATH, REST_PATH
from fieldstone.engine.server.console.route import GraphiQLOr, HintOr, console_routes
from fieldstone.engine.server.fast_path.repeated_request import WarmPath
from fieldstone.engine.server.http.admission import Admission
from fieldstone.engine.server.http.consistency import ConsistencyHeaders
from fieldstone.engine.server.http.graphql import GraphQLEndpoint
from fieldstone.engine.server.http.middleware import ErrorBoundary, RequestLog
from fieldstone.engine.server.http.refusal_pace import RefusalPace
from fieldstone.engine.server.http.requests.request_log import build_request_log, context_of
from fieldstone.engine.server.http.responses import Reply, build_error_reply
from fieldstone.engine.server.log import build_log, flush_log, log_unknown_settings
from fieldstone.engine.server.log_lines import Log
from fieldstone.engine.server.metrics.counts import Requests, Sockets
from fieldstone.engine.server.metrics.metrics import Metrics
from fieldstone.engine.server.parts import PLAIN
from fieldstone.engine.server.rest.endpoint import ROOT, RestEndpoint
from fieldstone.engine.server.rest.replies import build_rest_error
from fieldstone.engine.server.runtime import Assemble, Runtime
from fieldstone.engine.server.sampled_numbers import Totals, assemble_sampled
from fieldstone.engine.server.sign_in.pages import SignIn
from fieldstone.engine.server.status.insight import Everything, InsightRule
from fieldstone.engine.server.status.pages import (
    API_PAGES,
    STATE_PAGES,
    Health,
    IndexPage,
    MetricsPage,
    NotFound,
    Readiness,
)
from fieldstone.engine.server.streams.ends import StreamEnd
from fieldstone.engine.server.streams.sse import StreamEndpoint
from fieldstone.engine.server.streams.websocket.endpoint import SocketEndpoint
from fieldstone.engine.server.worker_place import WorkerPlace
from fieldstone.engine.settings import Settings, load_settings

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

    from fieldstone.engine.server.tracing.tracing import Tracing

_APIS: Mapping[str, Callable[[Services], GraphQLApi]] = {
    "/graphql": attrgetter("core"),
    "/metadata": attrgetter("metadata"),
}
"""The GraphQL APIs by the path that they stand at."""
_BESIDE = {"/metadata": {"/graphql": _APIS["/graphql"]}}
"""The other APIs that a socket serves: none leads to the models where a proxy keeps clients from `/metadata`."""

_DOCUMENT = f"/{OPEN_API}"
"""A second path of the document that describes REST, which Twenty's clients look for."""


class Fieldstone:
    """The app that `create_app` returns.

    Args:
        settings: all that can be configured.
        assembly: opens the services; by default `assemble`, at the place.
        place: the place among the workers of a supervisor, if this is the app of one.

    Attributes:
        settings: those that it was made with.
        runtime: the services behind it.
        log: where its lines go.
        flush_traces: sends the spans that have ended, and waits for it.
        warm: answers the requests that a server hands over whole.
        connections: those of the clients, where `fieldstone serve` serves it.
        state_pages: an ASGI app with the pages about the state of this one, for a port that only operators reach.
    """

    def __init__(
        self, settings: Settings, assembly: Assemble | None = None, *, place: WorkerPlace | None = None
    ) -> None:
        self.settings = settings
        worker = None if place is None else place.number
        self.log: Log = build_log(settings, worker)
        tracing = _find_tracing(settings)
        self.flush_traces: Callable[[], None] = (lambda: None) if tracing is None else tracing.flush
        parts = PLAIN if tracing is None else tracing.parts
        sampled = partial(
            assemble_sampled,
            assembly=assembly or partial(assemble, place=place),
            worker=worker,
            read_totals=self._read_totals,
        )
        self.runtime = _find_runtime(settings)(settings, self.log, sampled, parts)
        self._place = place
        self.connections = Connections(ConnectionLimits.of(settings), self._report_connections)
        self._requests, sockets = Requests(), Sockets()
        self.metrics = Metrics(self._requests, sockets, self.runtime.opened, self.connections.stats)
        refusals = RefusalPace()
        admission = Admission(settings=settings, runtime=self.runtime)
        self._presented = admission.presented
        self._closing = StreamEnd()
        self._streams = {
            path: StreamEndpoint(admission=admission, path=f"{path}/stream", select=select, closing=self._closing)
            for path, select in _APIS.items()
        }
        self._graphql = {
            path: GraphQLEndpoint(
                admission=admission,
                select=select,
                max_batch=settings.max_batch,
                max_response_bytes=settings.max_response_bytes,
                log=self.log,
                stream=self._streams[path],
            )
            for path, select in _APIS.items()
        }
        self._has_tools = settings.console and settings.is_development
        # Without the console the router knows nothing of the page either, and answers 404.
        self._pages = {REST_PATH} if self._has_tools or not settings.console else set()
        self._rest = RestEndpoint(admission=admission, settings=settings, log=self.log, closing=self._closing)
        self._sockets = {
            path: SocketEndpoint(
                runtime=self.runtime,
                apis={path: select, **_BESIDE.get(path, {})},
                counts=sockets,
                log=self.log,
                refusals=refusals,
                presented=admission.presented,
                closing=self._closing,
            )
            for path, select in _APIS.items()
        }
        self._sign_in = SignIn(settings=settings, runtime=self.runtime, admission=admission)
        self._router = Router(self._routes(), redirect_slashes=False, default=NotFound(API_PAGES))
        dispatch: ASGIApp = ConsistencyHeaders(self._dispatch) if settings.has_replicas else self._dispatch
        inner: ASGIApp = ErrorBoundary(dispatch, self.log, self._build_error)
        cross_origin = None
        if settings.allowed_origins:
            inner = cross_origin = CrossOrigin(inner, settings.allowed_origins, credentials=settings.cors_credentials)
        if tracing is not None:
            inner = tracing.trace_requests(inner)
        write_line = build_request_log(settings, self.log, worker)
        logged = partial(RequestLog, write_line=write_line, counts=self._requests, refusals=refusals)
        self._http = SecurityHeaders(logged(inner))
        nothing = NotFound(STATE_PAGES)
        pages = Router(self._state_routes(Everything()), redirect_slashes=False, default=nothing)
        self.state_pages: ASGIApp = SecurityHeaders(logged(ErrorBoundary(pages, self.log, self._build_error)))
        self._cookie_origins = settings.cookie_origins
        self.warm: WarmPath | None = None
        if settings.prepare_statements:
            self.warm = (WarmPath if tracing is None else tracing.warm_path)(
                settings=settings,
                runtime=self.runtime,
                apis=_APIS,
                counts=self._requests,
                write_line=write_line,
                refusals=refusals,
                cross_origin=cross_origin,
            )

    def _read_totals(self) -> Totals:
        return self._requests.totals(self.connections.stats().open)

    async def __call__(self, scope: "Scope", receive: "Receive", send: "Send") -> None:
        """Serve one ASGI connection."""
        match scope["type"]:
            case "http":
                drop_foreign_cookies(scope, self._cookie_origins)
                await self._http(scope, receive, send)
            case "lifespan":
                await self._lifespan(receive, send)
            case "websocket":
                drop_foreign_cookies(scope, self._cookie_origins)
                socket = self._sockets.get(self._path(scope))
                await (socket or WebSocketClose())(scope, receive, send)

    @asynccontextmanager
    async def lifespan_context(self) -> AsyncIterator[None]:
        """Start the app and stop it again: for the lifespan of an application that it is mounted in."""
        try:
            async with self.runtime.running():
                yield
        finally:
            await asyncio.to_thread(self.flush_traces)
            await asyncio.to_thread(flush_log)

    def end_streams(self) -> None:
        """End the event streams, which would not end by themselves: when the server begins to stop."""
        self._closing.set()

    def spread_streams(self, seconds: float) -> None:
        """End the event streams one after another, so that their clients do not come back all at once."""
        self._closing.spread(seconds)

    def _report_connections(self, ended: Mapping[str, int]) -> None:
        stats = self.connections.stats()
        write = self.log.warning if any("beyond" in reason for reason in ended) else self.log.info
        write("connections ended", reasons=dict(ended), open=stats.open, buffered_bytes=stats.buffered)

    async def _lifespan(self, receive: "Receive", send: "Send") -> None:
        await receive()
        try:
            await self.runtime.start()
        except Exception as error:  # noqa: BLE001 - the server reports it
            await send({"type": "lifespan.startup.failed", "message": str(error)})
            return
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await self.runtime.stop()
        await asyncio.to_thread(self.flush_traces)
        await asyncio.to_thread(flush_log)
        await send({"type": "lifespan.shutdown.complete"})

    async def _dispatch(self, scope: "Scope", receive: "Receive", send: "Send") -> None:
        """Answer a POST of an operation at once, and leave the rest to Starlette's router."""
        path = self._path(scope)
        endpoint = self._graphql.get(path)
        if endpoint is None and (path.startswith(ROOT) or path == _DOCUMENT) and path not in self._pages:
            context_of(scope).endpoint = ROOT[:-1]
            await self._rest(scope, receive, send, OPEN_API if path == _DOCUMENT else path[len(ROOT) :])
            return
        if endpoint is not None:
            context_of(scope).endpoint = path
            if scope["method"] == "POST":
                await endpoint(scope, receive, send)
                return
        if scope["path"] not in {path, scope.get("root_path", "") + path}:
            scope = {**scope, "path": scope["path"][:-1]}
        await self._router(scope, receive, send)

    def _build_error(self, scope: "Scope", error: ApiError) -> Reply:
        """Return the response to a request that ended with an error, in the form of the API at its path."""
        if not self._path(scope).startswith(ROOT):
            return build_error_reply(error)
        return build_rest_error(error, next((value for name, value in scope["headers"] if name == b"accept"), None))

    @staticmethod
    def _path(scope: "Scope") -> str:
        """Return the path below the one that the app is mounted at, without the slash that Litestar ends each with.

        An app that is not mounted has one address for each page: the rules of a proxy may name it.
        """
        path: str = scope["path"]
        root_path = scope.get("root_path", "")
        below = path[len(root_path) :] if root_path and path.startswith(root_path) else path
        ends_so = root_path and below.endswith("/") and below not in {"/", ROOT, f"{CONSOLE_PATH}/"}
        return below[:-1] if ends_so else below

    def _state_routes(self, rule: InsightRule | Everything) -> list[BaseRoute]:
        return [
            Route("/healthz", Health(self.runtime, self._place)),
            Route("/readyz", Readiness(self.runtime, rule)),
            Route("/metrics", MetricsPage(self.metrics, rule, self._place)),
        ]

    def _routes(self) -> list[BaseRoute]:
        routes: list[BaseRoute] = [
            Route("/", IndexPage(has_console=self.settings.console)),
            *self._state_routes(InsightRule(self.settings, self.runtime, self._presented)),
            *(Route(f"{path}/stream", stream) for path, stream in self._streams.items()),
            Route("/auth/{name}", self._sign_in),
        ]
        for path, endpoint in self._graphql.items():
            hint = HintOr(endpoint, has_console=self.settings.console)
            routes.append(Route(path, GraphiQLOr(endpoint, path) if self._has_tools else hint))
        return routes + (console_routes(has_tools=self._has_tools) if self.settings.console else [])


def _find_runtime(settings: Settings) -> type[Runtime]:
    """Return the class of the runtime: of one database, or of cells."""
    if not settings.cells:
        return Runtime
    from fieldstone.engine.server.cells.runtime import CellRuntime  # noqa: PLC0415 - few installations have cells

    return CellRuntime


def _find_tracing(settings: Settings) -> "Tracing | None":
    """Return the tracing of an app, if the settings turn it on."""
    if not settings.tracing:
        return None
    from fieldstone.engine.server.tracing.tracing import Tracing  # noqa: PLC0415 - OpenTelemetry is an extra

    return Tracing()


def create_app(settings: Settings | None = None, **overrides: Any) -> Fieldstone:
    """Return Fieldstone as an ASGI app.

    Args:
        settings: by default those of the environment.
        overrides: single settings by the name of their attribute in `fieldstone.engine.settings.Settings`, such as
            `rate_limit=0`.

    Raises:
        ConfigurationError: a setting breaks a rule.
    """
    app = Fieldstone(load_settings(settings, **overrides))
    if settings is None:
        log_unknown_settings(app.log)
    return app
