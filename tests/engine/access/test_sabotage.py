"""Each place where a read holds to a role's rules is needed: without it, one of these queries has another answer."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest

from fieldstone.engine.planner import context as planning
from fieldstone.engine.planner.reads import filters
from fieldstone.metadata.access.rules import store_filter
from fieldstone.metadata.model import Snapshot
from fieldstone.metadata.roles.object_access import ObjectAccess
from fieldstone.metadata.roles.role import Fields, Way
from fieldstone.sql.errors import StaleSchema
from fieldstone.sql.plan.elements import And
from tests.apis import Served, serve
from tests.databases import Databases
from tests.reference import Reference, load_rows
from tests.reference_access import DrawnRole, ReadRight, readable_rows, with_guards
from tests.reference_values import agree
from tests.specimens import specimen_template
from tests.views import ask_as, view

GUARDED = ("city", "jobTitle", "company")


class Bench:
    """A role that reads every second live record of each object, and every third person without some fields."""

    def __init__(self, served: Served, dsn: str) -> None:
        self.served = served
        self.snapshot = served.snapshot()
        self.rows = load_rows(dsn, self.snapshot)
        claims: dict[str, Any] = {}
        ways: dict[str, list[tuple[Any, frozenset[Any]]]] = {}
        for name, object_ in self.snapshot.by_singular.items():
            ids = sorted(self.rows[object_.id])
            claims |= {name: ids[::2], f"{name}More": ids[::3]}
            left_out = frozenset(object_.by_name[one].id for one in GUARDED) if name == "person" else frozenset()
            ways[name] = [
                ({"id": {"in": f"$principal.{name}"}}, frozenset()),
                ({"id": {"in": f"$principal.{name}More"}}, left_out),
            ]
        self.role = DrawnRole(
            reads={
                self.snapshot.by_singular[name].id: ReadRight(ways=found, reads_deleted=False)
                for name, found in ways.items()
            },
            claims=claims,
        )
        guards = with_guards(self.snapshot, self.role)
        self.reference = Reference(guards, readable_rows(self.snapshot, self.rows, self.role))

    @property
    def seen(self) -> Snapshot:
        """The snapshot as the role sees it."""
        rights = {}
        for id_, right in self.role.reads.items():
            object_ = self.snapshot.objects[id_]
            rights[id_] = ObjectAccess(
                read=tuple(
                    Way(rule=store_filter(self.snapshot, object_, rule), fields=Fields(ids=ids))
                    for rule, ids in right.ways
                ),
                aggregates=True,
            )
        return view(self.snapshot, rights)

    def ask(self, text: str) -> Any:
        """The role's answer."""
        return self.served.run(ask_as(self.served.apis.database, self.seen, self.role.claims, text))

    def unread(self, name: str) -> str:
        """The id of a live record that the role does not read."""
        object_ = self.snapshot.by_singular[name]
        assert object_.deleted_at is not None
        readable = {*self.role.claims[name], *self.role.claims[f"{name}More"]}
        found = self.rows[object_.id].items()
        return next(id_ for id_, row in found if id_ not in readable and row[object_.deleted_at.name] is None)


@pytest.fixture(scope="module")
def bench(databases: Databases) -> Iterator[Bench]:
    with databases.clone(specimen_template(databases)) as dsn:
        for served in serve(dsn):
            yield Bench(served, dsn)


PAGE = "{ totalCount edges { node { id } } }"
QUERIES = {
    "a page": f"{{ opportunities {PAGE} }}",
    "an aggregate": "{ opportunitiesAggregate { count max { amount } } }",
    "groups": "{ opportunitiesGroupBy(groupBy: [{stage: true}]) { count } }",
    "deleted records": f"{{ people(filter: {{deletedAt: {{is: NOT_NULL}}}}) {PAGE} }}",
    "the first under a filter": '{ opportunity(filter: {id: {eq: "UNREAD opportunity"}}) { id } }',
    "by id": '{ opportunity(id: "UNREAD opportunity") { id } }',
    "to one": "{ opportunities { edges { node { id company { id name } person { id city } } } } }",
    "to many": "{ companies { edges { node { id opportunities { totalCount } } } } }",
    "by a record": f"{{ opportunities(filter: {{company: {{id: {{is: NOT_NULL}}}}}}) {PAGE} }}",
    "by the presence of a record": f"{{ opportunities(filter: {{company: {{is: NULL}}}}) {PAGE} }}",
    "by some": f"{{ companies(filter: {{opportunities: {{some: {{}}}}}}) {PAGE} }}",
    "by none": f"{{ companies(filter: {{opportunities: {{none: {{}}}}}}) {PAGE} }}",
    "by an aggregate": f"{{ companies(filter: {{opportunitiesAggregate: {{count: {{eq: 1}}}}}}) {PAGE} }}",
    "in the order of a record": "{ opportunities(orderBy: [{company: {name: ASC}}]) { edges { node { id } } } }",
    "in the order of an aggregate": "{ companies(orderBy: [{opportunitiesAggregate: {count: ASC}}])"
    " { edges { node { id } } } }",
    "groups by a record": "{ opportunitiesGroupBy(groupBy: [{company: {name: true}}])"
    " { count key { company { name } } } }",
    "guarded output": "{ people { edges { node { id city companyId company { id } } } } }",
    "guarded filter": f"{{ people(filter: {{jobTitle: {{is: NULL}}}}) {PAGE} }}",
    "guarded order": "{ people(orderBy: [{city: AscNullsFirst}]) { edges { node { id } } } }",
    "guarded aggregate": "{ peopleAggregate { countEmpty { city jobTitle companyId } } }",
    "guarded groups": "{ peopleGroupBy(groupBy: [{city: true}]) { count } }",
    "linked by a guarded key": "{ companies { edges { node { id people { totalCount } } } } }",
    "by guarded fields of a record": f"{{ opportunities(filter: {{person: {{city: {{is: NULL}}}}}}) {PAGE} }}",
    "by guarded fields of records": f"{{ companies(filter: {{people: {{some: {{city: {{is: NULL}}}}}}}}) {PAGE} }}",
    "in the order of a guarded field": "{ opportunities(orderBy: [{person: {city: AscNullsFirst}}])"
    " { edges { node { id } } } }",
    "the first by a guarded field": "{ person(filter: {city: {is: NOT_NULL}}) { id city } }",
}


def text_of(bench: Bench, name: str) -> str:
    text = QUERIES[name]
    for kind in ("opportunity", "person"):
        text = text.replace(f"UNREAD {kind}", bench.unread(kind))
    return text


@pytest.mark.parametrize("name", QUERIES)
def test_the_answer_is_that_of_the_records_that_the_role_reads(bench: Bench, name: str) -> None:
    text = text_of(bench, name)
    actual, expected = bench.ask(text), bench.reference.ask(text)
    assert agree(actual["data"], expected["data"]), f"{actual}\n{expected}"


READS = "fieldstone.engine.planner.reads"


def lift_object(real: Callable[..., Any]) -> Callable[..., Any]:
    return lambda context, object_, *more, **options: real(context, object_.whole, *more, **options)


def lift_end(real: Callable[..., Any]) -> Callable[..., Any]:
    return lambda context, end, *more, **options: real(context, replace(end, target=end.target.whole), *more, **options)


def lift_guards(real: Callable[..., Any]) -> Callable[..., Any]:
    def read(context: Any, object_: Any) -> Any:
        table = real(context, object_)
        return replace(table, cells=tuple(replace(cell, guard=And(terms=())) for cell in table.cells))

    return read


SABOTAGE: dict[str, tuple[str, Callable[..., Any]]] = {
    "pages": (f"{READS}.selection.select_condition", lift_object(filters.select_condition)),
    "aggregates": (f"{READS}.aggregates.select_condition", lift_object(filters.select_condition)),
    "groups": (f"{READS}.grouping.groups.select_condition", lift_object(filters.select_condition)),
    "one record by id": (f"{READS}.queries.select_condition", lift_object(filters.select_condition)),
    "the first record": (f"{READS}.queries.visible", lift_object(planning.visible)),
    "records by a to-one relation": (f"{READS}.selection.hop_over", lift_end(planning.hop_over)),
    "filters over a to-one relation": (f"{READS}.filters.hop_over", lift_end(planning.hop_over)),
    "filters over a to-many relation": (f"{READS}.filters.linked_records", lift_end(filters.linked_records)),
    "orders over a to-one relation": (f"{READS}.orders.hop_over", lift_end(planning.hop_over)),
    "orders by aggregates": (f"{READS}.orders.linked_records", lift_end(filters.linked_records)),
    "groups over a relation": (f"{READS}.grouping.dimensions.hop_over", lift_end(planning.hop_over)),
    "guards of pages": (f"{READS}.selection.readable", lift_guards(planning.readable)),
    "guards of aggregates": (f"{READS}.aggregates.readable", lift_guards(planning.readable)),
    "guards of groups": (f"{READS}.grouping.groups.readable", lift_guards(planning.readable)),
    "guards of one record": (f"{READS}.queries.readable", lift_guards(planning.readable)),
    "guards of filters": (f"{READS}.filters.readable", lift_guards(planning.readable)),
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
