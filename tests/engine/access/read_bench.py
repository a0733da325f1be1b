"""A role that reads every second record, queries that touch each place of a read, and the oracle of their answers."""

from typing import Any

from fieldstone.metadata.access.rules import store_filter
from fieldstone.metadata.model import Snapshot
from fieldstone.metadata.roles.object_access import ObjectAccess
from fieldstone.metadata.roles.role import Fields, Way
from tests.apis import Served
from tests.reference import Reference, load_rows
from tests.reference_access import DrawnRole, ReadRight, readable_rows, with_guards
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

    @property
    def unknown(self) -> str:
        """An id that no record has."""
        return "0191d2a4-0000-7000-8000-000000000000"

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
