"""One warm request: the database is asked by one plain call, and another writes the database's answer."""

import time
from collections.abc import Sequence
from functools import partial
from typing import Final, Protocol

from fieldstone.engine.database_errors import describe
from fieldstone.engine.errors import ApiError
from fieldstone.engine.replicas.consistency import bookmark_header
from fieldstone.engine.request.ready import Ready
from fieldstone.engine.request.valid_operation import path_of
from fieldstone.engine.server.composition import Services
from fieldstone.engine.server.fast_path.forms import Form
from fieldstone.engine.server.fast_path.refused_request import Note
from fieldstone.engine.server.http.requests.request_log import CLIENT_GONE
from fieldstone.engine.server.http.responses import Reply
from fieldstone.engine.slow_operations.seen import describe_slow
from fieldstone.metadata.roles.networks import Address
from fieldstone.metadata.roles.principal import Principal
from fieldstone.sql.driver.callback_statement import CallbackStatement
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


class WarmRequest(CallbackStatement):
    """One request, which is the run of its statement, until it is answered or starts over.

    The log and the metrics read its facts, see `RequestContext`.

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
        "_lines",
        "_services",
        "error",
        "id",
        "note",
        "principal",
        "ready",
        "status",
        "trace_id",
    )

    operations: Final = 1
    error_id: Final = None

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
        run = ready.run
        super().__init__(run.bound.statement, ready.parameters, principal.share, writes=run.writes)
        self._services = services
        self._database = database
        self._form = form
        self._client = client
        self._lines = lines
        self._begun = begun
        self.id = request_id
        self.principal = principal
        self.ready = ready
        self.note = note
        self.status = 0
        self.error: ApiError | None = None
        self.trace_id: str | None = None

    @property
    def endpoint(self) -> str:
        """The address that answers it."""
        return self._form.endpoint

    def begin(self) -> None:
        """Ask the database; the client may be told before this returns."""
        self._database.begin(self)

    def abandon(self) -> None:
        """End it: the client has gone."""
        self.cancel()
        if self.writes:
            self.ready.reads.note_unknown_write(self.principal)
        self._end(CLIENT_GONE)

    def give_up(self) -> None:
        """Start over on the ordinary path."""
        services = self._services
        services.core.slots.leave(self.principal)
        # It counts on the ordinary path.
        services.limiter.give_back(self.principal)
        self._client.start_over()

    def finish(self, rows: Sequence[Row], error: DatabaseError | None) -> None:
        """Answer by the database's rows, or its error."""
        ready = self.ready
        reply = None
        if error is None:
            try:
                data = ready.run.tell(rows[0])
                reply = None if data is None else self._form.answer(data)
            except MemoryError:
                # Nothing else answers: the ordinary path alone turns each error into a response.
                self.lack_memory()
                return
            except ApiError as refused:
                # A trigger has passed over the write, and may have written elsewhere: it is not run again.
                self.error, reply = refused, self._form.refuse(refused)
            if reply is not None and self.writes:
                ready.reads.tell_write(self.principal, partial(self._reply, reply))
                return
        elif ready.reads.passes_on(self._database, ready.route.seen.view, error):
            # The ordinary path asks the primary.
            pass
        elif isinstance(error, _FINAL):
            if self.writes:
                ready.reads.note_unknown_write(self.principal)
            self.error = describe(error, ready.route.seen.view, path_of(ready.route.operation))
            reply = None if self.error is None else self._form.refuse(self.error)
        if reply is None:
            # Nothing was written, and the ordinary path says why.
            self.give_up()
            return
        self._reply(reply, None)

    def _reply(self, reply: Reply, written: Position | None) -> None:
        if self.status == CLIENT_GONE:
            return
        lines = self._lines if written is None else b"%b: %b\r\n" % bookmark_header(written) + self._lines
        try:
            self._client.reply(reply, lines)
        except MemoryError:
            self.lack_memory()
        else:
            self._end(reply.status)

    def _end(self, status: int) -> None:
        self.status = status
        services = self._services
        services.core.slots.leave(self.principal)
        seconds = time.perf_counter() - self._begun
        self.note(self._form, self, seconds)
        slow = services.slow
        if slow is not None and seconds >= slow.limit:
            ready = self.ready
            slow.note(
                describe_slow(
                    self.principal,
                    ready.route.seen.view,
                    ready.request,
                    ready.route.operation,
                    self.statement,
                    is_metadata=self.endpoint == _METADATA,
                ),
                seconds,
            )
