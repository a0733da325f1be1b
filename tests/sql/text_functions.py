"""The functions of the order of texts in a database, and how they are held against Python."""

from typing import Any

import psycopg

from fieldstone.sql.text_order import KEY, LENGTH, fold, functions

BORDER = "\x01"
"""Between the folded form and the text in a key; the folded form has the next character in its place."""

LAST = "\U0010ffff"
"""Behind a beginning, the end of all keys with that beginning; the folded form has the character before it."""

SURROGATES = range(0xD800, 0xE000)


def create_functions(dsn: str) -> None:
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute("CREATE SCHEMA fieldstone")
        connection.execute(functions().encode())


def sort_key(text: str) -> str:
    """The text's key, as the function `KEY` does; the order of keys is that of their code points."""
    start = text[:LENGTH]
    folded = fold(start)[:LENGTH].translate({ord(BORDER): "\x02", ord(LAST): "\U0010fffe"})
    return folded + BORDER + start


def differing_characters(connection: psycopg.Connection[Any]) -> set[str]:
    """The characters of which PostgreSQL and Python do not say the same."""
    rows = connection.execute(
        f"SELECT chr(code), {KEY}(chr(code)) FROM generate_series(1, 1114111) AS code"  # noqa: S608
        " WHERE code NOT BETWEEN 55296 AND 57343"
    ).fetchall()
    assert len(rows) == 0x10FFFF - len(SURROGATES)
    # The folded form is the key's first half.
    return {one for one, key in rows if key != sort_key(one)}
