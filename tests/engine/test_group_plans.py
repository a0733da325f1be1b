"""Plans of groups and aggregates at 100,000 records: how often a table is read."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.apis import Apis
from tests.databases import Databases
from tests.engine.large_opportunities import opportunities_template
from tests.engine.plans import explain, last_step, nodes

pytestmark = pytest.mark.long

MODE = "force_generic_plan"


@pytest.fixture(scope="module")
def large_dsn(databases: Databases) -> Iterator[str]:
    with databases.clone(opportunities_template(databases)) as dsn:
        yield dsn


def passes(found: list[dict[str, Any]], table: str) -> int:
    """How many times the table is read as a whole, or looked into."""
    return sum(node["Actual Loops"] for node in found if node.get("Relation Name") == table)


async def test_groups_read_their_table_once(large: Apis, large_dsn: str) -> None:
    document = """{ opportunitiesGroupBy(
      groupBy: [{ stage: true }, { createdAt: { bucket: MONTH } }]
      having: { count: { gt: 0 } }
      orderBy: { sum: { amount: DESC } }
    ) { key { stage } count sum { amount } } }"""
    step, answer = await last_step(large, document)
    assert sum(group["count"] for group in answer["opportunitiesGroupBy"]) == 98_000
    assert passes(explain(large_dsn, step, MODE), "opportunity") == 1


async def test_the_records_of_groups_are_one_more_pass(large: Apis, large_dsn: str) -> None:
    document = """{ opportunitiesGroupBy(groupBy: [{ stage: true }]) {
      count records(first: 3, orderBy: { amount: DescNullsLast }) { edges { node { amount } } } } }"""
    step, answer = await last_step(large, document)
    assert [len(group["records"]["edges"]) for group in answer["opportunitiesGroupBy"]] == [3, 3, 3]
    found = explain(large_dsn, step, MODE)
    assert passes(found, "opportunity") == 2
    assert any(node["Node Type"] == "Hash Join" for node in found)


async def test_a_nested_page_and_its_aggregates_are_one_pass(large: Apis, large_dsn: str) -> None:
    document = """{ companies(first: 20) { edges { node { opportunities(first: 2) {
      totalCount aggregate { sum { amount } max { amount } } edges { node { name } } } } } } }"""
    step, _ = await last_step(large, document)
    found = explain(large_dsn, step, MODE)
    companies = max(node["Actual Rows"] for node in found if node.get("Relation Name") == "company")
    reads = [node for node in found if node.get("Relation Name") == "opportunity"]
    assert passes(reads, "opportunity") <= companies
    assert len(reads) == 1


async def test_a_root_reads_its_page_by_an_index(large: Apis, large_dsn: str) -> None:
    document = """{ opportunities(first: 20, orderBy: { amount: AscNullsFirst }) {
      totalCount sumAmount aggregate { count median { amount } } edges { node { amount } } } }"""
    step, answer = await last_step(large, document)
    assert answer["opportunities"]["totalCount"] == 98_000
    found = explain(large_dsn, step, MODE)
    whole = [node for node in nodes(found[0]) if node.get("Relation Name") == "opportunity" and node["Actual Loops"]]
    assert sum(node["Node Type"] == "Seq Scan" for node in whole) <= 1
