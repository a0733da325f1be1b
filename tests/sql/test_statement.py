"""Statements and their names."""

import pytest

from fieldstone.sql.errors import ValueOutOfRange
from fieldstone.sql.statement import Statement, refuse_nul


def test_equal_texts_have_equal_names() -> None:
    statement = Statement(text="SELECT $1::text")
    assert statement == Statement(text="SELECT $1::text")
    assert statement.name == Statement(text="SELECT $1::text").name
    assert statement.name != Statement(text="SELECT $1::text ").name


def test_a_name_fits_an_identifier() -> None:
    # PostgreSQL cuts identifiers at 63 bytes.
    assert len(Statement(text="SELECT 1").name) <= 63


def test_the_text_is_sent_in_utf8() -> None:
    assert Statement(text="SELECT 'Zoë'").sql == "SELECT 'Zoë'".encode()


def test_zero_bytes_are_refused() -> None:
    refuse_nul([b"", None, "Zoë".encode()])
    with pytest.raises(ValueOutOfRange):
        refuse_nul([b"fine", b"a\0b"])
