"""sql/sqlstate.py: which failures pass by themselves."""

import psycopg
import pytest

from fieldstone.sql.errors import StatementTimeout
from fieldstone.sql.sqlstate import is_passing, translate_error

PASSING = ("08006", "25006", "40001", "40P01", "53100", "53300", "55P03", "55006", "57014", "57P01", "57P03", "58030")
LASTING = ("0A000", "22001", "22P02", "23502", "23503", "23505", "23514", "42501", "42703", "53400", "54000", "XX000")


@pytest.mark.parametrize("sqlstate", PASSING + LASTING)
def test_a_failure_passes_by_itself_or_not(sqlstate: str, empty_database: str) -> None:
    with psycopg.connect(empty_database, autocommit=True) as connection, pytest.raises(psycopg.Error) as caught:
        connection.execute(f"DO $$ BEGIN RAISE 'no' USING ERRCODE = '{sqlstate}'; END $$".encode())
    assert is_passing(translate_error(caught.value)) is (sqlstate in PASSING)


def test_the_host_s_limit_of_a_transaction_is_one_of_time(empty_database: str) -> None:
    with psycopg.connect(empty_database, autocommit=True) as connection, pytest.raises(psycopg.Error) as caught:
        connection.execute("DO $$ BEGIN RAISE 'no' USING ERRCODE = '25P04'; END $$")
    assert isinstance(translate_error(caught.value), StatementTimeout)


def test_a_lost_connection_passes(empty_database: str) -> None:
    with psycopg.connect(empty_database, autocommit=True) as connection, pytest.raises(psycopg.Error) as caught:
        connection.execute("SELECT pg_terminate_backend(pg_backend_pid())")
    assert is_passing(translate_error(caught.value))
