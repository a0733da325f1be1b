"""The facts of one request that the log and the metrics need, and its line in the log.

There is a line for each request, so that in JSON it is put together by hand: `Log` takes ten times as long. The
two write the same keys in the same order.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from json.encoder import encode_basestring_ascii as quoted
from typing import TYPE_CHECKING, Protocol

from fieldstone.engine.server.connections.place import PLACE, Place
from fieldstone.engine.server.connections.request_ids import find_request_id
from fieldstone.engine.server.log import hold_line, logs_json, logs_requests
from fieldstone.engine.server.log_lines import Log
from fieldstone.engine.settings import Settings
from fieldstone.metadata.roles.principal import Principal

if TYPE_CHECKING:
    from starlette.types import Scope

_KEY = "fieldstone.request"
SHOWN_PATH = 200
"""Characters of a path that a line of the log, or a span, has."""
_LINE = '%s%.2f, "request_id": "%s"%s, "event": "request", "level": "info", "timestamp": "%s.%06dZ"}'
"""A line behind its brace; a `%` with all its values takes half the time of an f-string with formats of its own."""
_SHORT = 40
"""Characters of a path that may come again and again: one with the id of a record is longer."""

CLIENT_GONE = 499
"""The status of a request whose client left before the answer, as nginx writes it in its log."""


@dataclass(slots=True, kw_only=True)
class RequestContext:
    """The facts of one request, filled in as it passes through the layers.

    Attributes:
        id: of the request, see `request_ids.py`.
        endpoint: the address that answers it, one of a few; `other` where there is none.
        status: of the response; 0 before it begins.
        principal: of the key, once the key is known.
        operations: the number that the request holds.
        error_id: the id of the log line of an unexpected error.
        trace_id: that of the trace that the request is in, if it is sampled.
        tells_time: True if the response has a Server-Timing header.
    """

    id: str = ""
    endpoint: str = "other"
    status: int = 0
    principal: Principal | None = None
    operations: int = 0
    error_id: str | None = None
    trace_id: str | None = None
    tells_time: bool = False


class Facts(Protocol):
    """The facts of a request that is over, which its line in the log has; see `RequestContext`."""

    @property
    def id(self) -> str: ...  # noqa: D102
    @property
    def endpoint(self) -> str: ...  # noqa: D102
    @property
    def status(self) -> int: ...  # noqa: D102
    @property
    def principal(self) -> Principal | None: ...  # noqa: D102
    @property
    def operations(self) -> int: ...  # noqa: D102
    @property
    def error_id(self) -> str | None: ...  # noqa: D102
    @property
    def trace_id(self) -> str | None: ...  # noqa: D102


def begin_request(scope: "Scope") -> RequestContext:
    """Put a new context into the scope, for `context_of` to find."""
    scope[_KEY] = context = RequestContext(id=find_request_id(scope["headers"]))
    return context


def context_of(scope: "Scope") -> RequestContext:
    """Return the context of a request."""
    context: RequestContext = scope[_KEY]
    return context


def note_key(scope: "Scope") -> None:
    """Note that the client of a request or a socket has shown a valid key, where this server holds the connection."""
    place = scope.get("state", {}).get(PLACE)
    if isinstance(place, Place):
        place.is_known = True


def note_streamed(scope: "Scope", size: int) -> None:
    """Note that bytes of a request's body are kept no longer, where this server holds the connection."""
    place = scope.get("state", {}).get(PLACE)
    if isinstance(place, Place):
        place.occupant.note_streamed(size)


WriteLine = Callable[[str, str, Facts, int, float], None]
"""Writes the line of a request: with its method, path and status, and the seconds that it took."""


def build_request_log(settings: Settings, log: Log, worker: int | None = None) -> WriteLine:
    """Return the function that writes the lines of requests in the settings' format, with the worker's number."""
    if not logs_requests(settings):
        return lambda _method, _path, _context, _status, _seconds: None
    if logs_json(settings):
        return _JsonLines(worker).write
    return lambda method, path, context, status, seconds: _write_with(log, method, path, context, status, seconds)


def _write_with(log: Log, method: str, path: str, context: Facts, status: int, seconds: float) -> None:
    facts: dict[str, object] = {
        "method": method,
        "path": _shown(path),
        "status": status,
        "ms": round(seconds * 1000, 2),
        "request_id": context.id,
    }
    if (principal := context.principal) is not None:
        facts |= {
            "workspace": str(principal.workspace_id),
            "key": str(principal.subject_id),
            "operations": context.operations,
        }
        if principal.acts_as is not None:
            facts["acts_as"] = principal.acts_as
    if context.error_id is not None:
        facts["error_id"] = context.error_id
    if context.trace_id is not None:
        facts["trace_id"] = context.trace_id
    log.info("request", **facts)


class _JsonLines:
    """Writes JSON lines, with the time of day formatted once a second."""

    def __init__(self, worker: int | None) -> None:
        brace = "{" if worker is None else f'{{"worker": {worker}, '
        self._line = brace.replace("%", "%%") + _LINE
        self._second = -1
        self._begun = ""
        self._who: tuple[Principal | None, str] = (None, "")

    def write(self, method: str, path: str, facts: Facts, status: int, seconds: float) -> None:
        more = ""
        if (principal := facts.principal) is not None:
            if principal is not self._who[0]:
                prefix = f', "workspace": "{principal.workspace_id}", "key": "{principal.subject_id}", "operations": '
                self._who = (principal, prefix)
            acts_as = "" if principal.acts_as is None else f', "acts_as": {quoted(principal.acts_as)}'
            more = f"{self._who[1]}{facts.operations}{acts_as}"
        if facts.error_id is not None:
            more += f', "error_id": {quoted(facts.error_id)}'
        if facts.trace_id is not None:
            more += f', "trace_id": "{facts.trace_id}"'
        opening = _known_opening if len(path) <= _SHORT else _opening
        now = time.time()
        if (second := int(now)) != self._second:
            self._second = second
            self._begun = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(second))
        fraction = (now - second) * 1_000_000
        hold_line(self._line % (opening(method, path, status), seconds * 1000, facts.id, more, self._begun, fraction))


def _shown(path: str) -> str:
    return ascii(path[:SHOWN_PATH])[1:-1]


def _opening(method: str, path: str, status: int) -> str:
    return f'"method": {quoted(method)}, "path": {quoted(_shown(path))}, "status": {status}, "ms": '


_known_opening = lru_cache(maxsize=256)(_opening)
