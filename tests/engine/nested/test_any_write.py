"""Any nested write does as the oracle does: to the rows, and in the events that it leaves."""

import asyncio
from collections.abc import Iterator, Mapping
from typing import Any
from uuid import UUID, uuid5

import psycopg
import pytest
from hypothesis import assume, given, note
from hypothesis import strategies as st
from psycopg import sql

from fieldstone.metadata.field_types import FieldType
from fieldstone.metadata.model import Field, Object, Snapshot
from fieldstone.sql.ddl.names import table_sql
from tests.apis import WORKSPACE_ID, Served, open_apis, serve, workspace_template
from tests.databases import Databases
from tests.engine.nested.writing import relate, relate_to_several
from tests.nested_writes import NestedWrite, nested_writes
from tests.operations import examples
from tests.reference import read_state
from tests.reference_nested import NestedReference, Refused, State

pytestmark = pytest.mark.long

JUNCTION = "companyPerson"


class Bench:
    """The engine over some records, the oracle's state of them, and the way back to it."""

    def __init__(self, served: Served, connection: psycopg.Connection) -> None:
        self.served = served
        self.connection = connection
        self.snapshot = served.snapshot()
        self.links = _links(self.snapshot)
        self._fill()
        self.state = self.load()

    def load(self) -> State:
        """The rows at present."""
        return read_state(self.connection, self.snapshot)

    def reset(self) -> None:
        """Bring the records back, and take the events away."""
        tables = [table_sql(object_.table) for object_ in self.snapshot.objects.values()]
        with self.connection.transaction():
            self.connection.execute(sql.SQL("TRUNCATE {}, fieldstone.event_staging").format(sql.SQL(",").join(tables)))
            for object_ in self._ordered():
                self.connection.execute(
                    sql.SQL("INSERT INTO {} SELECT * FROM kept.{}").format(
                        table_sql(object_.table), sql.Identifier(object_.table.name)
                    )
                )

    def events(self) -> list[tuple[UUID, str, Any, Any]]:
        """The events of the last write."""
        cursor = self.connection.execute(
            "SELECT object_id, record_id::text, before, after FROM fieldstone.event_staging ORDER BY seq"
        )
        return cursor.fetchall()

    def _ordered(self) -> list[Object]:
        names = ("company", "person", "opportunity", "activity", JUNCTION)
        return [self.snapshot.by_singular[name] for name in names]

    def _fill(self) -> None:
        """Make some records of each object, related to each other, one of each deleted."""
        with self.connection.transaction():
            self.connection.execute("CREATE SCHEMA kept")
            ids = {
                name: [str(uuid5(WORKSPACE_ID, f"{name}{n}")) for n in range(6)] for name in self.snapshot.by_singular
            }
            for object_ in self._ordered():
                for number, id_ in enumerate(ids[object_.name_singular]):
                    self._insert(object_, number, id_, ids)
                self.connection.execute(
                    sql.SQL("CREATE TABLE kept.{} AS SELECT * FROM {}").format(
                        sql.Identifier(object_.table.name), table_sql(object_.table)
                    )
                )

    def _insert(self, object_: Object, number: int, id_: str, ids: Mapping[str, list[str]]) -> None:
        row: dict[str, Any] = {"id": id_, "deletedAt": "2024-01-01Z" if number == 5 else None}
        for one in object_.foreign_keys.values():
            target = self.snapshot.objects[self.snapshot.relations[one.relation_id or UUID(int=0)].target_object_id]
            known = ids[target.name_singular]
            if one.name == "ownerCompany":
                continue
            # Some have none; those of a one-to-one relation have one each.
            place = number if one.is_unique or object_.name_singular == JUNCTION else number // 2
            row[one.parts[0].column.name] = known[place] if number != 4 or not one.is_nullable else None
        if object_.name_singular == "person":
            row["email"] = f"{number}@there"
        columns = sql.SQL(",").join(map(sql.Identifier, row))
        places = sql.SQL(",").join(sql.Placeholder() * len(row))
        text = sql.SQL("INSERT INTO {} ({}) VALUES ({})").format(table_sql(object_.table), columns, places)
        self.connection.execute(text, list(row.values()))


def _links(snapshot: Snapshot) -> dict[UUID, Field]:
    keys = [*snapshot.by_singular[JUNCTION].foreign_keys.values()]
    return {keys[0].id: keys[1], keys[1].id: keys[0]}


async def _make(dsn: str) -> None:
    async with open_apis(dsn) as apis:
        await relate(apis, "person", "runs", "company", "boss", type="ONE_TO_ONE")
        await relate(apis, "company", "advisers", "person", "advises", type="MANY_TO_MANY")
        await relate_to_several(apis, "activity", "owner", ("person", "company"))


@pytest.fixture(scope="module")
def bench(databases: Databases) -> Iterator[Bench]:
    base = workspace_template(databases)
    template = databases.template("nested", lambda dsn: asyncio.run(_make(dsn)), base=base)
    with databases.clone(template) as dsn, psycopg.connect(dsn, autocommit=True) as connection:
        for served in serve(dsn):
            yield Bench(served, connection)


@given(data=st.data())
@examples(30)
def test_any_write(bench: Bench, data: st.DataObject) -> None:
    write = data.draw(nested_writes(bench.snapshot, bench.state, bench.links))
    reference = NestedReference(bench.snapshot, bench.state, bench.links)
    refused: str | None = None
    expected = bench.state
    try:
        expected = _apply(reference, write)
    except Refused as refusal:
        refused = refusal.code
    for how in ("whole", "literal", "parts", "whole"):
        document, variables = write.write(how)
        note(f"{document}\n{variables}")
        bench.reset()
        answer = bench.served.ask(document, variables)
        if refused is None and "errors" in answer and "connectOrCreate" in repr(write.plain):
            # Data that is not used, because the record is there, is checked all the same.
            assert answer["errors"][0]["extensions"]["code"] in write.mistakes, answer
            assert _told(bench.snapshot, bench.load()) == _told(bench.snapshot, bench.state)
            continue
        if refused is None:
            assert "errors" not in answer, answer
            _check_events(bench, reference)
        else:
            (error,) = answer["errors"]
            # Of several mistakes either may be the one that is told. Without one, two records may take one target.
            codes = {refused, "CONFLICT"} if len(write.mistakes) == 1 else {"BAD_USER_INPUT", "NOT_FOUND", "CONFLICT"}
            # The one mistake may be in such unused data, beside records that take one target.
            codes |= {*write.mistakes} if "connectOrCreate" in repr(write.plain) else set()
            assert error["extensions"]["code"] in codes, answer
            assert bench.events() == []
        assert _told(bench.snapshot, bench.load()) == _told(bench.snapshot, expected)


@given(data=st.data())
@examples(20)
def test_any_upsert(bench: Bench, data: st.DataObject) -> None:
    """An upsert of a record that is there does as its update, and one of a record that is not as its create."""
    write = data.draw(nested_writes(bench.snapshot, bench.state, bench.links))
    plain = write.plain if write.id is None else _upserted(bench, write)
    rows = plain if isinstance(plain, list) else [plain]
    assume(any(_WRITING & verbs.keys() for row in rows for verbs in row.values() if isinstance(verbs, dict)))
    reference = NestedReference(bench.snapshot, bench.state, bench.links)
    refused: str | None = None
    expected = bench.state
    try:
        if write.id is None:
            expected = reference.create(write.object_, rows)
        else:
            changes = {name: value for name, value in plain.items() if name != "id"}
            expected = reference.update(write.object_, write.id, changes)
    except Refused as refusal:
        refused = refusal.code
    object_, many = write.object_, isinstance(plain, list)
    name = object_.name_plural if many else object_.name_singular
    declared = f"[{object_.type_name}Input!]!" if many else f"{object_.type_name}Input!"
    text = f"""mutation ($d: {declared}) {{
      upsert{name[0].upper()}{name[1:]}(data: $d, onConflict: {{ fields: [id] }}) {{ created record {{ id }} }} }}"""
    note(f"{text}\n{plain}")
    for _ in range(2):
        bench.reset()
        answer = bench.served.ask(text, {"d": plain})
        if "errors" in answer:
            # Both trees are checked, and so is data that is not used.
            codes = {"BAD_USER_INPUT", "NOT_FOUND", "CONFLICT"}
            assert answer["errors"][0]["extensions"]["code"] in (codes if refused else write.mistakes), answer
            assert _told(bench.snapshot, bench.load()) == _told(bench.snapshot, bench.state)
            assert bench.events() == []
            continue
        assert refused is None, answer
        ((found,),) = [list(answer["data"].values())]
        told = found if many else [found]
        assert [one["created"] for one in told] == [write.id is None] * len(rows)
        assert [one["record"]["id"] for one in told] == [row["id"] for row in rows]
        _check_events(bench, reference)
        assert _told(bench.snapshot, bench.load()) == _told(bench.snapshot, expected)


_WRITING = {"create", "connectOrCreate", "set"}
"""Verbs of which each makes an upsert a nested write."""


def _upserted(bench: Bench, write: NestedWrite) -> dict[str, Any]:
    """The data of an update as that of an upsert, without the verbs for records that hang on the record already."""
    row = bench.state[write.object_.id][write.id or ""]
    found: dict[str, Any] = {"id": write.id}
    if write.object_.name_singular == "person":
        found["email"] = row["email"]
    for name, value in write.plain.items():
        if not isinstance(value, dict):
            found[name] = value
            continue
        verbs = {verb: one for verb, one in value.items() if verb not in {"update", "delete"}}
        if isinstance(verbs.get("disconnect"), list):
            del verbs["disconnect"]
        if verbs:
            found[name] = verbs
    return found


def _apply(reference: NestedReference, write: NestedWrite) -> State:
    data = write.plain
    if write.id is not None:
        return reference.update(write.object_, write.id, data)
    return reference.create(write.object_, data if isinstance(data, list) else [data])


def _told(snapshot: Snapshot, state: State) -> dict[str, list[str]]:
    """The rows as far as the oracle knows them; a record that only links is known by the ends that it links."""
    found: dict[str, list[str]] = {}
    for object_ in snapshot.objects.values():
        shown = []
        for id_, row in state[object_.id].items():
            known = {
                part.column.name: row[part.column.name]
                for one in object_.by_name.values()
                for part in one.parts
                if one.type is FieldType.TEXT or one.relation_id is not None
            }
            own = "" if object_.name_singular == JUNCTION else id_
            shown.append(repr((own, row["deletedAt"] is None, sorted(known.items()))))
        found[object_.name_singular] = sorted(shown)
    return found


def _check_events(bench: Bench, reference: NestedReference) -> None:
    """Each record written has its events, which are a chain from the row before to the row after."""
    last: dict[str, Any] = {}
    junction = bench.snapshot.by_singular[JUNCTION].id
    for _, record_id, before, after in bench.events():
        if record_id in last:
            assert before == last[record_id]
        last[record_id] = after
    written = {(object_id, record_id) for object_id, record_id, _, _ in bench.events() if object_id != junction}
    assert written == {one for one in reference.touched if one[0] != junction}
    rows = {id_: row for rows in bench.load().values() for id_, row in rows.items()}
    for record_id, after in last.items():
        assert after is not None
        assert {name: after[name] for name in ("companyId",) if name in after} == {
            name: rows[record_id][name] for name in ("companyId",) if name in rows[record_id]
        }
