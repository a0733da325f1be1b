"""Any merge does as the oracle does: to the rows of all objects, and in the events that it leaves."""

import asyncio
import random
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import psycopg
import pytest
from hypothesis import given, note
from hypothesis import strategies as st
from psycopg import sql

from fieldstone.metadata.model import Object, Snapshot
from fieldstone.sql.ddl.names import table_sql
from tests.apis import Served, open_apis, serve
from tests.databases import Databases
from tests.engine.nested.writing import relate, relate_to_several
from tests.operations import examples
from tests.reference import read_state
from tests.reference_merge import NOW, merge
from tests.reference_nested import State
from tests.specimens import specimen_template

pytestmark = pytest.mark.long

OBJECTS = ("company", "person", "opportunity", "specimen")


class Bench:
    """The engine over awkward records that are related in every way, and the way back to them."""

    def __init__(self, served: Served, connection: psycopg.Connection) -> None:
        self.served = served
        self.connection = connection
        self.snapshot = served.snapshot()
        with connection.transaction():
            _link(connection, self.snapshot)
            connection.execute("CREATE SCHEMA kept")
            for object_ in self.snapshot.objects.values():
                name = sql.Identifier(object_.table.name)
                connection.execute(
                    sql.SQL("CREATE TABLE kept.{} AS SELECT * FROM {}").format(name, table_sql(object_.table))
                )
        self.state = self.load()

    def load(self) -> State:
        """The rows at present."""
        return read_state(self.connection, self.snapshot)

    def reset(self) -> None:
        """Bring the records back, and take the events away."""
        objects = self.snapshot.objects.values()
        with self.connection.transaction():
            tables = sql.SQL(",").join([table_sql(object_.table) for object_ in objects])
            self.connection.execute(sql.SQL("TRUNCATE {}, fieldstone.event_staging").format(tables))
            self.connection.execute("SET LOCAL session_replication_role = replica")
            for object_ in objects:
                name = sql.Identifier(object_.table.name)
                self.connection.execute(
                    sql.SQL("INSERT INTO {} SELECT * FROM kept.{}").format(table_sql(object_.table), name)
                )

    def events(self) -> list[tuple[str, str]]:
        """The actions and the records of the last write's events."""
        return self.connection.execute("SELECT action, record_id::text FROM fieldstone.event_staging").fetchall()


def _link(connection: psycopg.Connection, snapshot: Snapshot) -> None:
    """Relate the records by all kinds of relations, with links that become the same when records are merged."""
    chance = random.Random(7)  # noqa: S311 - the same each time
    ids: dict[str, list[str]] = {}
    for name in ("company", "person", "specimen"):
        rows = connection.execute(
            sql.SQL("SELECT id::text FROM {} ORDER BY id").format(table_sql(snapshot.by_singular[name].table))
        )
        ids[name] = [id_ for (id_,) in rows]

    def set_key(name: str, column: str, row: str, value: str) -> None:
        table = table_sql(snapshot.by_singular[name].table)
        text = sql.SQL("UPDATE {} SET {} = %s WHERE id = %s").format(table, sql.Identifier(column))
        connection.execute(text, (value, row))

    for person, company in zip(ids["person"], chance.sample(ids["company"], 14), strict=False):
        set_key("person", "runsId", person, company)
    for specimen in ids["specimen"]:
        target = chance.choice(["Company", "Person", "Specimen", ""])
        if target:
            set_key("specimen", f"owner{target}Id", specimen, chance.choice(ids[target.lower()]))
    for name, ends in (("companyPerson", ("companyId", "personId")), ("personPerson", ("personId", "otherPersonId"))):
        columns = sql.SQL(",").join(map(sql.Identifier, (*ends, "deletedAt")))
        targets = [ids["company" if end == "companyId" else "person"] for end in ends]
        for _ in range(90):
            values = [*map(chance.choice, targets), "2024-01-01Z" if chance.random() < 0.2 else None]
            text = sql.SQL("INSERT INTO {} (id, {}) VALUES (gen_random_uuid(), %s, %s, %s) ON CONFLICT DO NOTHING")
            connection.execute(text.format(table_sql(snapshot.by_singular[name].table), columns), values)


async def _make(dsn: str) -> None:
    async with open_apis(dsn) as apis:
        await relate(apis, "person", "runs", "company", "boss", type="ONE_TO_ONE")
        await relate(apis, "company", "advisers", "person", "advises", type="MANY_TO_MANY")
        await relate(apis, "person", "friends", "person", "befriended", type="MANY_TO_MANY")
        await relate_to_several(apis, "specimen", "owner", ("company", "person", "specimen"))


@pytest.fixture(scope="module")
def bench(databases: Databases) -> Iterator[Bench]:
    template = databases.template("merging", lambda dsn: asyncio.run(_make(dsn)), base=specimen_template(databases))
    with databases.clone(template) as dsn, psycopg.connect(dsn, autocommit=True) as connection:
        for served in serve(dsn):
            yield Bench(served, connection)


@given(data=st.data())
@examples(40)
def test_any_merge(bench: Bench, data: st.DataObject) -> None:
    object_ = bench.snapshot.by_singular[data.draw(st.sampled_from(OBJECTS))]
    live = sorted(id_ for id_, row in bench.state[object_.id].items() if not row["deletedAt"])
    ids = data.draw(st.lists(st.sampled_from(live), min_size=2, max_size=9, unique=True))
    place = data.draw(st.integers(0, len(ids) - 1))
    note(f"{object_.name_singular} {ids} {place}")
    expected = merge(bench.snapshot, bench.state, object_, ids, ids[place])
    root = f"merge{object_.name_plural[0].upper()}{object_.name_plural[1:]}"
    text = (
        f"mutation ($ids: [UUID!]!, $place: Int!, $dry: Boolean) {{ {root}(ids: $ids, conflictPriorityIndex: $place,"
        f" dryRun: $dry) {{ id {' '.join(_shown(object_))} }} }}"
    )
    bench.reset()
    dry = bench.served.ask(text, {"ids": ids, "place": place, "dry": True})
    assert bench.events() == []
    assert bench.load() == bench.state
    answer = bench.served.ask(text, {"ids": ids, "place": place})
    assert answer == dry
    assert "errors" not in answer, answer
    assert answer["data"][root]["id"] == ids[place]
    after = bench.load()
    assert _told(after) == _told(expected)
    changed = {
        id_: "deleted" if row["deletedAt"] == NOW else "updated"
        for object_id, rows in expected.items()
        for id_, row in rows.items()
        if row != bench.state[object_id][id_] or id_ == ids[place]
    }
    events = bench.events()
    assert sorted(events) == sorted((action, id_) for id_, action in changed.items())


def _shown(object_: Object) -> list[str]:
    plain = (field for field in object_.by_name.values() if field.relation_id is None and len(field.parts) == 1)
    return [field.name for field in plain if field.name != "updatedAt"]


def _told(state: State) -> dict[UUID, dict[str, Any]]:
    """The rows short of the times at which they were changed."""
    return {
        object_id: {
            id_: {**row, "updatedAt": None, "deletedAt": row["deletedAt"] is not None} for id_, row in rows.items()
        }
        for object_id, rows in state.items()
    }
