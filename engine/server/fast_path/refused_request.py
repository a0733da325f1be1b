"""A warm request that is refused by its head alone, at once or after a wait for its slot: its body is not read."""

import time
from collections.abc import Callable
from typing import TypeAlias

from fieldstone.engine.errors import ApiError
from fieldstone.engine.server.fast_path.forms import Form
from fieldstone.engine.server.http.requests.request_log import Facts, RequestContext
from fieldstone.engine.server.http.responses import Reply

Note: TypeAlias = Callable[[Form, Facts, float], None]
"""Logs and counts a request that is over, with the seconds that it took."""


class RefusedRequest:
    """One request that is refused as soon as it begins.

    Args:
        form: of the reply.
        error: the reason.
        context: its facts for the log, without the status.
        begun: the time by `perf_counter` at which it came.
        send: sends the reply.
        note: logs and counts the request, with the seconds that it took.
    """

    __slots__ = ("_begun", "_context", "_error", "_form", "_note", "_send")

    def __init__(
        self,
        form: Form,
        error: ApiError,
        context: RequestContext,
        *,
        begun: float,
        send: Callable[[Reply], None],
        note: Note,
    ) -> None:
        self._form = form
        self._error = error
        self._context = context
        self._begun = begun
        self._send = send
        self._note = note

    def begin(self) -> None:
        """Answer it."""
        reply = self._form.refuse(self._error)
        self._send(reply)
        self._context.endpoint, self._context.status = self._form.endpoint, reply.status
        self._note(self._form, self._context, time.perf_counter() - self._begun)

    def abandon(self) -> None:
        """End it: the client has gone."""
