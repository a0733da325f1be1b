"""How PostgreSQL reads 100,000 people: by indexes, and nothing that it then throws away, however deep the page.

Held are kinds of nodes and numbers of rows, which the same tables give each time; not costs or clocks.
"""

from typing import Any

import pytest

from tests.apis import Apis
from tests.engine.large_people import PEOPLE
from tests.engine.plans import MODES, explain, last_step, read_rows, scans

SIZE = 20
FORWARD = (
    "query ($order: [PersonOrderByInput], $cursor: String, $filter: PersonFilterInput) {"
    f" people(first: {SIZE}, orderBy: $order, after: $cursor, filter: $filter)"
    " { edges { node { id lastName createdAt } cursor } pageInfo { hasNextPage endCursor } } }"
)
BACKWARD = FORWARD.replace("first:", "last:").replace("after:", "before:").replace("endCursor", "startCursor")
DEEP = """query ($order: [PersonOrderByInput], $filter: PersonFilterInput) {
  people(first: 1, offset: 10000, orderBy: $order, filter: $filter) { edges { cursor } } }"""


ORDERS: dict[str, list[dict[str, Any]]] = {
    "by the id": [],
    "required, up": [{"createdAt": "ASC"}],
    "required, down": [{"createdAt": "DESC"}],
    "nullable, NULLs last": [{"lastName": "ASC"}],
    "nullable, NULLs first": [{"lastName": "AscNullsFirst"}],
    "nullable, down, NULLs first": [{"lastName": "DESC"}],
    "nullable, down, NULLs last": [{"lastName": "DescNullsLast"}],
    "nullable, then the other way": [{"lastName": "ASC"}, {"id": "DESC"}],
    "required, then the other way": [{"createdAt": "ASC"}, {"id": "DESC"}],
}


async def cursors(apis: Apis, order: Any) -> list[str | None]:
    """No cursor, and those of people in the middle of the names and in the middle of the NULLs."""
    found: list[str | None] = [None]
    for condition in ({"lastName": {"is": "NULL"}}, {"lastName": {"is": "NOT_NULL"}}):
        data = await apis.data(DEEP, order=order, filter=condition)
        found.append(data["people"]["edges"][0]["cursor"])
    return found


@pytest.mark.parametrize("order", ORDERS.values(), ids=ORDERS)
async def test_a_page_reads_its_own_rows_however_deep_it_lies(large: Apis, large_dsn: str, order: Any) -> None:
    for cursor in await cursors(large, order):
        for text in (FORWARD, BACKWARD):
            step, data = await last_step(large, text, order=order, cursor=cursor)
            assert len(data["people"]["edges"]) == SIZE
            for mode in MODES:
                found = explain(large_dsn, step, mode)
                assert "Seq Scan" not in scans(found), (cursor, text, mode)
                # The page, once for each branch of the seek; an incremental sort reads some 32 rows at a time.
                assert read_rows(found) <= 6 * SIZE, (cursor, text, mode, read_rows(found))


PATTERNS = {
    "few people": {"contains": "@most.exampl", "startsWith": "c4ca4238a0b9"},
    "a fifth of all": {"contains": "@often."},
    "all": {"endsWith": ".example"},
}


@pytest.mark.parametrize("email", PATTERNS.values(), ids=PATTERNS)
async def test_a_pattern_is_found_by_trigrams_or_by_the_order(large: Apis, large_dsn: str, email: Any) -> None:
    step, data = await last_step(large, FORWARD, order=[{"createdAt": "DESC"}], filter={"email": email})
    assert data["people"]["edges"]
    for mode in MODES:
        found = explain(large_dsn, step, mode)
        assert "Seq Scan" not in scans(found)
        # The sample, and then either a hundred rows in order or the rows that the trigrams lead to.
        assert read_rows(found) < 500, (mode, read_rows(found))


async def test_one_plan_serves_patterns_that_few_and_that_all_fulfil(large: Apis) -> None:
    """PostgreSQL plans such a statement five times and then no more, which it would for a pattern that it saw."""
    few: list[str] = []
    for pattern, people in (("c4ca4238a0b9", 1), ("example", SIZE)) * 8:
        data = await large.data(FORWARD, order=[{"createdAt": "DESC"}], filter={"email": {"contains": pattern}})
        assert len(data["people"]["edges"]) == people
        few += [edge["node"]["id"] for edge in data["people"]["edges"] if people == 1]
    assert len(set(few)) == 1
    assert len(set(large.database.log.texts[-16:])) == 1


RELATIONS = """
{ companies(first: 3) { edges { node { people(first: 5, orderBy: [{createdAt: DESC}]) {
    edges { node { id company { name } } } } } } } }
"""


async def test_relations_are_followed_by_their_keys(large: Apis, large_dsn: str) -> None:
    step, _ = await last_step(large, RELATIONS)
    for mode in MODES:
        found = explain(large_dsn, step, mode)
        assert "Seq Scan" not in scans([node for node in found if node.get("Relation Name") == "person"])
        assert read_rows(found) < 2_000


async def test_a_record_is_found_by_its_id(large: Apis, large_dsn: str) -> None:
    page = await large.data("{ people(first: 1) { edges { node { id } } } }")
    step, _ = await last_step(
        large, "query ($id: UUID!) { person(id: $id) { email } }", id=page["people"]["edges"][0]["node"]["id"]
    )
    for mode in MODES:
        found = explain(large_dsn, step, mode)
        assert scans(found) == {"Index Scan"}
        assert read_rows(found) == 1


async def test_there_are_as_many_people_as_these_tests_count_on(large: Apis) -> None:
    data = await large.data("{ people { totalCount } }")
    assert data["people"]["totalCount"] == PEOPLE * 99 // 100
