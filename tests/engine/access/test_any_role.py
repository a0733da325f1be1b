"""A role's answer is that which all get where the rows that it may not read are deleted."""

from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest
from graphql import GraphQLSchema
from hypothesis import assume, given, note
from hypothesis import strategies as st

from fieldstone.metadata.access.rules import store_filter
from fieldstone.metadata.model import Object, Snapshot
from fieldstone.metadata.roles.object_access import ObjectAccess
from fieldstone.metadata.roles.role import WHOLLY, Fields, Way
from tests.apis import Served, serve
from tests.databases import Databases
from tests.drawn_roles import roles
from tests.eager_schema import eager_schema
from tests.operation_writer import Operation
from tests.operations import examples, queries
from tests.reference import Reference, load_rows
from tests.reference_access import DrawnRole, readable_rows, with_guards
from tests.reference_values import agree
from tests.specimens import specimen_template
from tests.views import ask_as, view


class Bench:
    """The engine and the oracle over the same records."""

    def __init__(self, served: Served, dsn: str) -> None:
        self.served = served
        snapshot = served.snapshot()
        self.reference = Reference(snapshot, load_rows(dsn, snapshot))
        self.ids = sorted(id_ for rows in self.reference.rows.values() for id_ in rows)


@pytest.fixture(scope="module")
def bench(databases: Databases) -> Iterator[Bench]:
    with databases.clone(specimen_template(databases)) as dsn:
        for served in serve(dsn):
            yield Bench(served, dsn)


def seen_by(role: DrawnRole, snapshot: Snapshot) -> Snapshot:
    """The snapshot as the role sees it."""

    def way(object_: Object, rule: Any, left_out: frozenset[UUID]) -> Way:
        return Way(rule=store_filter(snapshot, object_, rule), fields=Fields(ids=left_out))

    return view(
        snapshot,
        {
            id_: ObjectAccess(
                read=tuple(way(snapshot.objects[id_], rule, left_out) for rule, left_out in right.ways),
                create=WHOLLY,
                update=WHOLLY,
                restore=WHOLLY if right.reads_deleted else (),
                aggregates=True,
            )
            for id_, right in role.reads.items()
        },
    )


@given(data=st.data())
@examples(300)
def test_any_query_of_any_role(bench: Bench, data: st.DataObject) -> None:
    role = data.draw(roles(bench.reference, bench.ids))
    check(bench, role, data.draw(queries(bench.reference.schema, bench.ids)), bench.reference.schema)


@given(data=st.data())
@examples(100)
def test_any_query_of_a_role_that_reads_fields_in_some_records(bench: Bench, data: st.DataObject) -> None:
    role = data.draw(roles(bench.reference, bench.ids, guards=True))
    schema = eager_schema(seen_by(role, bench.reference.snapshot))
    check(bench, role, data.draw(queries(schema, bench.ids)))


def check(bench: Bench, role: DrawnRole, operation: Operation, schema: GraphQLSchema | None = None) -> None:
    """Hold the engine's answer to the role against the oracle's."""
    reference = bench.reference
    text, _ = operation.write(lift=False)
    # They are for roles that read all records.
    assume("Duplicates(" not in text)
    note(f"{role}\n{text}")
    rows = readable_rows(reference.snapshot, reference.rows, role)
    expected = Reference(with_guards(reference.snapshot, role), rows, schema=schema).ask(text)
    seen = seen_by(role, reference.snapshot)
    actual = bench.served.run(ask_as(bench.served.apis.database, seen, role.claims, text))
    assert agree(actual.get("data"), expected.get("data")), f"{actual}\n{expected}"
    codes = [(error["path"], error["extensions"]["code"]) for error in actual.get("errors", ())]
    assert codes == [(error["path"], error["code"]) for error in expected.get("errors", ())]
