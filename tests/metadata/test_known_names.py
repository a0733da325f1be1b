"""The names that a refusal lists: all of a few, the close ones of many, and no selection that looks like all."""

import pytest

from fieldstone.metadata.known_names import find_close, known_names

MANY = [f"letter{letter}" for letter in "ABCDEFGHIJKLM"]


@pytest.mark.parametrize(
    ("name", "known", "text"),
    [
        ("readd", ["read", "update"], "; it takes read, update"),
        ("x", ["read", "update"], "; it takes read, update"),
        ("nam", ["name", *MANY], "; close to it: name"),
        ("x", MANY, ""),
    ],
)
def test_the_list_is_whole_or_says_that_it_is_not(name: str, known: list[str], text: str) -> None:
    assert known_names(name, known) == text


def test_names_of_an_operator_are_searched_for_whatever_their_length() -> None:
    given, meant = "customer_relationships.last_contacted_timestmap", "customer_relationships.last_contacted_timestamp"
    assert find_close(given, [*MANY * 10, meant]) == []
    assert find_close(given, [*MANY * 10, meant], is_bounded=False) == [meant]
