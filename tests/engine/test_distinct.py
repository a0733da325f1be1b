"""Connections with one record for each value: every page elects the same ones."""

from typing import Any

import pytest

from tests.apis import Apis, Served
from tests.engine.records import create
from tests.reference import Reference
from tests.reference_values import agree

DOCUMENT = """query ($on: [PersonDistinctOn!], $order: [PersonOrderByInput], $first: Int, $last: Int, $after: String,
    $before: String) {
  people(distinctOn: $on, orderBy: $order, first: $first, last: $last, after: $after, before: $before) {
    totalCount aggregate { count countDistinct { city jobTitle } }
    edges { cursor node { id city jobTitle lastName } }
    pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
  } }"""

ORDERS: dict[str, tuple[list[str], list[Any]]] = {
    "one value": (["city"], [{"city": "ASC"}, {"lastName": "DESC"}]),
    "NULL first": (["city"], [{"city": "DESC"}, {"company": {"name": "ASC"}}]),
    "two values in another order": (["city", "jobTitle"], [{"jobTitle": "DescNullsLast"}, {"city": "ASC"}]),
    "a key": (["companyId"], [{"companyId": "ASC"}, {"createdAt": "DESC"}]),
    "a part": (["createdByName"], [{"createdBy": {"name": "ASC"}}]),
    "no order": (["jobTitle", "city"], []),
}


@pytest.mark.parametrize("name", ORDERS)
@pytest.mark.parametrize("backward", [False, True])
def test_every_page_has_the_same_records(sample: Served, name: str, *, backward: bool) -> None:
    on, order = ORDERS[name]
    given = {"on": on, "order": order}
    whole = sample.ask(DOCUMENT, given | {"first": 200})["data"]["people"]
    ids = [edge["node"]["id"] for edge in whole["edges"]]
    assert len(ids) == min(200, whole["totalCount"]) == min(200, whole["aggregate"]["count"])
    if whole["totalCount"] > 200:
        return
    found: list[str] = []
    cursor = None
    size, place, end, more = (
        ("last", "before", "startCursor", "hasPreviousPage")
        if backward
        else ("first", "after", "endCursor", "hasNextPage")
    )
    while True:
        page = sample.ask(DOCUMENT, given | {size: 7, place: cursor})["data"]["people"]
        assert page["totalCount"] == whole["totalCount"]
        here = [edge["node"]["id"] for edge in page["edges"]]
        found = [*here, *found] if backward else [*found, *here]
        cursor = page["pageInfo"][end]
        if not page["pageInfo"][more]:
            break
    assert found == ids


def test_the_first_record_in_order_is_elected(sample: Served) -> None:
    on, order = ORDERS["one value"]
    found = sample.ask(DOCUMENT, {"on": on, "order": order, "first": 200})["data"]["people"]
    cities = [edge["node"]["city"] for edge in found["edges"]]
    assert len(set(cities)) == len(cities) == found["totalCount"]
    for edge in found["edges"][:4]:
        text = """query ($city: String, $order: [PersonOrderByInput]) {
          people(first: 1, filter: { city: { eq: $city } }, orderBy: $order) { edges { node { id } } } }"""
        first = sample.ask(text, {"city": edge["node"]["city"], "order": order})["data"]["people"]["edges"][0]
        assert first["node"]["id"] == edge["node"]["id"]


@pytest.mark.parametrize(
    ("on", "order"),
    [
        (["city"], [{"id": "ASC"}]),
        (["city"], [{"lastName": "ASC"}, {"city": "ASC"}]),
        (["city", "jobTitle"], [{"city": "ASC"}, {"lastName": "ASC"}, {"jobTitle": "ASC"}]),
        (["companyId"], [{"company": {"id": "ASC"}}]),
    ],
    ids=str,
)
def test_the_order_begins_with_the_values(sample: Served, on: list[str], order: list[Any]) -> None:
    (error,) = sample.ask(DOCUMENT, {"on": on, "order": order})["errors"]
    names = ", ".join(on)
    assert error["message"] == f"The order must begin with the values of 'distinctOn': {names}, in any order."
    assert error["extensions"] == {"code": "BAD_USER_INPUT", "field": "distinctOn"}


NO_ORDER: tuple[Any, ...] = (None, [], [{}])


@pytest.mark.parametrize("order", NO_ORDER, ids=str)
@pytest.mark.parametrize(
    ("on", "same"),
    [
        (["city"], [{"city": "ASC"}]),
        (["jobTitle", "city"], [{"jobTitle": "ASC"}, {"city": "ASC"}]),
        (["companyId", "companyId"], [{"companyId": "ASC"}]),
        (["createdByName"], [{"createdBy": {"name": "ASC"}}]),
        (["id"], []),
    ],
    ids=str,
)
def test_without_an_order_the_values_are_the_order(sample: Served, on: list[str], same: list[Any], order: Any) -> None:
    found = sample.ask(DOCUMENT, {"on": on, "order": order, "first": 5})
    assert found["data"]["people"]["edges"]
    assert found == sample.ask(DOCUMENT, {"on": on, "order": same, "first": 5})


@pytest.mark.parametrize("on", [None, []])
def test_nothing_to_be_distinct_on_says_nothing(sample: Served, on: Any) -> None:
    plain = sample.ask(DOCUMENT, {"first": 3})["data"]
    assert sample.ask(DOCUMENT, {"first": 3, "on": on})["data"] == plain


def test_a_cursor_of_all_records_is_another(sample: Served) -> None:
    on, order = ORDERS["one value"]
    cursor = sample.ask(DOCUMENT, {"order": order, "first": 1})["data"]["people"]["pageInfo"]["endCursor"]
    (error,) = sample.ask(DOCUMENT, {"on": on, "order": order, "after": cursor})["errors"]
    assert error["extensions"] == {"code": "BAD_USER_INPUT", "field": "after"}


async def test_texts_that_differ_only_in_case_or_far_behind_are_two(apis: Apis) -> None:
    for number, city in enumerate(["Łódź", "łódź", "x" * 300, "x" * 300 + "y", "x" * 300]):
        await create(apis, "person", email=f"{number}@x", city=city)
    document = "{ people(distinctOn: [city] orderBy: [{ city: ASC }]) { totalCount edges { node { city } } } }"
    found = (await apis.data(document))["people"]
    assert found["totalCount"] == 4
    assert {edge["node"]["city"] for edge in found["edges"]} == {"Łódź", "łódź", "x" * 300, "x" * 300 + "y"}


NESTED = """query ($first: Int, $offset: Int) { companies(first: 5) { edges { node {
  people(distinctOn: [city], orderBy: [{ city: DESC }, { email: ASC }], first: $first, offset: $offset) {
    totalCount aggregate { count } edges { node { city email } } pageInfo { hasNextPage }
  } } } } }"""


@pytest.mark.parametrize("variables", [{}, {"first": 1}, {"first": 2, "offset": 1}], ids=str)
def test_a_nested_connection_agrees_with_the_oracle(
    served: Served, reference: Reference, variables: dict[str, Any]
) -> None:
    found, expected = served.ask(NESTED, variables), reference.ask(NESTED, variables)
    assert agree(found["data"], expected["data"]), f"{found}\n{expected}"


def test_behind_the_id_nothing_is_left_to_choose(sample: Served) -> None:
    document = "{ people(distinctOn: [id, city] orderBy: [{ id: ASC }, { city: ASC }]) { totalCount } }"
    assert sample.ask(document) == sample.ask("{ people { totalCount } }")
