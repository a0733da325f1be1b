"""The small pages beside the APIs: health, readiness, metrics and an index."""

import asyncio
import math
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, ClassVar

from fieldstone.engine.errors import ApiError, MethodNotAllowed
from fieldstone.engine.errors import NotFound as NotFoundError
from fieldstone.engine.server.composition import Services
from fieldstone.engine.server.http.requests.request_log import context_of
from fieldstone.engine.server.http.responses import RETRY_SOON, TEXT, Header, Reply, build_error_reply, send_reply
from fieldstone.engine.server.metrics.metrics import MEDIA_TYPE, Metrics
from fieldstone.engine.server.runtime import Runtime
from fieldstone.engine.server.status.insight import Everything, Insight, InsightRule
from fieldstone.engine.server.worker_place import WorkerPlace
from fieldstone.engine.version import VERSION
from fieldstone.metadata.json_text import dumps
from fieldstone.sql.errors import SqlError
from fieldstone.sql.executor import Database
from fieldstone.sql.probe import ANSWER

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send

_ALLOW = (b"allow", b"GET, HEAD, OPTIONS")
_ASKED_EVERY = 1.0
_PATIENCE = 2.0

_INDEX = """Fieldstone

{root}/graphql   the records of a workspace (GraphQL)
{root}/metadata  its objects and fields (GraphQL)
{root}/rest      the records as REST: {root}/rest/people, for instance
{root}/healthz   {root}/readyz   {root}/metrics

Send the API key in the header: Authorization: Bearer KEY
"""
STATE_PAGES = "the pages are {root}/healthz, {root}/readyz and {root}/metrics"
API_PAGES = "the APIs are at {root}/graphql, {root}/metadata and {root}/rest/people, for instance"
_CONSOLE = """A browser sends none: the console at {root}/console/ asks for it.
With FIELDSTONE_ENV=development a browser is shown GraphiQL at {root}/graphql and {root}/metadata.
"""


class PlainPage(ABC):
    """An ASGI app that answers GET and HEAD."""

    endpoint: ClassVar[str]

    async def __call__(self, scope: "Scope", _receive: "Receive", send: "Send") -> None:
        """Answer one request."""
        context_of(scope).endpoint = self.endpoint
        method = scope["method"]
        allow: tuple[Header, ...] = ()
        if method in {"GET", "HEAD"}:
            reply = await self.reply(scope)
        elif method == "OPTIONS":
            reply = Reply(status=200, body=b"", media_type=TEXT, headers=[_ALLOW])
        else:
            reply = build_error_reply(MethodNotAllowed(f"The method {method} is not allowed here: send a GET."))
            allow = (_ALLOW,)
        await send_reply(send, reply, allow, head=method == "HEAD")

    @abstractmethod
    async def reply(self, scope: "Scope") -> Reply:
        """Return the response to a request."""


class IndexPage(PlainPage):
    """Lists the addresses."""

    endpoint = "/"

    def __init__(self, *, has_console: bool) -> None:
        self._text = _INDEX + _CONSOLE if has_console else _INDEX

    async def reply(self, scope: "Scope") -> Reply:
        """Return a few lines of text, with the path that the app is mounted at before each address."""
        text = self._text.format(root=scope.get("root_path", ""))
        return Reply(status=200, body=text.encode(), media_type=TEXT)


class Health(PlainPage):
    """Answers as long as the process does; its failure means that a restart may help."""

    endpoint = "/healthz"

    def __init__(self, runtime: Runtime, place: WorkerPlace | None = None) -> None:
        self._runtime = runtime
        self._place = place

    async def reply(self, _scope: "Scope") -> Reply:
        """Return 200, or 503 while the embedded PostgreSQL is away and cannot be started."""
        watches = (one.foundation.embedded for one in self._runtime.opened().values() if one is not None)
        watch = next((one for one in watches if one is not None), None)
        if (watch is not None and watch.is_broken) or (self._place is not None and self._place.is_embedded_broken()):
            return _unready("the embedded PostgreSQL cannot be started")
        return Reply(status=200, body=_json({"status": "ok"}))


class Readiness(PlainPage):
    """Reports whether operations can be served, and to requests with insight by how much.

    Args:
        runtime: gives the services as soon as they are there.
        rule: gives the insight of a request.
    """

    endpoint = "/readyz"

    def __init__(self, runtime: Runtime, rule: InsightRule | Everything) -> None:
        self._runtime = runtime
        self._rule = rule
        self._asked_at: dict[str, float] = {}
        self._answers: dict[str, bool] = {}

    async def reply(self, scope: "Scope") -> Reply:
        """Return 200 when migrations and sample data are done and a database answers, 503 until then.

        Where no lifespan starts the app, the first request does.
        """
        cells = self._runtime.opened()
        opened = {cell: services for cell, services in cells.items() if services is not None}
        if not opened:
            self._runtime.begin()
            return _unready("starting")
        asked = [self._database_answers(cell, one.foundation.database) for cell, one in opened.items()]
        answers = dict(zip(opened, await asyncio.gather(*asked), strict=True))
        is_ready = any(answers.values())
        if await self._rule.of(scope) not in {Insight.FULL, Insight.STATE}:
            return _ready() if is_ready else _unready("unavailable")
        shown = {cell: _describe(services, answers[cell]) for cell, services in opened.items()}
        away = {cell: {"database": "does not answer"} for cell in cells.keys() - opened.keys()}
        details: dict[str, object] = {"version": VERSION, **(shown[""] if "" in cells else {"cells": shown | away})}
        return _ready(details) if is_ready else _unready("the database does not answer", details)

    async def _database_answers(self, cell: str, database: Database) -> bool:
        """Return whether the database answered within the last second, or does now: frequent probes cost it nothing."""
        now = asyncio.get_running_loop().time()
        if now - self._asked_at.get(cell, -math.inf) >= _ASKED_EVERY:
            self._asked_at[cell] = now
            try:
                async with asyncio.timeout(_PATIENCE):
                    await database.read(ANSWER, [], share=None)
            except (SqlError, TimeoutError):
                self._answers[cell] = False
            else:
                self._answers[cell] = True
        return self._answers.get(cell, False)


def _describe(services: Services, is_ready: bool) -> dict[str, object]:
    """Return the details of the state of a database."""
    pool = services.foundation.database.stats()
    return {
        "database": "answers" if is_ready else "does not answer",
        "connections": {"inUse": pool.in_use, "idle": pool.idle, "waiting": pool.waiting, "limit": pool.limit},
        "broadcast": "connected" if services.broadcast.is_connected else "disconnected",
    }


def _ready(details: dict[str, object] | None = None) -> Reply:
    shown: dict[str, object] = {"status": "ready"}
    return Reply(status=200, body=_json(shown if details is None else shown | {"details": details}))


def _unready(status: str, details: dict[str, object] | None = None) -> Reply:
    shown: dict[str, object] = {"status": status}
    body = _json(shown if details is None else shown | {"details": details})
    return Reply(status=503, body=body, headers=[RETRY_SOON])


def _json(value: dict[str, object]) -> bytes:
    return dumps(value).encode()


class MetricsPage(PlainPage):
    """Serves the metrics for Prometheus.

    Args:
        metrics: those of the app.
        rule: gives the insight of a request.
        place: the app's place among the workers whose metrics are joined, if it is one of them.
    """

    endpoint = "/metrics"

    def __init__(self, metrics: Metrics, rule: InsightRule | Everything, place: WorkerPlace | None = None) -> None:
        self._metrics = metrics
        self._rule = rule
        self._place = place

    async def reply(self, scope: "Scope") -> Reply:
        """Return all measurements as text, without names where the request may see no more."""
        try:
            insight = await self._rule.of_metrics(scope)
        except ApiError as error:
            return build_error_reply(error)
        is_named = insight is Insight.FULL
        render = self._metrics.render
        body = render(is_named) if self._place is None else await self._place.gather_metrics(render, is_named)
        return Reply(status=200, body=body, media_type=MEDIA_TYPE)


class NotFound:
    """An ASGI app for every other address.

    Args:
        text: the addresses that there are, each with `{root}` in the place of the path that the app is mounted at.
    """

    def __init__(self, text: str) -> None:
        self._text = text

    async def __call__(self, scope: "Scope", _receive: "Receive", send: "Send") -> None:
        """Answer 404 with a GraphQL error."""
        if scope["type"] != "http":
            return
        found = self._text.format(root=scope.get("root_path", ""))
        error = NotFoundError(f"There is nothing at this address; {found}.")
        await send_reply(send, build_error_reply(error), head=scope["method"] == "HEAD")
