"""Names become SQL unchanged or not at all."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fieldstone.sql.identifiers import IdentifierError, quote_identifier, quote_table
from fieldstone.sql.plan.elements import Table
from tests.sql.shop import Shop

NAMES = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), min_size=1).filter(
    lambda name: len(name.encode()) <= 63
)


@given(name=NAMES)
def test_a_quoted_name_is_that_name(empty_shop: Shop, name: str) -> None:
    cursor = empty_shop.database.execute(("SELECT 1 AS " + quote_identifier(name)).encode())
    assert cursor.description is not None
    assert cursor.description[0].name == name


@pytest.mark.parametrize("name", ["", "a\0b", "x" * 64, "é" * 32, "\ud800"])
def test_refused(name: str) -> None:
    with pytest.raises(IdentifierError):
        quote_identifier(name)


def test_a_table_is_qualified() -> None:
    assert quote_table(Table(schema='a"b', name="c.d")) == '"a""b"."c.d"'
