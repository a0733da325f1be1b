"""The traced parts of an app, in the place of the plain ones."""

from functools import partial
from typing import TYPE_CHECKING, Any

from fieldstone.engine.server.fast_path.repeated_request import WarmPath
from fieldstone.engine.server.parts import Parts
from fieldstone.engine.server.tracing.database import TracedDatabase
from fieldstone.engine.server.tracing.deliveries import TracedSender, TracedSteps
from fieldstone.engine.server.tracing.operations import TracedApi, TracedCompiler
from fieldstone.engine.server.tracing.requests import TracedPath, TracedRequests
from fieldstone.engine.server.tracing.tracer import Tracer
from fieldstone.sql.executor import Database
from fieldstone.sql.pool_settings import PoolSettings

if TYPE_CHECKING:
    from starlette.types import ASGIApp


class Tracing:
    """The traces of an app.

    Attributes:
        parts: the traced parts of its process.

    Raises:
        ConfigurationError: a variable `OTEL_...` asks for something that the extra does not have.
    """

    def __init__(self) -> None:
        self._tracer = Tracer()
        self.parts = Parts(
            connect=self._connect,
            compiler=partial(TracedCompiler, self._tracer),
            api=partial(TracedApi, self._tracer),
            sender=partial(TracedSender, self._tracer),
            watch=TracedSteps(self._tracer),
        )

    def trace_requests(self, app: "ASGIApp") -> "ASGIApp":
        """Return an ASGI app whose requests are spans."""
        return TracedRequests(self._tracer, app)

    def warm_path(self, **parts: Any) -> WarmPath:
        """Return a warm path that makes the spans of the requests which are sampled."""
        return TracedPath(self._tracer, **parts)

    def flush(self) -> None:
        """Send the spans that have ended; wait three seconds at most."""
        self._tracer.flush()

    def _connect(
        self, dsn: str, *, settings: PoolSettings, owner_dsn: str | None = None, direct_dsn: str | None = None
    ) -> Database:
        return TracedDatabase(self._tracer, dsn, settings, owner_dsn=owner_dsn, direct_dsn=direct_dsn)
