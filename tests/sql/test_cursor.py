"""Cursors read back what was written, and tell blank, altered and foreign ones apart."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sql.cursor import (
    AlteredCursorError,
    BlankCursorError,
    CursorError,
    ForeignCursorError,
    decode_cursor,
    encode_cursor,
)
from sql.plan import And
from sql.read_plan import OrderKey, Page
from tests.sql.shop import BY_ID, NAME, PERSON, Shop, connection

KEYS = st.lists(st.none() | st.text(), min_size=1, max_size=4)


@given(tag=st.text(), keys=KEYS)
def test_round_trip(tag: str, keys: list[str | None]) -> None:
    assert decode_cursor(encode_cursor(tag, keys), tag) == tuple(keys)


@given(
    tag=st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"])),
    name=st.none() | st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"])),
)
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


@pytest.mark.parametrize("text", ["", " ", "\t\n"])
def test_blank(text: str) -> None:
    with pytest.raises(BlankCursorError):
        decode_cursor(text, "t")


def test_foreign() -> None:
    with pytest.raises(ForeignCursorError):
        decode_cursor(encode_cursor("company name ASC", ["x"]), "company name DESC")


def sealed(content: str) -> str:
    return content.encode().hex()


def unsealed(cursor: str) -> str:
    return bytes.fromhex(cursor).decode()


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
        sealed("[]"),
        sealed("{}"),
        sealed('["t","x",null]'),
        sealed('["t","x",null]00000000'),
        sealed("[" * 100_000),
        sealed(unsealed(GOOD).replace('"x"', '"y"')),
        sealed(json.dumps(json.loads(unsealed(GOOD)[:-8])) + unsealed(GOOD)[-8:]),
    ],
)
def test_altered(text: str) -> None:
    with pytest.raises(AlteredCursorError):
        decode_cursor(text, "t")


@given(text=st.text())
def test_any_text_is_refused_as_a_cursor_is(text: str) -> None:
    with pytest.raises(CursorError):
        decode_cursor(text, "t")


@given(keys=KEYS, position=st.integers(min_value=0), character=st.sampled_from("0123456789abcdefAg-"))
def test_a_changed_character_is_noticed(keys: list[str | None], position: int, character: str) -> None:
    cursor = encode_cursor("t", keys)
    position %= len(cursor)
    changed = cursor[:position] + character + cursor[position + 1 :]
    if changed == cursor:
        return
    with pytest.raises((AlteredCursorError, ForeignCursorError)):
        decode_cursor(changed, "t")
