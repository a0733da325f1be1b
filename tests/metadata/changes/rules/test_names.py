"""metadata/changes/rules/names.py"""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fieldstone.metadata.changes.rules.names import check_name, choose_physical, derive_name, index_name


@pytest.mark.parametrize("name", ["a", "select", "class", "person2", "aB", "x" * 63])
def test_a_legal_name_passes(name: str) -> None:
    assert check_name(name, "name") is None


@pytest.mark.parametrize(
    ("name", "advice"),
    [
        ("Person", "person would pass"),
        ("job title", "jobTitle would pass"),
        ("job_title", "jobTitle would pass"),
        ("1st", "st would pass"),
        ("größe", "grosse would pass"),
        ("", "letters and digits (a-z, A-Z, 0-9) follow"),
        ("名前", "letters and digits (a-z, A-Z, 0-9) follow"),
        ("name\n", "name would pass"),
        ("\u0661", "letters and digits (a-z, A-Z, 0-9) follow"),
    ],
)
def test_an_illegal_name_is_refused_with_the_rule_and_what_would_pass(name: str, advice: str) -> None:
    refusal = check_name(name, "nameSingular")
    assert refusal is not None
    assert refusal.field == "nameSingular"
    assert refusal.message.endswith(advice)


@pytest.mark.parametrize(("suffix", "longest"), [("", 63), ("Id", 61), ("WorkspaceMemberId", 46)])
def test_a_name_fits_with_what_is_put_behind_it(suffix: str, longest: int) -> None:
    assert check_name("x" * longest, "name", longest_suffix=suffix) is None
    refusal = check_name("x" * (longest + 1), "name", longest_suffix=suffix)
    assert refusal is not None
    assert f"at most {longest} would pass" in refusal.message


@pytest.mark.parametrize(
    ("label", "name"),
    [
        ("People", "people"),
        ("Team members", "teamMembers"),
        ("Café & Bar", "cafeBar"),
        ("Große Häuser", "grosseHauser"),
        ("Œuvre, ærø, łódź, đ, þing", "oeuvreAeroLodzDThing"),
        ("2nd  owner", "ndOwner"),
        ("日本", ""),
    ],
)
def test_a_name_is_derived_from_a_label(label: str, name: str) -> None:
    assert derive_name(label) == name


@given(st.text())
def test_a_derived_name_is_legal_or_none(label: str) -> None:
    name = derive_name(label)
    assert name == "" or check_name(name, "name") is None


def test_a_physical_name_is_never_one_that_was_used() -> None:
    used = {"budget", "budget2", "budget3Code"}
    assert choose_physical("price", used.__contains__) == "price"
    assert choose_physical("budget", used.__contains__) == "budget3"
    assert choose_physical("budget", used.__contains__, ("Amount", "Code")) == "budget"
    assert choose_physical("budget3", used.__contains__, ("Amount", "Code")) == "budget32"


def test_a_physical_name_is_cut_where_its_number_needs_the_room() -> None:
    long = "x" * 63
    assert choose_physical(long, {long}.__contains__) == "x" * 62 + "2"


def test_an_index_name_fits_and_tells_the_columns_apart() -> None:
    assert index_name("person", ("email",), "key") == "person_email_key"
    first = index_name("t" * 63, ("a" * 63,), "idx")
    second = index_name("t" * 63, ("a" * 62 + "b",), "idx")
    assert len(first) == len(second) == 63
    assert first != second
    assert first.endswith("_idx")
