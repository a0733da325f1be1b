"""The values of a search that comes again: its plan holds for those of its shape, and each request's are checked."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from fieldstone.engine.documents.document import DocumentLimits
from fieldstone.engine.errors import BadUserInput
from fieldstone.engine.planner.arguments.trees import Blame
from fieldstone.engine.planner.reads.search.filter_types import filter_check
from fieldstone.engine.request.stored_documents.request import GraphQLRequest
from fieldstone.metadata.json_text import loads
from tests.apis import PRINCIPAL, Apis
from tests.engine.records import create
from tests.models import standard_snapshot

STANDARD = standard_snapshot()

SEARCH = """query ($objects: [String!], $filter: JSON, $after: String) {
  search(query: "acme", objects: $objects, filter: $filter, after: $after) { edges { node { record {
    ... on Person { firstName } ... on Opportunity { name } } } } } }"""


def within(filter_: str, declared: str) -> str:
    """A search whose filter has the variable `$v` in a literal of JSON."""
    return f"""query ($v: {declared}) {{ search(query: "acme", objects: "person", filter: {filter_}) {{
        edges {{ node {{ record {{ ... on Person {{ firstName }} }} }} }} }} }}"""


async def names(apis: Apis, text: str, **variables: Any) -> list[str]:
    edges = (await apis.data(text, **variables))["search"]["edges"]
    return sorted(record.get("firstName") or record["name"] for record in (edge["node"]["record"] for edge in edges))


@pytest.mark.parametrize("declared", ["String!", "JSON", "Presence"])
async def test_a_presence_in_a_literal_of_the_filter_is_part_of_the_plan(apis: Apis, declared: str) -> None:
    """Its declared type does not say that it is one; the second request had the records of the first one's value."""
    await create(apis, "person", email="zoe@acme.com", firstName="Zoe")
    await create(apis, "person", email="max@acme.com", firstName="Max", city="Ulm")
    text = within("{ city: { is: $v } }", declared)
    for _ in range(2):
        assert await names(apis, text, v="NULL") == ["Zoe"]
        assert await names(apis, text, v="NOT_NULL") == ["Max"]


async def test_a_unit_in_a_literal_of_the_filter_is_part_of_the_plan(apis: Apis) -> None:
    created = (datetime.now(UTC) - timedelta(hours=3)).isoformat()
    await create(apis, "person", email="zoe@acme.com", firstName="Zoe", createdAt=created)
    text = within("{ createdAt: { within: { last: 1, unit: $v } } }", "String!")
    assert await names(apis, text, v="HOUR") == []
    assert await names(apis, text, v="DAY") == ["Zoe"]


NESTED: dict[str, Any] = {"city": {"eq": "x"}}
for _ in range(60):
    NESTED = {"not": NESTED}

WEEK = {"this": True, "unit": "WEEK", "firstDayOfWeek": "MONDAY"}
REFUSED: dict[str, tuple[str, dict[str, Any], dict[str, Any], str]] = {
    "an option": (
        "opportunity", {"stage": {"eq": "NEW"}}, {"stage": {"eq": "NOPE"}}, "'filter.stage.eq' must be one of NEW, ",
    ),
    "a day": (
        "person", {"createdAt": {"within": WEEK}}, {"createdAt": {"within": {**WEEK, "firstDayOfWeek": "FOO"}}},
        "'filter.createdAt.within.firstDayOfWeek' must be one of MONDAY, ",
    ),
    "a text": ("person", {"city": {"eq": "x"}}, {"city": {"eq": 5}}, "'filter.city.eq' must be text, not 5."),
    "a name": ("person", {"city": {"eq": "x"}}, {"town": {"eq": "x"}}, "'filter' has the field \"town\", which "),
}  # fmt: skip


@pytest.mark.parametrize(("name", "right", "wrong", "message"), REFUSED.values(), ids=REFUSED)
async def test_each_value_of_the_filter_is_checked(
    apis: Apis, name: str, right: dict[str, Any], wrong: dict[str, Any], message: str
) -> None:
    """Also one for which a plan is at hand; the order of the requests makes no difference."""
    cold = await apis.error(SEARCH, objects=[name], filter=wrong)
    assert await names(apis, SEARCH, objects=[name], filter=right) == []
    warm = await apis.error(SEARCH, objects=[name], filter=wrong)
    assert warm == cold
    assert cold["message"].startswith(message)
    assert (cold["path"], cold["extensions"]) == (["search"], {"code": "BAD_USER_INPUT", "field": "filter"})


@pytest.mark.parametrize("tells", [True, False])
def test_a_name_is_suggested_where_the_schema_may_be_asked_for(tells: bool) -> None:
    blame = Blame(field="filter", path=())
    check = filter_check(STANDARD, STANDARD.by_singular["person"], blame, DocumentLimits(introspection=tells))
    with pytest.raises(BadUserInput) as refused:
        check({"citty": {"eq": "x"}})
    assert ("Did you mean 'city'?" in refused.value.message) is tells


async def test_a_filter_may_be_as_deep_as_other_inputs(apis: Apis) -> None:
    deeper: dict[str, Any] = {"not": NESTED}
    for _ in range(120):
        deeper = {"not": deeper}
    for _ in range(2):
        assert await names(apis, SEARCH, objects=["person"], filter=NESTED) == []
        error = await apis.error(SEARCH, objects=["person"], filter=deeper)
        assert error["message"] == "'filter' is nested too deeply."
        assert error["extensions"]["code"] == "QUERY_TOO_COMPLEX"


@pytest.mark.parametrize("number", ["10.5", "9007199254740993", "1e3"])
async def test_numbers_keep_their_digits(apis: Apis, number: str) -> None:
    """graphql-core's Float takes no Decimal, and no number that a double has not."""
    await create(apis, "opportunity", name="Acme", amount=loads(number))
    assert await names(apis, SEARCH, objects=["opportunity"], filter={"amount": {"eq": loads(number)}}) == ["Acme"]
    literal = f"{{ amount: {{ gte: {number} }} }}"
    text = f'{{ search(query: "acme", objects: "opportunity", filter: {literal}) {{ edges {{ node {{ object }} }} }} }}'
    assert (await apis.data(text))["search"]["edges"] == [{"node": {"object": "opportunity"}}]


async def test_a_cursor_of_another_connection_with_as_many_keys_is_refused(apis: Apis) -> None:
    """It has the shape of a cursor of the search, so that the plan is at hand."""
    for number in range(2):
        name = f"acme {number}"
        await create(apis, "person", email=f"p{number}@b.c", firstName=name, lastName=name, city=name)
    page = '{ search(query: "acme", first: 1) { pageInfo { endCursor } } }'
    own = (await apis.data(page))["search"]["pageInfo"]["endCursor"]
    order = "[{ firstName: ASC } { lastName: ASC } { city: ASC }]"
    page = f"{{ people(first: 1, orderBy: {order}) {{ pageInfo {{ endCursor }} }} }}"
    foreign = (await apis.data(page))["people"]["pageInfo"]["endCursor"]
    assert await names(apis, SEARCH, after=own) == ["acme 1"]
    request = GraphQLRequest(query=SEARCH, operation_name=None, variables={"after": own})
    assert apis.core.ready.find(PRINCIPAL, request, {"after": own}) is not None
    assert apis.core.ready.find(PRINCIPAL, request, {"after": foreign}) is None
    error = await apis.error(SEARCH, after=foreign)
    assert error["message"].startswith("The cursor in 'after' is not valid: ")
    assert error["extensions"] == {"code": "BAD_USER_INPUT", "field": "after"}
