"""Any changes and rollbacks in any order, with records inside: the loaded model, the tables, the schema, the records.

Whatever is done, a dry run refuses the refused changes, the model is the one that the catalog loads, the tables agree
with it, the lazy schema prints the same as an eager one, and every value that nothing was done to is still there.
"""

import random
from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial
from typing import Any, ClassVar
from uuid import UUID

import psycopg
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule, run_state_machine_as_test
from psycopg import sql
from psycopg.types.json import Jsonb

from fieldstone.engine.schema.lazy import lazy_schema
from fieldstone.metadata.access.role_display import show_rights
from fieldstone.metadata.changes import (
    Change,
    CreateIndex,
    CreateRole,
    DeleteField,
    DeleteIndex,
    DeleteObject,
    DeleteRole,
    UpdateField,
    UpdateObject,
    UpdateRole,
)
from fieldstone.metadata.changes.types import UNSET
from fieldstone.metadata.doctor.drift import find_drift
from fieldstone.metadata.errors import InvalidChange, UnknownObject
from fieldstone.metadata.field_types import FieldType
from fieldstone.metadata.json_text import dumps
from fieldstone.metadata.model import Field, Object, Snapshot
from fieldstone.metadata.writer.dry_run import try_out
from fieldstone.metadata.writer.rollback import preview_rollback, roll_back
from fieldstone.metadata.writer.transaction import ModelTransaction
from fieldstone.sql.types import SqlType
from tests.eager_schema import eager_schema
from tests.engine.schema.printing import sorted_print
from tests.metadata.desk import new_object, read_columns
from tests.metadata.drawn_changes import DEFAULTS, LABELS, NAMES, OPTIONS, new_fields, new_objects
from tests.metadata.workbench import Workbench
from tests.metadata.writer.undone import shown
from tests.operations import TIMES
from tests.specimens import values_of

pytestmark = pytest.mark.long

Rows = Mapping[str, Mapping[str, Mapping[str, Any]]]
"""The values of each table, record and column."""

KIN = (FieldType.TEXT, FieldType.EMAILS, FieldType.PHONES, FieldType.LINKS, FieldType.NUMBER, FieldType.CURRENCY)
"""Some of those that become each other."""


class AnySequence(RuleBasedStateMachine):
    """One workspace and the changes made to it."""

    bench: ClassVar[Workbench]
    connection: ClassVar[psycopg.Connection[Any]]

    def __init__(self) -> None:
        super().__init__()
        self.snapshot = self.bench.new_workspace()
        self.past: dict[int, Any] = {}

    @initialize()
    def begin(self) -> None:
        self._apply([new_object("thing"), new_object("other")])

    @rule(data=st.data())
    def create(self, data: st.DataObject) -> None:
        changes: list[Change] = data.draw(
            st.lists(new_objects() | new_fields(self._objects) | new_fields(self._objects), min_size=1, max_size=3)
        )
        self._apply(changes)

    @rule(data=st.data())
    def update_object(self, data: st.DataObject) -> None:
        values: dict[str, Any] = {
            "name_singular": NAMES,
            "name_plural": NAMES,
            "label_plural": LABELS,
            "icon": st.none() | LABELS,
            "is_active": st.booleans(),
        }
        given = data.draw(st.fixed_dictionaries({}, optional=values))
        self._apply([UpdateObject(object_id=self._draw_object(data).id, **given)])

    @rule(data=st.data())
    def update_field(self, data: st.DataObject) -> None:
        field = self._draw_field(data)
        default = DEFAULTS.get(field.type, st.none())
        values: dict[str, Any] = {
            "name": NAMES,
            "label": LABELS,
            "description": st.none() | LABELS,
            "is_active": st.booleans(),
            "is_nullable": st.booleans(),
            "is_unique": st.booleans(),
            "default": st.none() | default,
            "backfill": st.none() | default,
        }
        given = data.draw(st.fixed_dictionaries({}, optional=values))
        if field.options:
            given |= _draw_options(data, field)
        self._apply([UpdateField(field_id=field.id, **given)])

    @rule(data=st.data())
    def convert(self, data: st.DataObject) -> None:
        field = self._draw_field(data)
        wanted = data.draw(st.sampled_from(FieldType) | st.sampled_from(KIN))
        change = UpdateField(
            field_id=field.id,
            type=wanted,
            default=data.draw(st.sampled_from([UNSET, None]) | DEFAULTS.get(wanted, st.none())),
            options=[{"value": "A"}] if data.draw(st.booleans()) else None,
            allow_data_loss=data.draw(st.booleans()),
        )
        self._apply([change])

    @rule(data=st.data())
    def delete_field(self, data: st.DataObject) -> None:
        self._apply([DeleteField(field_id=self._draw_field(data).id)])

    @rule(data=st.data())
    def create_role(self, data: st.DataObject) -> None:
        role = CreateRole(name=data.draw(NAMES), parents=self._draw_parents(data), grants=self._draw_grants(data))
        self._apply([role])

    @rule(data=st.data())
    def update_role(self, data: st.DataObject) -> None:
        values: dict[str, Any] = {"name": NAMES, "label": st.none() | LABELS}
        given = data.draw(st.fixed_dictionaries({}, optional=values))
        if data.draw(st.booleans()):
            given["grants"] = self._draw_grants(data)
        if data.draw(st.booleans()):
            given["parents"] = self._draw_parents(data)
        self._apply([UpdateRole(role_id=data.draw(st.sampled_from(list(self.snapshot.roles))), **given)])

    @rule(data=st.data())
    def delete_role(self, data: st.DataObject) -> None:
        self._apply([DeleteRole(role_id=data.draw(st.sampled_from(list(self.snapshot.roles))))])

    @precondition(lambda self: len(self.snapshot.objects) > 1)
    @rule(data=st.data())
    def delete_object(self, data: st.DataObject) -> None:
        self._apply([DeleteObject(object_id=self._draw_object(data).id)])

    @rule(data=st.data())
    def create_index(self, data: st.DataObject) -> None:
        object_ = self._draw_object(data)
        fields = data.draw(
            st.lists(st.sampled_from(object_.fields), min_size=1, max_size=2, unique_by=lambda one: one.id)
        )
        change = CreateIndex(
            object_id=object_.id,
            field_ids=tuple(field.id for field in fields),
            method=data.draw(st.sampled_from(["btree", "btree", "gin", "trigram"])),
            is_unique=data.draw(st.booleans()),
            is_partial=data.draw(st.booleans()),
        )
        self._apply([change])

    @rule(data=st.data())
    def delete_index(self, data: st.DataObject) -> None:
        if self.snapshot.indexes:
            self._apply([DeleteIndex(index_id=data.draw(st.sampled_from(list(self.snapshot.indexes))))])

    @rule(data=st.data())
    def roll_back(self, data: st.DataObject) -> None:
        # Some object stays, so that there is something to change.
        to = data.draw(st.sampled_from(sorted(self.past)))
        rows = self._read_rows()
        is_refused = self._refuses(lambda transaction: preview_rollback(transaction, to))
        assert self._refuses(lambda transaction: roll_back(transaction, to)) is is_refused
        if is_refused:
            self._check_untouched(rows)
            return
        self._check(rows)
        assert shown(self.snapshot) == self.past[to]

    @rule(data=st.data(), chance=st.randoms(use_true_random=False))
    def insert(self, data: st.DataObject, chance: random.Random) -> None:
        object_ = self._draw_object(data)
        for _ in range(3):
            row = self._draw_row(object_, chance)
            if row is not None:
                _insert(self.connection, object_, row)

    @property
    def _objects(self) -> tuple[Object, ...]:
        return tuple(self.snapshot.objects.values())

    def _draw_object(self, data: st.DataObject) -> Object:
        return data.draw(st.sampled_from(self._objects))

    def _draw_field(self, data: st.DataObject) -> Field:
        object_ = self._draw_object(data)
        return data.draw(st.sampled_from(sorted(object_.fields, key=lambda field: field.is_system)))

    def _draw_parents(self, data: st.DataObject) -> Any:
        names = [role.name for role in self.snapshot.roles.values()]
        return data.draw(st.lists(st.sampled_from(names), max_size=2, unique=True))

    def _draw_grants(self, data: st.DataObject) -> Any:
        """Grants for some objects, with lists of fields and with rules."""
        grants = []
        for object_ in data.draw(st.lists(st.sampled_from(self._objects), max_size=2, unique_by=lambda one: one.id)):
            fields = {"fields": {data.draw(st.sampled_from(["only", "allBut"])): [self._draw_own(data, object_)]}}
            rule = {"rule": self._draw_rule(data, object_)}
            ways = data.draw(st.lists(st.sampled_from([{}, fields, rule, {**fields, **rule}]), max_size=2))
            grants.append({"object": object_.name_singular, "read": ways, "update": ways, "delete": rule})
        return grants

    def _draw_own(self, data: st.DataObject, object_: Object) -> str:
        return data.draw(st.sampled_from(object_.fields)).name

    def _draw_rule(self, data: st.DataObject, object_: Object) -> Any:
        plain = [one for one in object_.by_name.values() if one.parts and not one.is_composite]
        field = data.draw(st.sampled_from(plain))
        name = f"{field.name}Id" if field.relation_id else field.name
        known = {operator.name for operator in field.parts[0].operators}
        return {name: {"is": "NULL"}} if "is" in known else {"id": {"eq": str(object_.id)}}

    def _draw_row(self, object_: Object, chance: random.Random) -> dict[str, Any] | None:
        """Values for a record's columns; None where it would need one of another object that has none."""
        row: dict[str, Any] = {}
        for field in object_.fields:
            if field.type is FieldType.TS_VECTOR:
                continue
            for part in field.parts:
                column = part.column
                if field.relation_id is not None:
                    target = self.snapshot.objects[self.snapshot.relations[field.relation_id].target_object_id]
                    values: Sequence[Any] = list(self._read_table(target))
                elif field.name in {"id", "deletedAt"} and field.is_system:
                    values = [UUID(int=chance.getrandbits(128), version=4)] if field.name == "id" else [None]
                else:
                    values = values_of(part)
                if column.nullable and chance.random() < 0.3:
                    values = [None]
                if not values:
                    if not column.nullable:
                        return None
                    values = [None]
                value = chance.choice(values)
                row[column.name] = Jsonb(value, dumps) if column.type is SqlType.JSONB and value is not None else value
        return row

    def _apply(self, changes: Sequence[Change]) -> None:
        rows = self._read_rows()

        async def make(transaction: ModelTransaction) -> None:
            for change in changes:
                await transaction.apply(change)

        builds = [partial(_always, change) for change in changes]
        is_refused = self._refuses(lambda transaction: try_out(transaction, builds, refuse_loss=True))
        assert self._refuses(make) is is_refused
        if is_refused:
            self._check_untouched(rows)
            return
        self._check(rows)

    def _refuses(self, body: Callable[[ModelTransaction], Awaitable[object]]) -> bool:
        try:
            self.bench.run(self.bench.desk.writer.run(self.snapshot.workspace.id, body, actor="test"))
        except (InvalidChange, UnknownObject):
            return True
        return False

    def _check_untouched(self, rows: Rows) -> None:
        assert self.bench.desk.current.peek(self.snapshot.workspace.id) == self.snapshot
        assert self.bench.run(self.bench.desk.reload(self.snapshot.workspace.id)) == self.snapshot
        assert self._read_rows() == rows

    def _check(self, rows: Rows) -> None:
        """Take the model that there is now, and hold everything against it."""
        before, bench = self.snapshot, self.bench
        after = bench.desk.current.peek(before.workspace.id)
        assert after is not None
        assert bench.run(bench.desk.reload(after.workspace.id)) == after
        assert bench.follow(before) == after
        assert self._shown_roles() == {role.id: show_rights(after, role) for role in after.roles.values()}
        assert bench.run(self._drift(after)) == []
        for object_ in after.objects.values():
            columns = read_columns(self.connection, object_.table.schema, object_.table.name)
            assert set(columns) == {part.column.name for field in object_.fields for part in field.parts}
        if after.objects:
            assert sorted_print(lazy_schema(after)) == sorted_print(eager_schema(after))
        self.snapshot = after
        self.past[after.version] = shown(after)
        _check_records(before, after, rows, self._read_rows())

    def _shown_roles(self) -> dict[UUID, Any]:
        """The roles' rights as the catalog shows them."""
        query = "SELECT id, shown FROM fieldstone.role WHERE workspace_id = %s"
        return dict(self.connection.execute(query, [self.snapshot.workspace.id]).fetchall())

    async def _drift(self, snapshot: Snapshot) -> Any:
        async with self.bench.desk.database.session() as connection:
            return await find_drift(connection, snapshot, trigram=self.bench.desk.catalog.trigram)

    def _read_rows(self) -> Rows:
        return {object_.table.name: self._read_table(object_) for object_ in self._objects}

    def _read_table(self, object_: Object) -> Mapping[str, Mapping[str, Any]]:
        query = sql.SQL("SELECT id::text, to_jsonb(t) FROM {} AS t").format(
            sql.Identifier(object_.table.schema, object_.table.name)
        )
        return dict(self.connection.execute(query).fetchall())


def _always(change: Change, _snapshot: Snapshot) -> Change:
    return change


def _draw_options(data: st.DataObject, field: Field) -> dict[str, Any]:
    options = data.draw(OPTIONS)
    kept = [option["value"] for option in options]
    gone = [option.value for option in field.options if option.value not in kept]
    mapping = {value: data.draw(st.sampled_from([*kept, None])) for value in gone} if data.draw(st.booleans()) else None
    return {"options": options, "option_mapping": mapping}


def _insert(connection: psycopg.Connection[Any], object_: Object, row: Mapping[str, Any]) -> None:
    table = sql.Identifier(object_.table.schema, object_.table.name)
    columns = sql.SQL(",").join(map(sql.Identifier, row))
    places = sql.SQL(",").join(sql.Placeholder() * len(row))
    query = sql.SQL("INSERT INTO {} ({}) VALUES ({}) ON CONFLICT DO NOTHING").format(table, columns, places)
    connection.execute(query, list(row.values()))


def _check_records(before: Snapshot, after: Snapshot, rows: Rows, now: Rows) -> None:
    """No record is gone or new, and each value is the same unless a change converted its field."""
    old = {id_: (object_, field) for object_ in before.objects.values() for id_, field in object_.by_id.items()}
    for object_ in after.objects.values():
        if object_.table.name not in rows:
            assert now[object_.table.name] == {}
            continue
        records = now[object_.table.name]
        assert records.keys() == rows[object_.table.name].keys()
        for field in object_.fields:
            known = old.get(field.id, (object_, None))[1]
            for part in field.parts:
                column = part.column.name
                for id_, record in records.items():
                    if column in rows[object_.table.name][id_]:
                        _check_value(known, field, rows[object_.table.name][id_][column], record[column])


def _check_value(before: Field | None, after: Field, was: Any, now: Any) -> None:
    if before is None or before.type is not after.type or before.settings != after.settings:
        return  # another type for the values that there were
    if before.options != after.options:
        values = {option.value for option in after.options}
        assert set(now if isinstance(now, list) else [now]) <= values | {None}
    elif not (was is None and not after.is_nullable):
        assert now == was


def test_any_sequence_of_changes_and_rollbacks(bench: Workbench) -> None:
    class OnBench(AnySequence):
        pass

    # A prepared INSERT would keep the types that the columns had before a change converts them.
    with psycopg.connect(bench.dsn, autocommit=True, prepare_threshold=None) as connection:
        OnBench.bench, OnBench.connection = bench, connection
        run_state_machine_as_test(
            OnBench,
            settings=settings(
                max_examples=15 * TIMES,
                stateful_step_count=15,
                suppress_health_check=list(HealthCheck),
            ),
        )
