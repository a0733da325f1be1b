"""The functions of the order of texts in a database, and how they are held against Python."""

from typing import Any

import psycopg

from fieldstone.sql.text_order import KEY, functions, sort_key

SURROGATES = range(0xD800, 0xE000)


def create_functions(dsn: str) -> None:
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute("CREATE SCHEMA fieldstone")
        connection.execute(functions().encode())


def differing_characters(connection: psycopg.Connection[Any]) -> set[str]:
    """The characters of which PostgreSQL and Python do not say the same."""
    rows = connection.execute(
        f"SELECT chr(code), {KEY}(chr(code)) FROM generate_series(1, 1114111) AS code"  # noqa: S608
        " WHERE code NOT BETWEEN 55296 AND 57343"
    ).fetchall()
    assert len(rows) == 0x10FFFF - len(SURROGATES)
    # The folded form is the key's first half.
    return {one for one, key in rows if key != sort_key(one)}
