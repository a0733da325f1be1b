"""The names that a refusal lists: all of a few, the close ones of many, and no selection that looks like all."""

import pytest

from fieldstone.metadata.known_names import MOST_INDEXED, MOST_NAMES, NameIndex, find_close, known_names

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


def test_an_index_returns_the_names_whose_beginnings_or_ends_are_the_most_like_one() -> None:
    names = [f"{verb}Thing{number}" for verb in ("create", "update", "delete") for number in range(2000)]
    index = NameIndex(names)
    for wrong, meant in (("updateThing1234x", "updateThing1234"), ("UpdtaeThing1234", "updateThing1234")):
        near = index.near(wrong)
        assert len(near) <= MOST_NAMES
        assert meant in find_close(wrong, near)


def test_an_index_has_a_bound() -> None:
    index = NameIndex(f"name{number:06}" for number in range(MOST_INDEXED + 1))
    assert f"name{MOST_INDEXED - 1:06}" in index.near(f"name{MOST_INDEXED - 1:06}")
    assert f"name{MOST_INDEXED:06}" not in index.near(f"name{MOST_INDEXED:06}")
