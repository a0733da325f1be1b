"""Tables that count as big, and builders of their indexes and fields."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import psycopg

from fieldstone.metadata.changes import Change, CreateIndex
from fieldstone.metadata.model import Snapshot
from fieldstone.metadata.online_ddl.builder import Builder
from fieldstone.metadata.writer.model_writer import ModelWriter
from tests.metadata.desk import Desk, person


def index_on(snapshot: Snapshot, names: Sequence[str], **more: Any) -> CreateIndex:
    object_ = person(snapshot)
    return CreateIndex(object_id=object_.id, field_ids=tuple(object_.by_name[name].id for name in names), **more)


def definition(dsn: str, name: str) -> tuple[str, bool] | None:
    with psycopg.connect(dsn) as connection:
        return connection.execute(
            "SELECT pg_get_indexdef(indexrelid), indisvalid FROM pg_index WHERE indexrelid = to_regclass(%s)",
            [f"workspace_default.{psycopg.sql.Identifier(name).as_string()}"],
        ).fetchone()


def writer_of(desk: Desk) -> tuple[ModelWriter, list[str]]:
    """A writer for which every table with rows is big."""
    writer = ModelWriter(desk.database, desk.current, trigram=desk.catalog.trigram, big_table=0)
    calls: list[str] = []
    writer.postponed.connect(lambda: calls.append("postponed"))
    return writer, calls


def builder_of(desk: Desk) -> Builder:
    return Builder(desk.database, desk.writer, trigram=desk.catalog.trigram)


def field_status(dsn: str, name: str) -> tuple[str, str]:
    """The status of person's field, and of person."""
    with psycopg.connect(dsn) as connection:
        rows = connection.execute(
            "SELECT field.status, object.status FROM fieldstone.field JOIN fieldstone.object ON object.id = object_id"
            " WHERE field.name = %s AND object.name_singular = 'person'",
            [name],
        ).fetchall()
    ((field, object_),) = rows
    return str(field), str(object_)


def many(dsn: str, *, phone: str | None) -> None:
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute(
            "INSERT INTO workspace_default.person (id, email, phone) SELECT gen_random_uuid(), n::text, %s"
            " FROM generate_series(1, 25) AS n",
            [phone],
        )


async def change_as_big(desk: Desk, build: Callable[[Snapshot], Iterable[Change]]) -> list[str]:
    writer, calls = writer_of(desk)
    await writer.change((await desk.default()).workspace.id, build, actor="test")
    return calls
