"""A rule over 100,000 records costs any principal little: a role that may read none of them, some, or half.

Held are blocks of tables and indexes, which the same tables give each time, under one plan for all principals.
"""

import json
from collections.abc import Iterator
from hashlib import md5
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from fieldstone.metadata.model import Snapshot
from tests.apis import Served, serve
from tests.databases import Databases
from tests.engine.access.large_deals import FEW, MINE, NOBODY, OWNING, TEAMED, deals_template
from tests.engine.plans import MODES, explain, read_buffers, scans
from tests.views import plan_as, view_by_rules

PRINCIPALS = {"owner of half": OWNING, "in 5,000 teams": TEAMED, "with a few": FEW, "with none": NOBODY}


class Deals:
    """The database, and its model as the role sees it."""

    def __init__(self, served: Served, dsn: str) -> None:
        self.dsn = dsn
        self.snapshot = served.snapshot()

    def explain(self, rule: Any, number: int, text: str, mode: str) -> list[dict[str, Any]]:
        """How PostgreSQL runs a query of the person of this number."""
        plan, parameters = plan_as(self.seen(rule), {"userId": id_of("person", number)}, text)
        assert plan.statement is not None
        return explain(self.dsn, (plan.statement.statement, parameters), mode)

    def seen(self, rule: Any) -> Snapshot:
        """The model as a role with this rule sees it."""
        return view_by_rules(self.snapshot, opportunity=rule)


def id_of(kind: str, number: int) -> str:
    return str(UUID(md5(f"{kind} {number}".encode(), usedforsecurity=False).hexdigest()))


@pytest.fixture(scope="module")
def deals(databases: Databases) -> Iterator[Deals]:
    with databases.clone(deals_template(databases)) as dsn:
        for served in serve(dsn):
            yield Deals(served, dsn)


PAGES = {
    "by an indexed order": "{ opportunities(first: 20, orderBy: [{createdAt: DESC}]) { edges { node { id } } } }",
    "by id": "{ opportunities(first: 20) { edges { node { id } } } }",
    "beside a filter": "{ opportunities(first: 20, orderBy: [{createdAt: DESC}], filter: {stage: {eq: NEW}})"
    " { edges { node { id } } } }",
}


@pytest.mark.long
@pytest.mark.parametrize("text", PAGES.values(), ids=PAGES)
@pytest.mark.parametrize("number", PRINCIPALS.values(), ids=PRINCIPALS)
@pytest.mark.parametrize("rule", [MINE, MINE["or"][1]], ids=["own or of a team", "of a team"])
def test_a_page(deals: Deals, rule: Any, number: int, text: str) -> None:
    for mode in MODES:
        found = deals.explain(rule, number, text, mode)
        assert "Seq Scan" not in scans(found)
        assert read_buffers(found) < 2_500, (mode, read_buffers(found))


@pytest.mark.parametrize("text", PAGES.values(), ids=PAGES)
@pytest.mark.parametrize("number", PRINCIPALS.values(), ids=PRINCIPALS)
def test_a_page_of_ones_own(deals: Deals, number: int, text: str) -> None:
    """An index finds the records of each owner, and a kept plan takes them for few: half of all would be sorted."""
    for mode in MODES:
        found = deals.explain(MINE["or"][0], number, text, mode)
        assert "Seq Scan" not in scans(found)
        assert read_buffers(found) < 700, (mode, read_buffers(found))


COUNTS = {
    "count": "{ opportunities { totalCount } }",
    "aggregate": "{ opportunitiesAggregate { sum { amount } } }",
    "groups": "{ opportunitiesGroupBy(groupBy: [{stage: true}]) { count } }",
}


@pytest.mark.parametrize("text", COUNTS.values(), ids=COUNTS)
@pytest.mark.parametrize("rule", [MINE, MINE["or"][1]], ids=["own or of a team", "of a team"])
def test_a_total_reads_the_records_of_the_principal_alone(deals: Deals, rule: Any, text: str) -> None:
    for mode in MODES:
        assert read_buffers(deals.explain(rule, FEW, text, mode)) < 600
        assert read_buffers(deals.explain(rule, NOBODY, text, mode)) < 30
        for number in (OWNING, TEAMED):
            # Each company of a team is looked up once, each record at most once by an index, or all by one scan.
            found = deals.explain(rule, number, text, mode)
            assert read_buffers(found) < 70_000, (mode, read_buffers(found))
            inner = [one for one in found if one.get("Relation Name") == "company" and one["Actual Loops"]]
            assert sum(one["Actual Loops"] for one in inner) <= 5_003


GOLDEN = Path(__file__).parents[2] / "golden" / "rule_plans.json"
"""The plans of three reads: the nodes of tables and indexes that are run, and the blocks that these look at."""


def test_the_golden_plans(deals: Deals, request: pytest.FixtureRequest) -> None:
    by_id = f'{{ opportunity(id: "{id_of("opportunity", 77)}") {{ id }} }}'
    texts = {"count": COUNTS["count"], "page": PAGES["by an indexed order"], "by id": by_id}
    found = {
        f"{name}, {reader}, {mode}": _plan(deals.explain(MINE, number, text, mode))
        for name, text in texts.items()
        for reader, number in PRINCIPALS.items()
        for mode in MODES
    }
    if request.config.getoption("--update-golden"):
        GOLDEN.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")
    golden = json.loads(GOLDEN.read_text(encoding="utf-8"))
    assert {cell: plan["reads"] for cell, plan in found.items()} == {
        cell: plan["reads"] for cell, plan in golden.items()
    }
    # A few blocks more or less are those of pages that are split otherwise.
    assert {cell: plan["buffers"] for cell, plan in found.items()} == {
        cell: pytest.approx(plan["buffers"], rel=0.1, abs=5) for cell, plan in golden.items()
    }


def _plan(found: list[dict[str, Any]]) -> dict[str, Any]:
    reads = {
        f"{node['Node Type']} {node.get('Index Name') or node['Relation Name']}"
        for node in found
        if node["Actual Loops"] and ("Index Name" in node or "Relation Name" in node)
    }
    return {"buffers": read_buffers(found), "reads": sorted(reads)}


@pytest.mark.parametrize("number", PRINCIPALS.values(), ids=PRINCIPALS)
def test_one_record_by_id_asks_about_itself_alone(deals: Deals, number: int) -> None:
    text = f'{{ opportunity(id: "{id_of("opportunity", 77)}") {{ id }} }}'
    for mode in MODES:
        found = deals.explain(MINE, number, text, mode)
        assert read_buffers(found) < 25, (mode, read_buffers(found))


@pytest.mark.parametrize("number", PRINCIPALS.values(), ids=PRINCIPALS)
def test_records_of_others_ask_about_themselves(deals: Deals, number: int) -> None:
    text = (
        "{ companies(first: 50) { edges { node { opportunities(first: 5) { totalCount edges { node { id } } } } } } }"
    )
    for mode in MODES:
        found = deals.explain(MINE, number, text, mode)
        assert "Seq Scan" not in scans(found)
        assert read_buffers(found) < 5_000, (mode, read_buffers(found))


@pytest.mark.parametrize("number", PRINCIPALS.values(), ids=PRINCIPALS)
def test_a_filter_by_restricted_records(deals: Deals, number: int) -> None:
    text = "{ companies(first: 20, filter: {opportunities: {some: {amount: {gt: 500}}}}) { edges { node { id } } } }"
    for mode in MODES:
        found = deals.explain(MINE, number, text, mode)
        assert read_buffers(found) < 12_000, (mode, read_buffers(found))


def test_all_principals_share_a_plan(deals: Deals) -> None:
    texts = set()
    for number in PRINCIPALS.values():
        claims = {"userId": id_of("person", number)}
        plan, _ = plan_as(deals.seen(MINE), claims, PAGES["by an indexed order"])
        assert plan.statement is not None
        texts.add(plan.statement.statement.text)
    assert len(texts) == 1
