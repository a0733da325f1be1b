"""Two databases that differ only in records that a role may not read are the same to it, to the statements sent."""

import copy
import random
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import psycopg
import pytest
from hypothesis import assume, given, note
from hypothesis import strategies as st
from psycopg import sql
from psycopg.types.json import Jsonb

from fieldstone.metadata.access.view import view_of
from fieldstone.metadata.json_text import dumps
from fieldstone.metadata.model import Field, Object
from fieldstone.sql.types import SqlType
from tests.apis import serve
from tests.databases import Databases
from tests.eager_schema import eager_schema
from tests.engine.access.bench import Bench, ask_role
from tests.operations import examples, queries
from tests.reference_roles import RoleReference
from tests.reference_values import Rows
from tests.role_strategies import roles
from tests.specimens import specimen_template, values_of


@pytest.fixture(scope="module")
def benches(databases: Databases) -> Iterator[tuple[Bench, Bench]]:
    template = specimen_template(databases)
    with databases.clone(template) as one, databases.clone(template) as other:
        for first in serve(one):
            for second in serve(other):
                yield Bench(first, one), Bench(second, other)


@given(data=st.data())
@examples(60)
def test_unreadable_records_change_nothing(benches: tuple[Bench, Bench], data: st.DataObject) -> None:
    one, other = benches
    drawn = data.draw(roles(one.snapshot, one.schema, one.ids))
    snapshot = replace(one.snapshot, roles={role.id: role for role in (*drawn.parents, drawn.role)})
    view = view_of(snapshot, drawn.role.id)
    assume(view is not snapshot and view.by_singular)
    reference = RoleReference(snapshot, one.rows, drawn.role, drawn.claims)
    world = reference.world()
    chance = random.Random(data.draw(st.integers(0, 1 << 30)))  # noqa: S311 - drawn
    disturbed, changed = _disturb(one, reference, chance)
    assume(changed)
    # Rules see all records, so a changed one may let others in.
    assume(RoleReference(snapshot, disturbed, drawn.role, drawn.claims).world() == world)
    schema = eager_schema(view)
    assume(schema.query_type is not None and schema.query_type.fields)
    text, variables = data.draw(queries(schema, one.ids)).write(lift=True)
    note(f"{drawn}\n{text}\n{variables}\n{changed}")
    _write(other, disturbed, changed)
    try:
        told = [_told(bench, drawn, snapshot, text, variables) for bench in benches]
    finally:
        _write(other, one.rows, changed)
    assert told[0] == told[1]


def _told(bench: Bench, drawn: Any, snapshot: Any, text: str, variables: Any) -> tuple[Any, ...]:
    """All that a client could learn of an answer: its bytes, its statements, and the plans that were made."""
    log = bench.served.apis.database.log
    log.steps.clear()
    misses = bench.core.compiler.plans.counters.misses
    answer = ask_role(bench, drawn, snapshot, text, variables)
    return answer.body, answer.status, log.texts, bench.core.compiler.plans.counters.misses - misses


def _disturb(bench: Bench, reference: RoleReference, chance: random.Random) -> tuple[Rows, list[tuple[Object, str]]]:
    """Other records in the place of some that the role may not read; deleted ones stay deleted."""
    rows = copy.deepcopy(bench.rows)
    changed = []
    for object_ in bench.snapshot.objects.values():
        hidden = [id_ for id_, row in bench.rows[object_.id].items() if not reference.reads(object_, row)]
        for id_ in chance.sample(hidden, min(len(hidden), 5)):
            for field in object_.by_name.values():
                _change_cells(field, rows[object_.id][id_], chance)
            changed.append((object_, id_))
    return rows, changed


def _change_cells(field: Field, row: Any, chance: random.Random) -> None:
    if field.is_unique or field.relation_id or field.name in {"id", "deletedAt"}:
        return
    for part in field.parts:
        row[part.column.name] = chance.choice(values_of(part))


def _write(bench: Bench, rows: Rows, changed: list[tuple[Object, str]]) -> None:
    with psycopg.connect(bench.dsn) as connection:
        for object_, id_ in changed:
            row = rows[object_.id][id_]
            parts = [
                part
                for field in object_.by_name.values()
                if not (field.is_unique or field.relation_id or field.name in {"id", "deletedAt"})
                for part in field.parts
            ]
            assigned = sql.SQL(",").join(
                sql.SQL("{} = {}").format(sql.Identifier(part.column.name), sql.Placeholder()) for part in parts
            )
            table = sql.Identifier(object_.table.schema, object_.table.name)
            values = [
                Jsonb(value, dumps) if part.column.type is SqlType.JSONB and value is not None else value
                for part in parts
                for value in [row[part.column.name]]
            ]
            connection.execute(sql.SQL("UPDATE {} SET {} WHERE id = %s").format(table, assigned), [*values, id_])
