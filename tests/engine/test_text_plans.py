"""How PostgreSQL reads 100,000 people by their texts: by the keys' index, a few buffers for any page."""

from typing import Any

import psycopg
import pytest

from fieldstone.sql.statement import Step
from tests.apis import Apis

pytestmark = pytest.mark.long

PAGE = """query ($order: [PersonOrderByInput], $cursor: String, $filter: PersonFilterInput) {
  people(first: 20, orderBy: $order, after: $cursor, filter: $filter) {
    edges { node { id lastName } cursor } pageInfo { hasNextPage endCursor } } }"""
BACK = PAGE.replace("first: 20", "last: 20").replace("after:", "before:")
DEEP = """query ($order: [PersonOrderByInput], $filter: PersonFilterInput) {
  people(first: 1, offset: 40000, orderBy: $order, filter: $filter) { edges { cursor } } }"""


async def buffers(apis: Apis, dsn: str, text: str, **variables: Any) -> tuple[int, Any]:
    """The buffers that a query reads under a generic plan, and its people."""
    apis.database.log.steps.clear()
    data = await apis.data(text, **variables)
    (step,) = apis.database.log.steps
    return read_buffers(dsn, step), data["people"]


def read_buffers(dsn: str, step: Step) -> int:
    statement, parameters = step
    with psycopg.connect(dsn, autocommit=True, options="-c plan_cache_mode=force_generic_plan") as connection:
        connection.execute(b"PREPARE explained AS " + statement.sql)
        values = psycopg.sql.SQL(",").join([None if one is None else one.decode() for one in parameters])
        call = psycopg.sql.SQL("({})").format(values) if parameters else psycopg.sql.SQL("")
        query = psycopg.sql.SQL("EXPLAIN (ANALYZE, BUFFERS, TIMING OFF, FORMAT JSON) EXECUTE explained{}").format(call)
        # The first run also reads the catalog.
        connection.execute(query)
        row = connection.execute(query).fetchone()
    assert row is not None
    plan = row[0][0]["Plan"]
    return int(plan["Shared Hit Blocks"] + plan["Shared Read Blocks"])


@pytest.mark.parametrize("direction", ["ASC", "DESC", "AscNullsFirst", "DescNullsLast"])
async def test_a_page_in_the_order_of_a_text(large: Apis, large_dsn: str, direction: str) -> None:
    order = [{"lastName": direction}]
    deep = await large.data(DEEP, order=order, filter={"lastName": {"is": "NOT_NULL"}})
    for cursor in (None, deep["people"]["edges"][0]["cursor"]):
        for text in (PAGE, BACK):
            read, people = await buffers(large, large_dsn, text, order=order, cursor=cursor)
            assert len(people["edges"]) == 20
            assert read < 120, (cursor, text)


CONDITIONS: dict[str, tuple[dict[str, Any], int]] = {
    "eq": ({"lastName": {"eq": "Last 1234"}}, 100),
    "eq of nobody": ({"lastName": {"eq": "last 1234"}}, 100),
    "in": ({"lastName": {"in": ["Last 1", "Last 2", "Last 3"]}}, 200),
    "ieq": ({"lastName": {"ieq": "LAST 1234"}}, 100),
    "startsWith": ({"lastName": {"startsWith": "last 12"}}, 2_000),
    "startsWith of nobody": ({"firstName": {"startsWith": "zoë"}}, 100),
    "gt and lt": ({"lastName": {"gt": "Last 99", "lt": "last 991"}}, 200),
    "contains": ({"email": {"contains": "C4CA4238A0B9"}}, 500),
    "contains of nobody": ({"jobTitle": {"contains": "zoë"}}, 500),
}


@pytest.mark.parametrize(("condition", "most"), CONDITIONS.values(), ids=CONDITIONS)
async def test_a_condition_on_a_text(large: Apis, large_dsn: str, condition: dict[str, Any], most: int) -> None:
    total = "query ($filter: PersonFilterInput) { people(filter: $filter) { totalCount } }"
    read, _ = await buffers(large, large_dsn, total, filter=condition)
    assert read < most


COUNTED = """query ($order: [PersonOrderByInput]) {
  people(first: 1, orderBy: $order) { edges { node { id } } }
  companies { edges { node { people(first: 1, orderBy: $order) { totalCount } } } } }"""


async def test_orders_that_no_index_serves_are_counted_by_field(large: Apis) -> None:
    counters = large.core.compiler.plans.counters
    for order in ([{"lastName": "ASC"}], [{"city": "ASC"}], [{"city": "DESC"}], [{"city": "ASC"}], []):
        await large.data(COUNTED, order=order)
    assert counters.unserved == {("person", "city"): 3}
    assert await large.send_warm(COUNTED, {"order": [{"city": "ASC"}]}) is not None
    assert counters.unserved == {("person", "city"): 4}
