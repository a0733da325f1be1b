"""Two databases that differ only in records that a role may not read are the same to it, to the statements sent."""

import random
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any
from uuid import UUID

import httpx
import psycopg
import pytest
from hypothesis import assume, given, note
from hypothesis import strategies as st
from psycopg import sql
from psycopg.types.json import Jsonb

from fieldstone.engine.schema.lazy import lazy_schema
from fieldstone.metadata.access.view import view_of
from fieldstone.metadata.json_text import dumps
from fieldstone.metadata.model import Field, Object, Snapshot
from fieldstone.sql.ddl.names import table_sql
from fieldstone.sql.types import SqlType
from tests.apis import serve
from tests.databases import Databases
from tests.engine.access.bench import Bench, ask_role
from tests.engine.access.calling import RoleCaller
from tests.engine.access.clone import Clone
from tests.engine.access.read_bench import QUERIES
from tests.engine.server.conftest import StartApp
from tests.operations import examples, queries
from tests.reference_roles import RoleReference
from tests.reference_values import Rows
from tests.role_strategies import DrawnRole, roles
from tests.specimens import specimen_template, values_of

pytestmark = pytest.mark.long

_OWN_HEADERS = {"date", "x-request-id"}
_MORE = sql.SQL("INSERT INTO {table} SELECT (jsonb_populate_record(r, %s)).* FROM {table} AS r WHERE id = %s")


@dataclass
class Disturbed:
    """The records of a database in which those that a role may not read are others.

    Attributes:
        changed: those with other cells.
        added: the ids and addresses of copies, by the records that they are copied from.
    """

    rows: dict[UUID, dict[str, Any]] = field(default_factory=dict)
    changed: list[tuple[Object, str]] = field(default_factory=list)
    added: list[tuple[Object, str, dict[str, str]]] = field(default_factory=list)


@pytest.fixture(scope="module")
def benches(databases: Databases) -> Iterator[tuple[Bench, Bench, Clone]]:
    template = specimen_template(databases)
    with databases.clone(template) as one, databases.clone(template) as other:
        for first in serve(one):
            for second in serve(other):
                yield Bench(first, one), Bench(second, other), Clone(other, first.snapshot())


@pytest.fixture
def callers(start_app: StartApp, databases: Databases) -> Iterator[tuple[RoleCaller, RoleCaller, Clone]]:
    template = specimen_template(databases)
    with databases.clone(template) as one, databases.clone(template) as other, ExitStack() as stack:
        first, second = RoleCaller(start_app, one), RoleCaller(start_app, other)
        stack.callback(first.close)
        stack.callback(second.close)
        yield first, second, Clone(other, second.snapshot)


@given(data=st.data())
@examples(60)
def test_unreadable_records_change_nothing(benches: tuple[Bench, Bench, Clone], data: st.DataObject) -> None:
    one, other, clone = benches
    drawn, snapshot, disturbed = _draw(one, data)
    schema = lazy_schema(view_of(snapshot, drawn.role.id))
    assume(schema.query_type is not None and schema.query_type.fields)
    asked = [data.draw(queries(schema, one.ids)).write(lift=True) for _ in range(2)]
    asked.append((data.draw(st.sampled_from([*QUERIES.values()])), {}))
    note(str(asked))
    with clone.changed(partial(_write, disturbed)):
        for text, variables in asked:
            told = [_told(bench, drawn, snapshot, text, variables) for bench in (one, other)]
            assert told[0] == told[1]


@given(data=st.data())
@examples(8)
def test_unreadable_records_change_no_response(
    callers: tuple[RoleCaller, RoleCaller, Clone], data: st.DataObject
) -> None:
    one, other, clone = callers
    drawn, snapshot, disturbed = _draw(one, data)
    view = view_of(snapshot, drawn.role.id)
    for caller in (one, other):
        caller.act_as(drawn)
    text = data.draw(st.sampled_from([*QUERIES.values()]))
    sent: list[tuple[str, str, dict[str, str] | None]] = [("POST", "/graphql", {"query": text})]
    for name in (object_.name_plural for object_ in view.readable.values()):
        sent += [("GET", f"/rest/{name}?limit=5&depth=1", None), ("GET", f"/rest/{name}.csv", None)]
    for object_, id_ in disturbed.changed[:5]:
        change = f'mutation {{ destroy{object_.type_name}(id: "{id_}") {{ id }} }}'
        sent += [("POST", "/graphql", {"query": change}), ("GET", f"/rest/{object_.name_plural}/{id_}", None)]
    with clone.changed(partial(_write, disturbed)):
        for method, path, body in sent:
            told = [_response(caller(method, path, json=body)) for caller in (one, other)]
            assert told[0] == told[1], (method, path, body)


def _response(response: httpx.Response) -> tuple[int, bytes, list[tuple[str, str]]]:
    """A response without the headers that tell the time and the request's id."""
    told = [(name, value) for name, value in response.headers.items() if name not in _OWN_HEADERS]
    return response.status_code, response.content, told


def _draw(one: Bench | RoleCaller, data: st.DataObject) -> tuple[DrawnRole, Snapshot, Disturbed]:
    """A role, the model that has it, and other records in the place of those that the role does not read."""
    drawn = data.draw(roles(one.snapshot, one.schema, one.ids))
    snapshot = replace(one.snapshot, roles={role.id: role for role in (*drawn.parents, drawn.role)})
    view = view_of(snapshot, drawn.role.id)
    assume(view is not snapshot and view.by_singular)
    world = RoleReference(snapshot, one.rows, drawn.role, drawn.claims).world()
    chance = random.Random(data.draw(st.integers(0, 1 << 30)))  # noqa: S311 - drawn
    disturbed = _disturb(one, world, chance)
    assume(disturbed.changed)
    # Rules see all records, so a changed one may let others in.
    assume(RoleReference(snapshot, disturbed.rows, drawn.role, drawn.claims).world() == world)
    changed = [(object_.name_singular, id_) for object_, id_ in disturbed.changed]
    added = [(object_.name_singular, id_) for object_, id_, _ in disturbed.added]
    note(f"{drawn}\n{changed}\n{added}")
    return drawn, snapshot, disturbed


def _told(bench: Bench, drawn: Any, snapshot: Any, text: str, variables: Any) -> tuple[Any, ...]:
    """All that a client could learn of an answer: its bytes, its statements, and the plans that were made."""
    log = bench.served.apis.database.log
    log.steps.clear()
    misses = bench.core.compiler.plans.counters.misses
    answer = ask_role(bench, drawn, snapshot, text, variables)
    return answer.body, answer.status, log.texts, bench.core.compiler.plans.counters.misses - misses


def _disturb(bench: Bench | RoleCaller, world: Rows, chance: random.Random) -> Disturbed:
    """Other records in the place of some that the role may not read, deleted or not, and more of them."""
    found = Disturbed()
    for object_ in bench.snapshot.objects.values():
        rows: dict[str, Any] = dict(bench.rows[object_.id])
        hidden = [id_ for id_ in bench.rows[object_.id] if id_ not in world[object_.id]]
        for id_ in chance.sample(hidden, min(len(hidden), 5)):
            rows[id_] = dict(rows[id_])
            for one in _changeable(object_):
                _change_cells(one, rows[id_], chance)
            found.changed.append((object_, id_))
        for id_ in chance.sample(hidden, min(len(hidden), 2)):
            new = str(UUID(int=chance.getrandbits(128)))
            own = {one.column: f"{new}@x.org" for one in object_.by_name.values() if one.is_unique} | {"id": new}
            rows[new] = {**bench.rows[object_.id][id_], **own}
            found.added.append((object_, id_, own))
        found.rows[object_.id] = rows
    return found


def _changeable(object_: Object) -> list[Field]:
    return [one for one in object_.by_name.values() if one.parts and not one.is_unique and one.name != "id"]


def _change_cells(field_: Field, row: Any, chance: random.Random) -> None:
    if field_.relation_id:
        row[field_.parts[0].column.name] = None
        return
    is_empty = field_.name == "deletedAt" and chance.random() < 0.5
    for part in field_.parts:
        row[part.column.name] = None if is_empty else chance.choice(values_of(part))


def _write(disturbed: Disturbed, connection: psycopg.Connection[Any]) -> None:
    for object_, id_, own in disturbed.added:
        connection.execute(_MORE.format(table=table_sql(object_.table)), (Jsonb(own), id_))
    for object_, id_ in disturbed.changed:
        row = disturbed.rows[object_.id][id_]
        parts = [part for one in _changeable(object_) for part in one.parts]
        cells = sql.SQL(",").join(
            sql.SQL("{} = {}").format(sql.Identifier(part.column.name), sql.Placeholder()) for part in parts
        )
        values = [
            Jsonb(value, dumps) if part.column.type is SqlType.JSONB and value is not None else value
            for part in parts
            for value in [row[part.column.name]]
        ]
        connection.execute(
            sql.SQL("UPDATE {} SET {} WHERE id = %s").format(table_sql(object_.table), cells), [*values, id_]
        )
