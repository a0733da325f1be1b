"""Pages of 100,000 people by their opportunities: no value that a filter asks for makes PostgreSQL read the table.

Held are blocks of tables and indexes, which the same tables give each time, under one plan for all values.
"""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.apis import Apis
from tests.databases import Databases
from tests.engine.large_opportunities import opportunities_template
from tests.engine.plans import MODES, explain, last_step, read_buffers, scans

pytestmark = pytest.mark.long

SIZE = 20
MOST_BUFFERS = 2_000
PEOPLE = (
    "query ($order: [PersonOrderByInput], $cursor: String, $filter: PersonFilterInput) {"
    f" people(first: {SIZE}, orderBy: $order, after: $cursor, filter: $filter)"
    " { edges { node { id } } pageInfo { hasNextPage endCursor } } }"
)
COMPANIES = PEOPLE.replace("Person", "Company").replace("people", "companies")
NEWEST = [{"createdAt": "DESC"}]

AMOUNTS = {"of a third": 0, "of one in a thousand": 4_000, "of nobody": 10**6}


@pytest.fixture(scope="module")
def large_dsn(databases: Databases) -> Iterator[str]:
    with databases.clone(opportunities_template(databases)) as dsn:
        yield dsn


def worth(amount: int) -> Any:
    return {"opportunities": {"some": {"amount": {"gt": amount}}}}


def due(after: str) -> Any:
    return {"some": {"dueAt": {"gt": after}}}


@pytest.mark.parametrize("order", [[], NEWEST, [{"lastName": "ASC"}], [{"lastName": "DESC"}]], ids=str)
@pytest.mark.parametrize("amount", AMOUNTS.values(), ids=AMOUNTS)
async def test_a_page_by_related_records(large: Apis, large_dsn: str, amount: int, order: Any) -> None:
    cursor = None
    for page in range(3):
        step, data = await last_step(large, PEOPLE, order=order, cursor=cursor, filter=worth(amount))
        for mode in MODES:
            found = explain(large_dsn, step, mode)
            assert read_buffers(found) < MOST_BUFFERS, (page, mode, read_buffers(found))
            assert "Seq Scan" not in scans(found)
        cursor = data["people"]["pageInfo"]["endCursor"]
        if not data["people"]["pageInfo"]["hasNextPage"]:
            assert amount == 10**6
            break
        assert len(data["people"]["edges"]) == SIZE


DEEP: dict[str, tuple[str, Any]] = {
    "three levels, nobody": (COMPANIES, {"people": {"some": {"activities": due("2030-01-01")}}}),
    "three levels, many": (COMPANIES, {"people": {"some": {"activities": due("2024-02-01")}}}),
    "two kinds of records, few": (
        PEOPLE,
        worth(4_000) | {"activities": due("2024-03-09")},
    ),
    "beside a value that few have": (PEOPLE, worth(4_000) | {"email": {"contains": "c4ca4238a0b9"}}),
    "none, which most fulfil": (PEOPLE, {"opportunities": {"none": {"amount": {"gt": 4_000}}}}),
    "every, which most fulfil": (PEOPLE, {"opportunities": {"every": {"amount": {"lt": 4_000}}}}),
    "has any": (PEOPLE, {"opportunities": {"isEmpty": False}}),
    "has none": (PEOPLE, {"opportunities": {"isEmpty": True}}),
    "one of two, which many fulfil": (PEOPLE, {"or": [worth(10**6), worth(0)]}),
}  # fmt: skip


@pytest.mark.parametrize(("text", "given"), DEEP.values(), ids=DEEP)
async def test_a_page_by_more_than_one_condition(large: Apis, large_dsn: str, text: str, given: Any) -> None:
    step, _ = await last_step(large, text, order=[], filter=given)
    for mode in MODES:
        found = explain(large_dsn, step, mode)
        assert read_buffers(found) < MOST_BUFFERS, (mode, read_buffers(found))


async def test_one_person_by_an_opportunity(large: Apis, large_dsn: str) -> None:
    text = "query ($filter: PersonFilterInput) { person(filter: $filter) { id } }"
    for amount in AMOUNTS.values():
        step, _ = await last_step(large, text, filter=worth(amount))
        for mode in MODES:
            assert read_buffers(explain(large_dsn, step, mode)) < MOST_BUFFERS


async def test_one_plan_serves_all_values(large: Apis) -> None:
    """PostgreSQL plans such a statement five times and then no more, which it would for values that it saw."""
    sizes = []
    for amount in list(AMOUNTS.values()) * 8:
        data = await large.data(PEOPLE, order=NEWEST, filter=worth(amount))
        sizes.append(len(data["people"]["edges"]))
    assert sizes == [SIZE, SIZE, 0] * 8
    assert len(set(large.database.log.texts[-24:])) == 1


BY_COUNT = """query ($order: [PersonOrderByInput], $cursor: String, $filter: PersonFilterInput) {
  people(first: 20, orderBy: $order, after: $cursor, filter: $filter) {
    edges { node { id } } pageInfo { hasNextPage endCursor } } }"""


@pytest.mark.long
async def test_an_order_by_an_aggregate_reads_each_child_once(large: Apis, large_dsn: str) -> None:
    order = [{"opportunitiesAggregate": {"sum": {"amount": "DESC"}, "filter": {"stage": {"eq": "NEW"}}}}]
    cursor = None
    read: list[int] = []
    for _ in range(3):
        step, data = await last_step(large, BY_COUNT, order=order, cursor=cursor)
        cursor = data["people"]["pageInfo"]["endCursor"]
        for mode in MODES:
            found = explain(large_dsn, step, mode)
            children = [node for node in found if node.get("Relation Name") == "opportunity" and node["Actual Loops"]]
            assert [node["Actual Loops"] for node in children] == [1]
            sorts = {node["Sort Method"] for node in found if node["Node Type"] == "Sort" and node["Actual Rows"]}
            assert "top-N heapsort" in sorts
            assert max(node["Sort Space Used"] for node in found if node.get("Sort Method") == "top-N heapsort") < 100
            read.append(read_buffers(found))
    # Page n costs as much as the first one.
    assert max(read) < 1.2 * min(read)


async def test_an_order_of_few_records_by_an_aggregate_reads_their_own_children(large: Apis, large_dsn: str) -> None:
    few = {"createdAt": {"between": ["2024-01-05T00:00:00Z", "2024-01-05T12:00:00Z"]}}
    step, data = await last_step(large, BY_COUNT, order=[{"opportunitiesAggregate": {"count": "DESC"}}], filter=few)
    assert len(data["people"]["edges"]) == SIZE
    for mode in MODES:
        found = explain(large_dsn, step, mode)
        children = [node for node in found if node.get("Relation Name") == "opportunity" and node["Actual Loops"]]
        assert [node["Node Type"] for node in children] in (["Index Scan"], ["Bitmap Heap Scan"], ["Index Only Scan"])
        assert read_buffers(found) < 20_000


@pytest.mark.long
async def test_a_count_reads_each_table_once(large: Apis, large_dsn: str) -> None:
    text = "query ($filter: PersonFilterInput) { people(filter: $filter) { totalCount } }"
    for given in (worth(0), {"not": worth(0)}):
        step, _ = await last_step(large, text, filter=given)
        for mode in MODES:
            read = [node for node in explain(large_dsn, step, mode) if "Relation Name" in node]
            loops = sorted((node["Relation Name"], node["Actual Loops"]) for node in read)
            assert loops == [("opportunity", 1), ("person", 1)]


def by(**aggregates: Any) -> Any:
    return {"opportunitiesAggregate": aggregates}


BY_TOTALS: dict[str, Any] = {
    "at least": by(count={"gte": 3}),
    "none": by(count={"eq": 0}),
    "a sum of some": by(filter={"stage": {"eq": "NEW"}}, sum={"amount": {"gt": 500}}),
    "one of two": {"or": [{"not": by(count={"gte": 3})}, {"firstName": {"eq": "x"}}]},
}


@pytest.mark.long
@pytest.mark.parametrize("given", BY_TOTALS.values(), ids=BY_TOTALS)
async def test_a_filter_by_an_aggregate_reads_each_table_once(large: Apis, large_dsn: str, given: Any) -> None:
    roots = (
        "people(filter: $filter) { totalCount }",
        "peopleAggregate(filter: $filter) { count }",
        "peopleGroupBy(groupBy: [{ city: true }], filter: $filter) { count }",
    )
    for root in roots:
        step, _ = await last_step(large, "query ($filter: PersonFilterInput) { " + root + " }", filter=given)
        for mode in MODES:
            read = [node for node in explain(large_dsn, step, mode) if "Relation Name" in node]
            children = [node["Actual Loops"] for node in read if node["Relation Name"] == "opportunity"]
            assert sorted(children) == [0, 1]


async def test_totals_of_a_fortieth_of_the_records_are_read_by_themselves(large: Apis, large_dsn: str) -> None:
    """All related records at once are a hundred thousand."""
    few = {"createdAt": {"between": ["2024-01-05T00:00:00Z", "2024-01-06T00:00:00Z"]}}
    by_sum = [{"opportunitiesAggregate": {"sum": {"amount": "DESC"}}}]
    asked = (
        await last_step(large, BY_COUNT, order=by_sum, filter=few),
        await last_step(
            large, "query ($f: PersonFilterInput) { people(filter: $f) { totalCount } }", f=few | by(count={"gte": 1})
        ),
    )
    for step, data in asked:
        assert data["people"].get("totalCount", 1) > 0
        for mode in MODES:
            found = explain(large_dsn, step, mode)
            children = [node for node in found if node.get("Relation Name") == "opportunity" and node["Actual Loops"]]
            assert [node["Actual Loops"] > 2_000 for node in children] == [True]


def behind(position: int) -> Any:
    """Opportunities by a field that has no index."""
    return {"opportunities": {"some": {"position": {"gt": position}, "stage": {"neq": "CUSTOMER"}}}}


def most_lookups(found: list[dict[str, Any]]) -> int:
    """How many people the opportunities are looked up of, by the node that does so most often."""
    return int(max(one["Actual Loops"] for one in found if one.get("Relation Name") == "opportunity"))


@pytest.mark.parametrize("order", [[], NEWEST, [{"lastName": "ASC"}], [{"lastName": "DESC"}]], ids=str)
async def test_a_field_without_an_index_has_a_longer_sample(large: Apis, large_dsn: str, order: Any) -> None:
    """To follow the condition would read all opportunities, which takes longer than to look at more people."""
    for position, most in ((0, 300), (98_000, 15_000)):
        step, data = await last_step(large, PEOPLE, order=order, filter=behind(position))
        assert len(data["people"]["edges"]) == SIZE
        for mode in MODES:
            found = explain(large_dsn, step, mode)
            assert "Seq Scan" not in scans(found)
            assert most_lookups(found) < most, (mode, most_lookups(found))


async def test_the_sample_is_longer_only_if_each_record_has_few_related_ones(large: Apis, large_dsn: str) -> None:
    """Each person has one opportunity on average, each company a hundred: few companies have as many as all people."""
    for text, sample in ((PEOPLE, 4_096), (COMPANIES, 256)):
        step, data = await last_step(large, text, order=[], filter=behind(10**6))
        assert [one["edges"] for one in data.values()] == [[]]
        for mode in MODES:
            found = explain(large_dsn, step, mode)
            assert [one["Node Type"] for one in found if one["Node Type"] == "Seq Scan"] == ["Seq Scan"]
            # One in a hundred people is deleted.
            assert 0.98 * sample < most_lookups(found) <= sample
