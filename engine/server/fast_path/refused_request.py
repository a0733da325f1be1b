"""A warm request that is refused by its head alone: its body is not read."""

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
        send: sends the reply.
        note: logs and counts the request, with the seconds that it took.
    """

    __slots__ = ("_context", "_error", "_form", "_note", "_send")

    def __init__(
        self,
        form: Form,
        error: ApiError,
        context: RequestContext,
        *,
        send: Callable[[Reply], None],
        note: Note,
    ) -> None:
        self._form = form
        self._error = error
        self._context = context
        self._send = send
        self._note = note

    def begin(self) -> None:
        """Answer it."""
        reply = self._form.refuse(self._error)
        self._send(reply)
        self._context.endpoint, self._context.status = self._form.endpoint, reply.status
        self._note(self._form, self._context, 0.0)

    def abandon(self) -> None:
        """End it: the client has gone."""
