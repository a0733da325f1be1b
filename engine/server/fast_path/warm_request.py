"""One warm request: the database is asked by one plain call, and another writes the database's answer."""

import time
from collections.abc import Sequence
from functools import partial
from typing import Protocol

from fieldstone.engine.database_errors import describe
from fieldstone.engine.errors import ApiError
from fieldstone.engine.replicas.consistency import token_header
from fieldstone.engine.request.ready import Ready
from fieldstone.engine.request.valid_operation import path_of
from fieldstone.engine.server.composition import Services
from fieldstone.engine.server.fast_path.forms import Form
from fieldstone.engine.server.fast_path.refused_request import Note
from fieldstone.engine.server.http.requests.request_log import CLIENT_GONE, RequestContext
from fieldstone.engine.server.http.responses import Reply
from fieldstone.engine.slow_operations.seen import describe_slow
from fieldstone.metadata.roles.networks import Address
from fieldstone.metadata.roles.principal import Principal
from fieldstone.sql.errors import (
    CommitOutcomeUnknown,
    DatabaseError,
    DatabaseUnavailable,
    LockTimeout,
    ResponseTooLarge,
    StatementTimeout,
)
from fieldstone.sql.executor import Database
from fieldstone.sql.replicas.position import Position
from fieldstone.sql.statement import Row

_METADATA = "/metadata"
_FINAL = (CommitOutcomeUnknown, DatabaseUnavailable, LockTimeout, ResponseTooLarge, StatementTimeout)
"""Errors after which another try would take as long, or would do its work twice."""


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

    def reserve_trace(self, trace_id: int) -> None:
        """Keep the id of the trace that the request begins, should it go to the ordinary path; 0 forgets it."""
        ...


class WarmRequest:
    """One request, until it is answered or starts over.

    Attributes:
        ready: its operation.
        error: the one that it ended with, if it did.
        note: is called at its end.
    """

    __slots__ = (
        "_begun",
        "_client",
        "_database",
        "_form",
        "_id",
        "_is_abandoned",
        "_lines",
        "_principal",
        "_quick",
        "_services",
        "error",
        "note",
        "ready",
    )

    def __init__(
        self,
        services: Services,
        database: Database,
        form: Form,
        principal: Principal,
        ready: Ready,
        client: Client,
        lines: bytes,
        request_id: str,
        begun: float,
        note: Note,
    ) -> None:
        self._services = services
        self._form = form
        self._principal = principal
        self.ready = ready
        self._client = client
        self._lines = lines
        self._id = request_id
        self._begun = begun
        self.note = note
        self.error: ApiError | None = None
        self._is_abandoned = False
        self._database = database
        self._quick = database.build_callback(
            ready.statement,
            ready.parameters,
            writes=ready.writes,
            share=principal.workspace_id.int,
            finish=self._finish,
            give_up=self._start_over,
        )

    def begin(self) -> None:
        """Ask the database; the client may be told before this returns."""
        self._quick.begin()

    def abandon(self) -> None:
        """End it: the client has gone."""
        self._is_abandoned = True
        self._quick.cancel()
        self._end(CLIENT_GONE)

    def _start_over(self) -> None:
        services = self._services
        services.core.slots.leave(self._principal)
        # It counts on the ordinary path.
        services.limiter.give_back(self._principal)
        self._client.start_over()

    def _finish(self, rows: Sequence[Row], error: DatabaseError | None) -> None:
        ready = self.ready
        data = ready.tell(rows[0]) if error is None else None
        reply = None
        if data is not None:
            reply = self._form.answer(data)
            if reply is not None and ready.writes:
                ready.reads.tell_write(self._principal, partial(self._reply, reply))
                return
        elif error is not None and ready.reads.passes_on(self._database, ready.seen.view, error):
            # The ordinary path asks the primary.
            pass
        elif isinstance(error, _FINAL) and (known := describe(error, ready.seen.view, path_of(ready.operation))):
            self.error = known
            reply = self._form.refuse(known)
        if reply is None:
            # Nothing was written, and the ordinary path says why.
            self._start_over()
            return
        self._reply(reply, None)

    def _reply(self, reply: Reply, written: Position | None) -> None:
        if self._is_abandoned:
            return
        lines = self._lines if written is None else b"%b: %b\r\n" % token_header(written) + self._lines
        self._client.reply(reply, lines)
        self._end(reply.status)

    def _end(self, status: int) -> None:
        self._services.core.slots.leave(self._principal)
        form = self._form
        context = RequestContext(
            id=self._id, endpoint=form.endpoint, status=status, principal=self._principal, operations=1
        )
        seconds = time.perf_counter() - self._begun
        self.note(form, context, seconds)
        slow = self._services.slow
        if slow is not None and seconds >= slow.limit:
            ready, is_metadata = self.ready, form.endpoint == _METADATA
            slow.note(
                describe_slow(
                    self._principal,
                    ready.seen.view,
                    ready.request,
                    ready.operation,
                    ready.statement,
                    is_metadata=is_metadata,
                ),
                seconds,
            )
