"""Each place where a read holds to a role's rules is needed: without it, one of these queries has another answer."""

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from fieldstone.engine.planner import context as planning
from fieldstone.engine.planner.reads.filters import conditions
from fieldstone.metadata.json_text import dumps
from fieldstone.sql.errors import StaleSchema
from tests.apis import serve
from tests.databases import Databases
from tests.engine.access.lifting import lift_end, lift_guards, lift_object
from tests.engine.access.read_bench import QUERIES, Bench, text_of
from tests.reference_values import agree
from tests.specimens import specimen_template
from tests.views import ask_as


@pytest.fixture(scope="module")
def bench(databases: Databases) -> Iterator[Bench]:
    with databases.clone(specimen_template(databases)) as dsn:
        for served in serve(dsn):
            yield Bench(served, dsn)


@pytest.mark.parametrize("name", QUERIES)
def test_the_answer_is_that_of_the_records_that_the_role_reads(bench: Bench, name: str) -> None:
    text = text_of(bench, name)
    actual, expected = bench.ask(text), bench.reference.ask(text)
    assert agree(actual["data"], expected["data"]), f"{actual}\n{expected}"


@pytest.mark.parametrize(
    "arguments",
    [
        "people(orderBy: [{city: ASC}], filter: {city: {is: NOT_NULL}})",
        "people(orderBy: [{company: {name: ASC}}], filter: {company: {name: {is: NOT_NULL}}})",
        "people(distinctOn: [city], orderBy: [{city: ASC}, {id: ASC}], filter: {city: {is: NOT_NULL}})",
        "opportunities(orderBy: [{person: {city: ASC}}], filter: {person: {city: {is: NOT_NULL}}})",
        "peopleGroupBy(groupBy: [{lastName: true}], orderBy: [{max: {city: ASC}}], filter: {city: {is: NOT_NULL}})",
    ],
)
def test_a_cursor_does_not_tell_that_a_field_is_read_in_some_records_only(bench: Bench, arguments: str) -> None:
    """A regression: its tag was made of the number of the cell, where that of any other role has the column."""
    inner = "{ cursor }" if "GroupBy" in arguments else "{ edges { cursor } }"
    text = f"{{ {arguments} {inner} }}"
    whole = ask_as(bench.served.apis.database, bench.snapshot, {}, text)
    assert tags_of(bench.ask(text)) == tags_of(bench.served.run(whole)) != set()


def tags_of(answer: Any) -> set[str]:
    """The tags of the cursors in an answer."""
    return {cursor[2:18] for cursor in re.findall('"cursor":"([^"]+)"', dumps(answer))}


READS = "fieldstone.engine.planner.reads"


SABOTAGE: dict[str, tuple[str, Callable[..., Any]]] = {
    "pages": (f"{READS}.selection.select_condition", lift_object(conditions.select_condition)),
    "aggregates": (f"{READS}.aggregates.select_condition", lift_object(conditions.select_condition)),
    "groups": (f"{READS}.grouping.groups.select_condition", lift_object(conditions.select_condition)),
    "one record by id": (f"{READS}.queries.select_condition", lift_object(conditions.select_condition)),
    "the first record": (f"{READS}.queries.visible", lift_object(planning.visible)),
    "records by a to-one relation": (f"{READS}.selection.hop_over", lift_end(planning.hop_over)),
    "filters over a to-one relation": (f"{READS}.filters.conditions.hop_over", lift_end(planning.hop_over)),
    "filters over a to-many relation": (
        f"{READS}.filters.conditions.linked_records",
        lift_end(conditions.linked_records),
    ),
    "orders over a to-one relation": (f"{READS}.orders.hop_over", lift_end(planning.hop_over)),
    "orders by aggregates": (f"{READS}.orders.linked_records", lift_end(conditions.linked_records)),
    "groups over a relation": (f"{READS}.grouping.dimensions.hop_over", lift_end(planning.hop_over)),
    "guards of pages": (f"{READS}.selection.readable", lift_guards(planning.readable)),
    "guards of aggregates": (f"{READS}.aggregates.readable", lift_guards(planning.readable)),
    "guards of groups": (f"{READS}.grouping.groups.readable", lift_guards(planning.readable)),
    "guards of one record": (f"{READS}.queries.readable", lift_guards(planning.readable)),
    "guards of filters": (f"{READS}.filters.conditions.readable", lift_guards(planning.readable)),
    "guards of hops": ("fieldstone.engine.planner.context.readable", lift_guards(planning.readable)),
}


@pytest.mark.parametrize("point", SABOTAGE)
def test_without_a_place_an_answer_is_wrong(bench: Bench, point: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(*SABOTAGE[point])
    assert any(is_wrong(bench, text_of(bench, name)) for name in QUERIES)


def is_wrong(bench: Bench, text: str) -> bool:
    """Whether the answer to a query is not the role's; a column that a table does not have is none, either."""
    try:
        return not agree(bench.ask(text)["data"], bench.reference.ask(text)["data"])
    except StaleSchema:
        return True
