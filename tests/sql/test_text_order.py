"""The order of texts is the same in PostgreSQL and in Python, for every character."""

import unicodedata
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fieldstone.sql.text_order import FOLD, KEY, LENGTH, VERSION, fold
from tests.databases import Databases
from tests.sql.text_functions import create_functions, differing_characters, sort_key

UNICODE_15_AND_16 = frozenset(
    map(chr, (0x105C9, 0x105E4, 0x11383, 0x11385, 0x1138E, 0x11391, 0x113C5, 0x113C7, 0x113C8, *range(0x16121, 0x16129),
        *range(0x16D68, 0x16D6B), *range(0x1CCD6, 0x1CCFA), *range(0x1E030, 0x1E06E)))
)  # fmt: skip
"""The newer characters that decompose: a server or a Python that does not know them leaves them as they are."""

characters = st.characters(exclude_categories=["Cs"], exclude_characters="\0").filter(
    lambda one: one not in UNICODE_15_AND_16 and unicodedata.category(one) != "Cn"
)
texts = st.text(characters, max_size=250)


@pytest.fixture(scope="module")
def server(databases: Databases) -> Iterator[psycopg.Connection[Any]]:
    """A connection to a database with the functions."""
    with (
        databases.clone(databases.template("text order", create_functions)) as dsn,
        psycopg.connect(dsn, autocommit=True) as connection,
    ):
        yield connection


@pytest.mark.long
def test_every_character(server: psycopg.Connection[Any]) -> None:
    assert differing_characters(server) <= UNICODE_15_AND_16


@given(text=texts)
def test_any_text(server: psycopg.Connection[Any], text: str) -> None:
    row = server.execute(f"SELECT {FOLD}(%s::text), {KEY}(%s::text)", (text, text)).fetchone()
    assert row == (fold(text), sort_key(text))


@given(one=texts, other=texts)
def test_keys_are_in_postgresql_s_order(server: psycopg.Connection[Any], one: str, other: str) -> None:
    row = server.execute(
        f'SELECT {KEY}(%s::text) COLLATE "C" < {KEY}(%s::text) COLLATE "C"',
        (one, other),
    ).fetchone()
    assert row == (sort_key(one) < sort_key(other),)


@given(text=texts)
def test_what_is_folded_stays_as_it_is(text: str) -> None:
    assert fold(fold(text)) == fold(text)


@given(text=texts)
def test_a_key_holds_the_beginning_of_its_text(text: str) -> None:
    assert sort_key(text).split("\x01", 1)[1] == text[:LENGTH]


@given(text=st.text(st.sampled_from("aZ\x01\x02 ﷺ한\U0010ffff"), max_size=300))
def test_no_key_is_too_long_for_a_b_tree(text: str) -> None:
    assert len(sort_key(text).encode()) <= 1_601


def test_null(server: psycopg.Connection[Any]) -> None:
    assert server.execute(f"SELECT {FOLD}(NULL), {KEY}(NULL)").fetchone() == (None, None)


@pytest.mark.parametrize("function", [FOLD, KEY])
def test_the_functions_are_inlined(server: psycopg.Connection[Any], function: str) -> None:
    # A call of a function in SQL takes ten times as long.
    rows = server.execute(
        f"EXPLAIN (VERBOSE, COSTS off) SELECT {function}(rolname::text) FROM pg_roles"  # noqa: S608
    ).fetchall()
    plan = "\n".join(line for (line,) in rows)
    assert "CASE WHEN" in plan
    assert f"{function}(" not in plan


def test_their_names_have_the_order_s_number() -> None:
    assert FOLD.endswith(f"_{VERSION}")
    assert KEY.endswith(f"_{VERSION}")


WANTED = [
    "", " Zeta", "#1", "10", "9", "Adam", "adam", "ADÁM", "Ádám", "Adam Smith", "Adamson", "Łódź", "Lodz", "Ökostrom",
    "Oz", "Strasse", "Straße", "Zoe", "Zoë", "Елка", "Ёлка", "Ель",
]  # fmt: skip


def test_texts_are_in_the_order_that_people_expect() -> None:
    ordered = sorted(WANTED, key=sort_key)
    assert ordered == [
        "", " Zeta", "#1", "10", "9", "ADÁM", "Adam", "adam", "Ádám", "Adam Smith", "Adamson", "Lodz", "Łódź",
        "Ökostrom", "Oz", "Strasse", "Straße", "Zoe", "Zoë", "Ёлка", "Елка", "Ель",
    ]  # fmt: skip
