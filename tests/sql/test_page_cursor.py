"""Cursors read back the written values, and tell blank, altered and foreign ones apart."""

from hashlib import md5

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fieldstone.sql.plan.elements import And
from fieldstone.sql.plan.outputs import OrderKey, Page
from fieldstone.sql.values.page_cursor import (
    AlteredCursorError,
    BlankCursorError,
    CursorError,
    ForeignCursorError,
    decode_cursor,
)
from tests.cursors import encode_cursor
from tests.sql.shop import BY_ID, NAME, PERSON, UPDATED_AT, Shop, connection

STORABLE = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]))
KEYS = st.lists(st.none() | STORABLE, min_size=1, max_size=4)
TAG = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), min_size=1, max_size=60)


@given(tag=TAG, keys=KEYS)
def test_round_trip(tag: str, keys: list[str | None]) -> None:
    assert decode_cursor(encode_cursor(tag, keys), tag) == tuple(keys)


@pytest.mark.long
@given(tag=TAG, name=st.none() | STORABLE)
def test_what_sql_writes_is_read(empty_shop: Shop, tag: str, name: str | None) -> None:
    identifier = "00000000-0000-7000-8000-000000000001"
    empty_shop.fill("DELETE FROM shop.person")
    empty_shop.fill("INSERT INTO shop.person (id, email, name) VALUES (%s, 'a', %s)", [(identifier, name)])
    order = (OrderKey(operand=NAME), BY_ID)
    answer = empty_shop.read(connection(PERSON, And(terms=()), order=order, page=Page(limit=1), tag=tag))
    assert decode_cursor(answer["edges"][0]["cursor"], tag) == (name, identifier)


def test_a_long_cursor_has_no_line_breaks(empty_shop: Shop) -> None:
    name = "ÿ>?" * 1000
    empty_shop.fill("DELETE FROM shop.person")
    empty_shop.fill("INSERT INTO shop.person (email, name) VALUES ('a', %s)", [(name,)])
    order = (OrderKey(operand=NAME), BY_ID)
    answer = empty_shop.read(connection(PERSON, And(terms=()), order=order, page=Page(limit=1)))
    cursor = answer["edges"][0]["cursor"]
    assert set(cursor) <= set("0123456789abcdef")
    assert decode_cursor(cursor, "t")[0] == name


INSTANTS = [
    "2024-02-29T23:59:59.999999",
    "2000-01-01",
    "1999-12-31T23:59:59.999999",
    "1600-02-29",
    "0001-01-01",
    "0001-12-31 BC",
    "4713-01-01 BC",
    "9999-12-31T23:59:59.999999",
    "10000-01-01",
    "294276-12-31T23:59:59.999999",
    "infinity",
    "-infinity",
]


@pytest.mark.parametrize("instant", INSTANTS)
def test_any_point_in_time_comes_back_as_the_same(empty_shop: Shop, instant: str) -> None:
    empty_shop.fill("DELETE FROM shop.person")
    empty_shop.fill("INSERT INTO shop.person (email, updated_at) VALUES ('a', %s)", [(instant,)])
    order = (OrderKey(operand=UPDATED_AT, nullable=False), BY_ID)
    answer = empty_shop.read(connection(PERSON, And(terms=()), order=order, page=Page(limit=1)))
    moment, _ = decode_cursor(answer["edges"][0]["cursor"], "t")
    assert moment is not None
    same = empty_shop.database.execute("SELECT updated_at = %s::timestamptz FROM shop.person", [moment]).fetchone()
    assert same == (True,)


@pytest.mark.parametrize("text", ["", " ", "\t\n"])
def test_blank(text: str) -> None:
    with pytest.raises(BlankCursorError):
        decode_cursor(text, "t")


def test_foreign() -> None:
    with pytest.raises(ForeignCursorError):
        decode_cursor(encode_cursor("company name ASC", ["x"]), "company name DESC")


def sealed(place: bytes) -> str:
    return place.hex() + md5(place, usedforsecurity=False).hexdigest()


GOOD = encode_cursor("t", ["x", None])


@pytest.mark.parametrize(
    "text",
    [
        "x",
        "null",
        "é",
        "\ud800",
        "a b",
        GOOD + "=",
        " " + GOOD,
        GOOD + "\n",
        GOOD[:-1],
        GOOD + "A",
        GOOD.upper(),
        f"{GOOD[:2]} {GOOD[2:]}",
        GOOD.replace("78", "79"),
        sealed(b""),
        sealed(b"\x01"),
        sealed(b"\x01t"),
        sealed(b"\x01t\x00"),
        sealed(b"\x01t\x02\x01"),
        sealed(b"\x01t\x01\x01x"),
        sealed(b"\x01t\x01\x01x\0y"),
        sealed(b"\x01t\x01\x01\xff\0"),
        sealed(b"\x01\xff\x01\x00"),
        sealed(b"\x01t\x01\x04"),
        sealed(b"\x01t\x01\x02" + b"\x00" * 15),
        sealed(b"\x01t\x01\x03" + b"\x00" * 9),
    ],
)
def test_altered(text: str) -> None:
    with pytest.raises(AlteredCursorError):
        decode_cursor(text, "t")


@given(text=st.text())
def test_any_text_is_refused_as_a_cursor_is(text: str) -> None:
    with pytest.raises(CursorError):
        decode_cursor(text, "t")


@pytest.mark.long
@given(keys=KEYS, position=st.integers(min_value=0), character=st.sampled_from("0123456789abcdefAg-"))
def test_a_changed_character_is_noticed(keys: list[str | None], position: int, character: str) -> None:
    cursor = encode_cursor("t", keys)
    position %= len(cursor)
    changed = cursor[:position] + character + cursor[position + 1 :]
    if changed == cursor:
        return
    with pytest.raises((AlteredCursorError, ForeignCursorError)):
        decode_cursor(changed, "t")
