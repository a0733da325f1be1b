"""Fields that fail: the null around them, the places of the errors, and the fields that are answered all the same."""

from typing import Any

import pytest

from tests.apis import Served

PEOPLE = "people(first: 3, filter: {company: {is: NOT_NULL}}, orderBy: {createdAt: ASC})"


def place(error: Any) -> tuple[list[Any], str, str]:
    """Where an error points, its code and the input that it blames."""
    return error["path"], error["extensions"]["code"], error["extensions"]["field"]


def test_a_nested_page_that_is_refused_nulls_the_nearest_field_that_may_be_null(sample: Served) -> None:
    answer = sample.ask(
        f"{{ {PEOPLE} {{ edges {{ node {{ email company {{ people(first: 201) {{ totalCount }} }} }} }} }} }}"
    )
    nodes = [edge["node"] for edge in answer["data"]["people"]["edges"]]
    assert all(node["email"] for node in nodes)
    assert [node["company"] for node in nodes] == [None] * 3
    assert [place(error) for error in answer["errors"]] == [
        (["people", "edges", index, "node", "company", "people"], "BAD_USER_INPUT", "first") for index in range(3)
    ]


def test_where_nothing_may_be_null_the_data_is_and_the_first_record_is_blamed(sample: Served) -> None:
    answer = sample.ask("{ people(first: 2) { edges { node { all: activities(first: -1) { totalCount } } } } }")
    assert answer["data"] is None
    (error,) = answer["errors"]
    assert place(error) == (["people", "edges", 0, "node", "all"], "BAD_USER_INPUT", "first")
    assert error["locations"] == [{"line": 1, "column": 37}]


def test_where_there_is_no_record_nothing_fails(sample: Served) -> None:
    text = '{ people(filter: {email: {eq: "nobody"}}) { edges { node { activities(first: -1) { totalCount } } } } }'
    assert sample.ask(text) == {"data": {"people": {"edges": []}}}


REFUSED_BY_VALUE: dict[str, tuple[str, str, Any, str]] = {
    "cursor": ("activities(after: $v)", "String", "no cursor", "after"),
    "offset": ("activities(offset: $v)", "Int", -1, "offset"),
    "range": ("activities(filter: {dueAt: {between: $v}})", "[DateTime!]", ["2024-01-01"], "dueAt"),
}


@pytest.mark.parametrize(("field", "declared", "value", "blamed"), REFUSED_BY_VALUE.values(), ids=REFUSED_BY_VALUE)
def test_a_value_that_is_refused_leaves_the_other_roots_their_data(
    sample: Served, field: str, declared: str, value: Any, blamed: str
) -> None:
    """The plan of such a shape holds for other values: the value is refused, when it is bound."""
    text = f"""query ($v: {declared}) {{
      person(filter: {{id: {{is: NOT_NULL}}}}) {{ {field} {{ totalCount }} }} companies {{ totalCount }} }}"""
    answer = sample.ask(text, {"v": value})
    assert answer["data"] == {"person": None, "companies": {"totalCount": 300}}
    assert [place(error) for error in answer["errors"]] == [(["person", "activities"], "BAD_USER_INPUT", blamed)]


def test_a_refused_value_keeps_no_plan_from_the_next_request(sample: Served) -> None:
    text = "query ($v: Int) { person(filter: {id: {is: NOT_NULL}}) { activities(offset: $v) { totalCount } } }"
    good = sample.ask(text, {"v": 0})
    assert good["data"]["person"]["activities"]["totalCount"] >= 0
    assert sample.ask(text, {"v": -1})["data"] == {"person": None}
    assert sample.ask(text, {"v": 0}) == good


def test_errors_before_a_root_that_must_not_be_null_are_told_too(sample: Served) -> None:
    answer = sample.ask("{ person { id } people(first: 201) { totalCount } companies(first: 202) { totalCount } }")
    assert answer["data"] is None
    assert [place(error) for error in answer["errors"]] == [
        (["person"], "BAD_USER_INPUT", "id"),
        (["people"], "BAD_USER_INPUT", "first"),
    ]
