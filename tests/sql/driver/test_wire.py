"""sql/driver/wire.py: answers that come in pieces."""

import select
from typing import Any, cast

import psycopg
import pytest
from psycopg.pq import DiagnosticField, ExecStatus
from psycopg.pq.abc import PGconn, PGresult

from fieldstone.sql.driver.wire import Wire


class InPieces:
    """libpq, to which the end of a failed statement comes after its error, just before the next look at the socket."""

    def __init__(self, pgconn: PGconn) -> None:
        self._pgconn = pgconn
        self._is_held = False

    def __getattr__(self, name: str) -> Any:
        return getattr(self._pgconn, name)

    def consume_input(self) -> None:
        if self._is_held and self._pgconn.is_busy():
            arrivals = select.poll()
            arrivals.register(self._pgconn.socket, select.POLLIN)
            arrivals.poll()
        self._is_held = False
        self._pgconn.consume_input()

    def is_busy(self) -> int:
        return self._is_held or self._pgconn.is_busy()

    def get_result(self) -> PGresult | None:
        result = self._pgconn.get_result()
        self._is_held = result is not None and result.status == ExecStatus.FATAL_ERROR
        return result


@pytest.mark.timeout(60, func_only=True)
async def test_the_end_of_a_failed_statement_may_come_after_its_error(empty_database: str) -> None:
    session = await psycopg.AsyncConnection.connect(empty_database)
    wire = Wire(session.pgconn)
    wire.pgconn = cast("PGconn", InPieces(session.pgconn))
    for _ in range(2):
        wire.pgconn.send_query_params(b"SELECT 1 / 0", None)
        (result,) = await wire.answer(1)
        assert b"division by zero" in (result.error_field(DiagnosticField.MESSAGE_PRIMARY) or b"")
    wire.end("the test is over")
