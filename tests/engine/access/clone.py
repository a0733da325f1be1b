"""A database and a model without all that a role may not read: rows are deleted, cells empty, fields not there."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any
from uuid import UUID

import psycopg
from psycopg import sql

from fieldstone.metadata.model import Field, Object, Snapshot
from fieldstone.sql.ddl.names import table_sql
from tests.reference_values import Rows

_COLUMNS = """SELECT column_name FROM information_schema.columns
WHERE table_schema = %s AND table_name = %s AND is_generated = 'NEVER' AND (%s OR is_nullable = 'NO')"""
_KEYS = """SELECT conrelid::regclass::text, conname FROM pg_constraint
WHERE contype = 'f' AND connamespace = %s::regnamespace"""


def without_hidden_parts(snapshot: Snapshot, view: Snapshot) -> Snapshot:
    """The model of the clone: it has the objects and fields that a role reads, and no roles."""
    objects = {id_: _without_fields(object_, view.objects[id_]) for id_, object_ in snapshot.objects.items()}
    return replace(snapshot, objects=objects, roles={})


def _without_fields(object_: Object, seen: Object) -> Object:
    return replace(
        object_,
        is_active=seen.is_active and bool(seen.rights.read),
        fields=tuple(_without(field, seen) for field in object_.fields),
    )


def _without(field: Field, seen: Object) -> Field:
    """The field as the clone has it: not active, or with NULLs, where the role does not read it."""
    if seen.reads(field):
        return replace(field, is_nullable=field.is_nullable or field.id in seen.guarded)
    if field.relation_id is None or field.parts:
        return replace(field, is_active=False)
    # A model without one end of a relation has none of it, while a role may read the other end alone.
    return replace(field, name=f"q{field.id.hex}")


class Clone:
    """A database whose rows and cells can be taken away, because no constraint holds them, and brought back."""

    def __init__(self, dsn: str, snapshot: Snapshot) -> None:
        self._dsn = dsn
        self._snapshot = snapshot
        self._columns: dict[UUID, sql.Composable] = {}
        with psycopg.connect(dsn) as connection:
            connection.execute("CREATE SCHEMA kept")
            for table, name in connection.execute(_KEYS, (snapshot.workspace.schema,)).fetchall():
                connection.execute(
                    sql.SQL("ALTER TABLE {} DROP CONSTRAINT {}").format(sql.SQL(table), sql.Identifier(name))
                )
            for id_, object_ in snapshot.objects.items():
                self._loosen(connection, object_)
                kept = sql.SQL("CREATE TABLE {} AS SELECT * FROM {}").format(_kept(object_), table_sql(object_.table))
                connection.execute(kept)
                self._columns[id_] = sql.SQL(",").join(map(sql.Identifier, _columns(connection, object_)))

    def _loosen(self, connection: psycopg.Connection[Any], object_: Object) -> None:
        for name in _columns(connection, object_, required=True):
            if name != object_.key.name:
                loosened = sql.SQL("ALTER TABLE {} ALTER COLUMN {} DROP NOT NULL")
                connection.execute(loosened.format(table_sql(object_.table), sql.Identifier(name)))

    @contextmanager
    def changed(self, change: Callable[[psycopg.Connection[Any]], None]) -> Iterator[None]:
        """Change the records for the length of the block."""
        with psycopg.connect(self._dsn) as connection:
            change(connection)
        try:
            yield
        finally:
            with psycopg.connect(self._dsn) as connection:
                for id_, object_ in self._snapshot.objects.items():
                    connection.execute(sql.SQL("TRUNCATE {}").format(table_sql(object_.table)))
                    back = sql.SQL("INSERT INTO {} ({columns}) SELECT {columns} FROM {}")
                    connection.execute(
                        back.format(table_sql(object_.table), _kept(object_), columns=self._columns[id_])
                    )

    @contextmanager
    def holding(self, rows: Rows, world: Rows) -> Iterator[None]:
        """Take away the rows and the cells that a role's world does not have, for the length of the block."""

        def take_away(connection: psycopg.Connection[Any]) -> None:
            for id_, object_ in self._snapshot.objects.items():
                self._take_away(connection, object_, rows[id_], world[id_])

        with self.changed(take_away):
            yield

    def _take_away(self, connection: psycopg.Connection[Any], object_: Object, rows: Any, world: Any) -> None:
        table = table_sql(object_.table)
        connection.execute(sql.SQL("DELETE FROM {} WHERE NOT id = ANY(%s::uuid[])").format(table), ([*world],))
        emptied: dict[tuple[str, ...], list[str]] = {}
        for id_, row in world.items():
            gone = tuple(name for name, value in rows[id_].items() if value is not None and row[name] is None)
            if gone:
                emptied.setdefault(gone, []).append(id_)
        for names, ids in emptied.items():
            cells = sql.SQL(",").join(sql.SQL("{} = NULL").format(sql.Identifier(name)) for name in names)
            update = sql.SQL("UPDATE {} SET {} WHERE id = ANY(%s::uuid[])").format(table, cells)
            connection.execute(update, (ids,))


def _columns(connection: psycopg.Connection[Any], object_: Object, *, required: bool = False) -> list[str]:
    found = connection.execute(_COLUMNS, (object_.table.schema, object_.table.name, not required))
    return [name for (name,) in found.fetchall()]


def _kept(object_: Object) -> sql.Composable:
    return sql.Identifier("kept", object_.table.name)
