"""The SQL views of any role have the records and cells that the oracle says the role may read, and no others."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import psycopg
import pytest
from hypothesis import assume, given, note
from hypothesis import strategies as st

from fieldstone.engine.planner.access.view_rules import compile_view_rules
from fieldstone.metadata.json_text import loads
from fieldstone.metadata.sql_views.definition import SqlSchema, SqlView, build_views
from fieldstone.sql.identifiers import quote_table
from tests.apis import serve
from tests.databases import Databases
from tests.engine.access.bench import Bench
from tests.operations import examples
from tests.reference import plain
from tests.reference_roles import RoleReference
from tests.role_strategies import roles
from tests.specimens import specimen_template

pytestmark = pytest.mark.long

SCHEMA = "any_views"


@pytest.fixture(scope="module")
def bench(databases: Databases) -> Iterator[Bench]:
    with databases.clone(specimen_template(databases)) as dsn:
        for served in serve(dsn):
            yield Bench(served, dsn)


@pytest.fixture(scope="module")
def connection(bench: Bench) -> Iterator[psycopg.Connection[Any]]:
    with psycopg.connect(bench.dsn) as opened:
        psycopg.types.json.set_json_loads(loads, opened)
        opened.execute(f"CREATE SCHEMA {SCHEMA}")
        opened.commit()
        yield opened


@given(data=st.data())
@examples(30)
def test_any_view_of_any_role(bench: Bench, connection: psycopg.Connection[Any], data: st.DataObject) -> None:
    drawn = data.draw(roles(bench.snapshot, bench.schema, bench.ids))
    known = {role.id: role for role in (*drawn.parents, drawn.role)}
    snapshot = replace(bench.snapshot, roles=known)
    schema = SqlSchema(name=SCHEMA, role_id=drawn.role.id, snake_case=False, claims=drawn.claims, logins=())
    built = list(build_views(snapshot, schema, compile_view_rules))
    assume(any(view.rules is not None for view in built))
    note(f"{drawn}")
    world = RoleReference(snapshot, bench.rows, drawn.role, drawn.claims).world()
    views = {view.table: view for view in built}
    try:
        for object_ in snapshot.objects.values():
            live = object_.deleted_at
            expected = {key: row for key, row in world[object_.id].items() if live is None or row[live.name] is None}
            view = views.get(object_.table)
            if view is None:
                assert not expected
                continue
            found = read(connection, view)
            assert found == {
                key: {column.name: row[column.column.name] for column in view.columns} for key, row in expected.items()
            }
    finally:
        connection.rollback()


def read(connection: psycopg.Connection[Any], view: SqlView) -> dict[str, dict[str, Any]]:
    """The records of a view that is made for this, by id."""
    for statement in view.create():
        connection.execute(statement)
    cursor = connection.execute(f"SELECT * FROM {quote_table(view.view)}".encode())  # noqa: S608 - the name is quoted
    names = [column.name for column in cursor.description or ()]
    rows = [dict(zip(names, map(plain, values), strict=True)) for values in cursor.fetchall()]
    return {row["id"]: row for row in rows}
