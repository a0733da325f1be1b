"""Any query of any role, with ways and parents, gives the oracle's answer over only the rows that the role may read."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest
from hypothesis import assume, given, note
from hypothesis import strategies as st

from fieldstone.metadata.access.view import view_of
from fieldstone.metadata.json_text import loads
from fieldstone.metadata.model import Snapshot
from tests.apis import serve
from tests.databases import Databases
from tests.engine.access.bench import Bench, ask_role
from tests.operations import examples, queries
from tests.reference import Reference
from tests.reference_roles import RoleReference
from tests.reference_values import Rows, agree
from tests.role_strategies import roles
from tests.specimens import specimen_template

pytestmark = pytest.mark.long


@pytest.fixture(scope="module")
def bench(databases: Databases) -> Iterator[Bench]:
    with databases.clone(specimen_template(databases)) as dsn:
        for served in serve(dsn):
            yield Bench(served, dsn)


@given(data=st.data())
@examples(300)
def test_any_query_of_any_role(bench: Bench, data: st.DataObject) -> None:
    drawn = data.draw(roles(bench.snapshot, bench.schema, bench.ids))
    known = {role.id: role for role in (*drawn.parents, drawn.role)}
    snapshot = replace(bench.snapshot, roles=known)
    view = view_of(snapshot, drawn.role.id)
    assume(view.by_singular)
    world = RoleReference(snapshot, bench.rows, drawn.role, drawn.claims).world()
    reference = Reference(view, with_guarded_columns(view, world))
    assume(reference.schema.query_type is not None and reference.schema.query_type.fields)
    text, variables = data.draw(queries(reference.schema, bench.ids)).write(lift=True)
    note(f"{drawn}\n{text}\n{variables}")
    expected = reference.ask(text, variables)
    actual = loads(ask_role(bench, drawn, snapshot, text, variables).body)
    assert agree(actual.get("data"), expected.get("data")), f"{actual}\n{expected}"
    refused = [(error["path"], error["extensions"]["code"]) for error in actual.get("errors", ())]
    assert refused == [(error["path"], error["code"]) for error in expected.get("errors", ())]


def with_guarded_columns(view: Snapshot, world: Rows) -> Rows:
    """The records with their cells under the names too that the view has for columns which some records hide."""
    found: dict[UUID, Any] = {}
    for id_, object_ in view.objects.items():
        names = {
            part.column.name: plain.column.name
            for name, field in object_.by_name.items()
            for part, plain in zip(field.parts, object_.active[name].parts, strict=True)
            if part.column.name != plain.column.name
        }
        found[id_] = {
            key: {**row, **{name: row[plain] for name, plain in names.items()}} for key, row in world[id_].items()
        }
    return found
