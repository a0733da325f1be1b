"""Filters and orders by aggregates of the records that a to-many relation leads to."""

from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from fieldstone.metadata.json_text import loads
from tests.apis import Apis, filled_template, open_apis
from tests.databases import Databases
from tests.engine.records import check_refused, create
from tests.engine.relations import CREATE, relate

NAMES = (
    "query ($f: CompanyFilterInput, $o: [CompanyOrderByInput]) { companiesAggregate(filter: $f) { count }"
    " companies(filter: $f, orderBy: $o) { totalCount edges { node { name } } } }"
)
PAGES = (
    "query ($f: CompanyFilterInput, $o: [CompanyOrderByInput], $first: Int, $after: String) {"
    " companies(filter: $f, orderBy: $o, first: $first, after: $after) {"
    " edges { node { name } } pageInfo { hasNextPage endCursor } } }"
)
BACK = PAGES.replace("first: $first", "last: $first").replace("after: $after", "before: $after")
BACK = BACK.replace("hasNextPage endCursor", "hasPreviousPage startCursor")


async def fill(apis: Apis) -> None:
    for name, amounts in (("none", ()), ("null", (None,)), ("some", (None, 5, 7)), ("all", (5, 10)), ("gone", (10,))):
        company = await create(apis, "company", name=name)
        for amount in amounts:
            stage = "CUSTOMER" if amount == 10 else "NEW"
            id_ = await create(apis, "opportunity", amount=amount, stage=stage, companyId=company)
            if name == "gone":
                await apis.data("mutation ($id: UUID!) { deleteOpportunity(id: $id) { id } }", id=id_)
    await create(apis, "opportunity", amount=100)


@pytest.fixture
def firms_dsn(databases: Databases, clone_database: Callable[[str], str]) -> str:
    return clone_database(filled_template(databases, "companies by amounts", fill))


@pytest.fixture
async def firms(firms_dsn: str) -> AsyncIterator[Apis]:
    """Companies by the amounts of their opportunities; one of `gone`'s is deleted, and one is of no company."""
    async with open_apis(firms_dsn) as opened:
        yield opened


async def found(apis: Apis, given: Any, order: Any = None) -> list[str]:
    variables = {"f": given, "o": order or [{"name": "ASC"}]}
    data = await apis.data(NAMES, **variables)
    names = [edge["node"]["name"] for edge in data["companies"]["edges"]]
    assert data["companies"]["totalCount"] == data["companiesAggregate"]["count"] == len(names)
    assert await apis.send_warm(NAMES, variables) == (await apis.send(NAMES, variables)).body
    return names


@pytest.fixture(params=[False, True], ids=["one by one", "in groups"])
def _form(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have statements take one of their two forms for these few records."""
    if request.param:
        monkeypatch.setattr("fieldstone.sql.compiler.reads.pages.sampling.MANY", 1)
        monkeypatch.setattr("fieldstone.sql.compiler.reads.pages.sampling.MANY_BYTES", 1 << 30)


EVERYBODY = ["all", "gone", "none", "null", "some"]
FILTERS: dict[str, tuple[Any, list[str]]] = {
    "count": ({"count": {"gte": 2}}, ["all", "some"]),
    "count of none": ({"count": {"eq": 0}}, ["gone", "none"]),
    "count below": ({"count": {"lt": 2}}, ["gone", "none", "null"]),
    "count among": ({"count": {"in": [1, 3]}}, ["null", "some"]),
    "sum": ({"sum": {"amount": {"gt": 12}}}, ["all"]),
    "sum of none is NULL": ({"sum": {"amount": {"lte": 12}}}, ["some"]),
    "sum is there": ({"sum": {"amount": {"is": "NOT_NULL"}}}, ["all", "some"]),
    "sum is not there": ({"sum": {"amount": {"eq": None}}}, ["gone", "none", "null"]),
    "avg": ({"avg": {"amount": {"between": [6, 7.5]}}}, ["all", "some"]),
    "min and max": ({"min": {"amount": {"eq": 5}}, "max": {"amount": {"lt": 10}}}, ["some"]),
    "max of options": ({"max": {"stage": {"eq": "CUSTOMER"}}}, ["all"]),
    "median": ({"median": {"amount": {"eq": 6}}}, ["some"]),
    "different values": ({"countDistinct": {"amount": {"eq": 2}}}, ["all", "some"]),
    "empty values": ({"countEmpty": {"amount": {"gt": 0}}}, ["null", "some"]),
    "percentage": ({"percentEmpty": {"amount": {"eq": 100}}}, ["null"]),
    "with a filter": ({"filter": {"stage": {"eq": "NEW"}}, "count": {"eq": 1}}, ["all", "null"]),
    "with a filter, none": ({"filter": {"amount": {"gt": 7}}, "count": {"eq": 0}}, ["gone", "none", "null", "some"]),
    "of the deleted": ({"filter": {"deletedAt": {"is": "NOT_NULL"}}, "count": {"gt": 0}}, ["gone"]),
    "says nothing": (
        {"filter": {"amount": {"gt": 7}}, "sum": {}, "count": {}},
        ["all", "gone", "none", "null", "some"],
    ),
}


@pytest.mark.usefixtures("_form")
@pytest.mark.parametrize(("given", "expected"), FILTERS.values(), ids=FILTERS)
async def test_a_filter(firms: Apis, given: Any, expected: list[str]) -> None:
    assert await found(firms, {"opportunitiesAggregate": given}) == expected
    assert await found(firms, {"and": [{"opportunitiesAggregate": given}, {"name": {"in": expected}}]}) == expected
    text = "mutation ($f: CompanyFilterInput!) { updateCompanies(filter: $f, data: { website: null }) { name } }"
    if expected == EVERYBODY:
        hint = "The filter says nothing; to mean all records write { id: { is: NOT_NULL } }."
        await check_refused(firms, text, "BAD_USER_INPUT", hint, field="filter", f={"opportunitiesAggregate": given})
        return
    written = (await firms.data(text, f={"opportunitiesAggregate": given}))["updateCompanies"]
    assert sorted(row["name"] for row in written) == expected


@pytest.mark.usefixtures("_form")
async def test_a_sum_of_none_is_in_neither_half(firms: Apis) -> None:
    given: Any = {"opportunitiesAggregate": {"sum": {"amount": {"gt": 12}}}}
    assert await found(firms, {"not": given}) == ["some"]
    given = {"opportunitiesAggregate": {"count": {"gt": 1}}}
    assert await found(firms, {"not": given}) == ["gone", "none", "null"]
    none = {"opportunitiesAggregate": {"count": {"eq": 0}}}
    given = {"or": [none, {"not": {"opportunitiesAggregate": {"sum": {"amount": {"lte": 12}}}}}]}
    assert await found(firms, given) == ["all", "gone", "none"]


@pytest.mark.usefixtures("_form")
async def test_at_any_depth(firms: Apis) -> None:
    company = (await firms.data('{ company(filter: { name: { eq: "all" } }) { id } }'))["company"]["id"]
    await create(firms, "person", email="a", companyId=company)
    people = "query ($f: PersonFilterInput) { people(filter: $f) { edges { node { email } } } }"
    many = {"opportunitiesAggregate": {"count": {"gt": 1}}}
    assert (await firms.data(people, f={"company": many}))["people"]["edges"] == [{"node": {"email": "a"}}]
    assert (await firms.data(people, f={"not": {"company": many}}))["people"]["edges"] == []
    assert await found(firms, {"people": {"some": {"company": many}}}) == ["all"]
    inner = {"filter": {"company": many}, "count": {"eq": 1}}
    assert await found(firms, {"peopleAggregate": inner}) == ["all"]
    nested = "{ companies(orderBy: { peopleAggregate: { count: DESC } }, first: 1) { edges { node { name people(%s) { totalCount } } } } }"  # noqa: E501
    given = "filter: { company: { opportunitiesAggregate: { count: { gt: 2 } } } }"
    data = await firms.data(nested % given)
    assert data["companies"]["edges"] == [{"node": {"name": "all", "people": {"totalCount": 0}}}]


ORDERS: dict[str, tuple[Any, list[str]]] = {
    "count, up": ({"count": "ASC"}, ["gone", "none", "null", "all", "some"]),
    "count, down": ({"count": "DESC"}, ["some", "all", "null", "none", "gone"]),
    "sum, up": ({"sum": {"amount": "ASC"}}, ["some", "all", "gone", "none", "null"]),
    "sum, down": ({"sum": {"amount": "DescNullsLast"}}, ["all", "some", "null", "none", "gone"]),
    "sum, NULLs first": ({"sum": {"amount": "AscNullsFirst"}}, ["gone", "none", "null", "some", "all"]),
    "avg": ({"avg": {"amount": "DescNullsLast"}}, ["all", "some", "null", "none", "gone"]),
    "max of options": ({"max": {"stage": "DescNullsLast"}}, ["all", "some", "null", "none", "gone"]),
    "with a filter": (
        {"filter": {"stage": {"eq": "NEW"}}, "count": "DESC"},
        ["some", "null", "all", "none", "gone"],
    ),
    "with a filter that few fulfil": (
        {"sum": {"amount": "DescNullsLast"}, "filter": {"amount": {"gte": 7}}},
        ["all", "some", "null", "none", "gone"],
    ),
}


@pytest.mark.usefixtures("_form")
@pytest.mark.parametrize(("given", "expected"), ORDERS.values(), ids=ORDERS)
async def test_an_order(firms: Apis, given: Any, expected: list[str]) -> None:
    by_name = "DESC" if "DESC" in str(given) or "Desc" in str(given) else "ASC"
    order = [{"opportunitiesAggregate": given}, {"name": by_name}]
    assert await found(firms, None, order) == expected
    for size in (1, 2, 3):
        for text, next_page, cursor in ((PAGES, "hasNextPage", "endCursor"), (BACK, "hasPreviousPage", "startCursor")):
            walked: list[str] = []
            after = None
            while True:
                page = (await firms.data(text, o=order, first=size, after=after))["companies"]
                names = [edge["node"]["name"] for edge in page["edges"]]
                walked = [*walked, *names] if text is PAGES else [*names, *walked]
                after = page["pageInfo"][cursor]
                if not page["pageInfo"][next_page]:
                    break
            assert walked == expected, (size, text)
    offset = (
        "query ($o: [CompanyOrderByInput]) { companies(orderBy: $o, first: 2, offset: 2) { edges { node { name } } } }"
    )
    page = (await firms.data(offset, o=order))["companies"]
    assert [edge["node"]["name"] for edge in page["edges"]] == expected[2:4]


async def test_an_order_across_a_relation_and_of_a_nested_connection(firms: Apis) -> None:
    ids = {
        edge["node"]["name"]: edge["node"]["id"]
        for edge in (await firms.data("{ companies { edges { node { id name } } } }"))["companies"]["edges"]
    }
    for email, company in (("a", "all"), ("b", "some"), ("c", "none"), ("d", None)):
        await create(firms, "person", email=email, companyId=company and ids[company])
    text = "query ($o: [PersonOrderByInput]) { people(orderBy: $o) { edges { node { email } } } }"
    for direction, expected in (("ASC", "cabd"), ("DescNullsLast", "bacd")):
        data = await firms.data(text, o={"company": {"opportunitiesAggregate": {"count": direction}}})
        assert "".join(edge["node"]["email"] for edge in data["people"]["edges"]) == expected
    nested = (
        '{ companies(filter: { name: { eq: "all" } }) { edges { node { people(orderBy: { opportunitiesAggregate:'
        " { count: DESC } }) { totalCount edges { node { email } } } } } } }"
    )
    for email in ("e", "f"):
        person = await create(firms, "person", email=email, companyId=ids["all"])
        if email == "e":
            await create(firms, "opportunity", personId=person)
    (edge,) = (await firms.data(nested))["companies"]["edges"]
    assert edge["node"]["people"]["totalCount"] == 3
    assert edge["node"]["people"]["edges"][0] == {"node": {"email": "e"}}


async def test_an_aggregate_behind_the_id_decides_nothing(firms: Apis) -> None:
    by_id = [edge["node"] for edge in (await firms.data(PAGES, o={"id": "ASC"}, first=9))["companies"]["edges"]]
    behind = {"opportunitiesAggregate": {"filter": {"amount": {"gt": 5}}, "count": "DESC"}}
    for order in ([{"id": "ASC"}, behind], [{"id": "ASC"}, {"name": "ASC"}, behind], [{"id": "ASC"}, behind, behind]):
        page = (await firms.data(PAGES, o=order, first=9))["companies"]
        assert [edge["node"] for edge in page["edges"]] == by_id
    wrong = {"opportunitiesAggregate": {"count": None}}
    refused = await firms.error(PAGES, o=[{"id": "ASC"}, wrong], first=9)
    assert refused["message"] == "The direction of 'count' must not be null."


async def test_values_of_variables_share_a_plan_and_directions_do_not(firms: Apis) -> None:
    text = "query ($o: [CompanyOrderByInput]) { companies(orderBy: $o, first: 1) { edges { node { name } } } }"
    for amount, direction, expected in (
        (5, "DESC", "some"),
        (10, "DESC", "all"),
        (5, "ASC", "gone"),
        (10, "DESC", "all"),
    ):
        order = [
            {"opportunitiesAggregate": {"filter": {"amount": {"eq": amount}}, "count": direction}},
            {"name": "DESC" if direction == "DESC" else "ASC"},
        ]
        data = await firms.data(text, o=order)
        assert data["companies"]["edges"][0]["node"]["name"] == expected
    assert len(set(firms.database.log.texts[-3:])) == 2
    parts = (
        "query ($v: Float, $d: OrderByDirection) { companies(first: 1, orderBy: [{ opportunitiesAggregate:"
        " { filter: { amount: { eq: $v } }, count: $d } }, { name: DESC }]) { edges { node { name } } } }"
    )
    for amount, direction, expected in ((5, "DESC", "some"), (10, "DESC", "all"), (10, "ASC", "some")):
        data = await firms.data(parts, v=amount, d=direction)
        assert data["companies"]["edges"][0]["node"]["name"] == expected
    assert len(set(firms.database.log.texts[-3:])) == 2


REFUSED = {
    "two keys": ("orderBy", "{ count: ASC, sum: { amount: ASC } }", "An orderBy object takes one key"),
    "two fields": ("orderBy", "{ sum: { amount: ASC, position: ASC } }", "An orderBy object takes one key"),
    "a direction that is null": ("orderBy", "{ count: null }", "The direction of 'count' must not be null."),
    "an order that is null": ("orderBy", "null", "The order by 'opportunitiesAggregate' must be an object."),
    "a filter that is null": ("filter", "null", "The filter of 'opportunitiesAggregate' must not be null; for records"),
    "an aggregate that is null": ("filter", "{ sum: null }", "'sum' must be an object, not null: leave it out."),
    "a field that is null": ("filter", "{ sum: { amount: null } }", "The filter of 'sum.amount' must not be null."),
    "a count that is null": ("filter", "{ count: null }", "The filter of 'count' must not be null."),
}


@pytest.mark.parametrize(("argument", "given", "message"), REFUSED.values(), ids=REFUSED)
async def test_refused(firms: Apis, argument: str, given: str, message: str) -> None:
    text = f"{{ companies({argument}: {{ opportunitiesAggregate: {given} }}) {{ edges {{ node {{ id }} }} }} }}"
    error = await firms.error(text)
    assert error["message"].startswith(message)
    assert error["extensions"]["code"] == "BAD_USER_INPUT"
    assert "field" in error["extensions"]


async def test_absent_variables(firms: Apis) -> None:
    text = (
        "query ($v: Int, $a: Float) { companies(orderBy: { name: ASC }, filter: { opportunitiesAggregate:"
        " { count: { gte: $v }, filter: { amount: { gt: $a } } } }) { totalCount } }"
    )
    assert await firms.data(text) == {"companies": {"totalCount": 5}}
    assert await firms.data(text, v=2) == {"companies": {"totalCount": 2}}
    assert await firms.data(text, v=1, a=5) == {"companies": {"totalCount": 2}}
    write = "mutation ($v: Int, $a: Float) { deleteCompanies(filter: { opportunitiesAggregate: { count: { gte: $v }, filter: { amount: { gt: $a } } } }) { id } }"  # noqa: E501
    message = "The variable '$a' is absent: every variable in a bulk write's filter must have a value."
    await check_refused(firms, write, "BAD_USER_INPUT", message, field="filter", v=1)
    order = (
        "query ($d: OrderByDirection) { companies(orderBy: [{ opportunitiesAggregate: { count: $d } }, { name: DESC }],"
        " first: 1) { edges { node { name } } } }"
    )
    assert (await firms.data(order))["companies"]["edges"] == [{"node": {"name": "some"}}]


async def test_a_cursor_of_another_aggregate_is_refused(firms: Apis) -> None:
    def order(given: Any) -> Any:
        return [{"opportunitiesAggregate": given}]

    page = await firms.data(PAGES, o=order({"count": "ASC"}), first=1)
    cursor = page["companies"]["pageInfo"]["endCursor"]
    for other in (
        {"count": "DESC"},
        {"countEmpty": {"amount": "ASC"}},
        {"count": "ASC", "filter": {"amount": {"gt": 1}}},
    ):
        error = await firms.error(PAGES, o=order(other), first=1, after=cursor)
        assert error["message"].startswith("The cursor in 'after' is not valid")


async def test_the_names_are_reserved(apis: Apis) -> None:
    company = (await apis.snapshot()).by_singular["company"]
    taken = {"objectMetadataId": str(company.id), "name": "peopleAggregate", "label": "x", "type": "TEXT"}
    answer = loads((await apis.send(CREATE, {"input": taken}, api=apis.metadata)).body)
    assert answer["errors"][0]["message"] == (
        'name cannot be "peopleAggregate": the field people of company comes with peopleAggregate;'
        " peopleAggregate2 would pass."
    )
    free = taken | {"name": "fansAggregate"}
    await apis.change(CREATE, input=free)
    refused = (await relate(apis, "person", "idol", "company", "fans"))["errors"][0]
    assert (refused["extensions"]["code"], refused["extensions"]["field"]) == ("CONFLICT", "targetFieldName")
