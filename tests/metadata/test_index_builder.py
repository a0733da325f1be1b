"""metadata/index_builder.py: indexes on demand, of small tables at once and of big ones after the commit."""

from collections.abc import Sequence
from typing import Any

import psycopg
import pytest

from metadata.changes import CreateIndex, UpdateField
from metadata.errors import InvalidChange
from metadata.field_types import FieldType
from metadata.index_builder import IndexBuilder
from metadata.model import Snapshot
from metadata.writer import ModelWriter
from tests.metadata.desk import Desk, new_field, person, whole_state


def index_on(snapshot: Snapshot, names: Sequence[str], **more: Any) -> CreateIndex:
    thing = person(snapshot)
    return CreateIndex(object_id=thing.id, field_ids=tuple(thing.by_name[name].id for name in names), **more)


def definition(dsn: str, name: str) -> tuple[str, bool] | None:
    with psycopg.connect(dsn) as connection:
        return connection.execute(
            "SELECT pg_get_indexdef(indexrelid), indisvalid FROM pg_index WHERE indexrelid = to_regclass(%s)",
            [f"workspace_default.{psycopg.sql.Identifier(name).as_string()}"],
        ).fetchone()


def status(dsn: str, name: str) -> str:
    with psycopg.connect(dsn) as connection:
        rows = connection.execute("SELECT status FROM fieldstone.index WHERE name = %s", [name]).fetchall()
    ((found,),) = rows
    return str(found)


@pytest.mark.parametrize(
    ("names", "more", "name", "says"),
    [
        (["city", "phone"], {}, "person_city_phone_idx", "USING btree (city, phone)"),
        (["city"], {"is_partial": True}, "person_city_live", 'btree (city) WHERE ("deletedAt" IS NULL)'),
        (["city"], {"method": "trigram"}, "person_city_trgm", "gin_trgm_ops"),
        (["notes"], {"method": "gin"}, "person_notes_gin", "USING gin (notes)"),
        (["city", "phone"], {"is_unique": True}, "person_city_phone_key", "CREATE UNIQUE INDEX"),
    ],
)
async def test_each_kind_of_index(
    names: list[str], more: dict[str, Any], name: str, says: str, desk: Desk, model_dsn: str
) -> None:
    await desk.change(lambda snapshot: [new_field(person(snapshot), "notes", FieldType.RAW_JSON)])
    after = await desk.change(lambda snapshot: [index_on(snapshot, names, **more)])
    assert await desk.reload(after.workspace.id) == after
    found = definition(model_dsn, name)
    assert found is not None
    assert (says in found[0], found[1], status(model_dsn, name)) == (True, True, "READY"), found


@pytest.mark.parametrize(
    ("names", "more", "field", "says"),
    [
        (["city"], {"is_unique": True}, "isUnique", "for one field, updateField"),
        (["city", "city"], {}, "fieldMetadataIds", "each field once"),
        (["city"], {"method": "gin"}, "fieldMetadataIds", "one field of JSON or of lists"),
        (["city", "phone"], {"is_unique": True}, "fieldMetadataIds", 'share a value: "Paris 1" (2 records)'),
    ],
)
async def test_what_is_refused_leaves_nothing_behind(
    names: list[str], more: dict[str, Any], field: str, says: str, desk: Desk, model_dsn: str
) -> None:
    fill(model_dsn)
    before = whole_state(model_dsn)
    with pytest.raises(InvalidChange) as caught:
        await desk.change(lambda snapshot: [index_on(snapshot, names, **more)])
    assert (caught.value.field, says in caught.value.message) == (field, True), caught.value.message
    assert whole_state(model_dsn) == before


def fill(dsn: str) -> None:
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute(
            "INSERT INTO workspace_default.person (email, city, phone) VALUES ('a', 'Paris', '1'), ('b', 'Paris', '1')"
        )


def writer_of(desk: Desk) -> tuple[ModelWriter, list[str]]:
    """A writer for which every table with rows is big."""
    writer = ModelWriter(desk.database, desk.current, trigram=desk.catalog.trigram, big_table=0)
    calls: list[str] = []
    writer.when_postponed(lambda: calls.append("postponed"))
    return writer, calls


async def test_an_index_of_a_big_table_is_built_after_the_commit(desk: Desk, model_dsn: str) -> None:
    fill(model_dsn)
    writer, calls = writer_of(desk)
    model = await desk.default()
    await writer.change(model.workspace.id, lambda snapshot: [index_on(snapshot, ["city"])], actor="test")
    assert (calls, definition(model_dsn, "person_city_idx")) == (["postponed"], None)
    assert status(model_dsn, "person_city_idx") == "BUILDING"
    builder = IndexBuilder(desk.database, trigram=desk.catalog.trigram)
    assert await builder.build_all() == 1
    found = definition(model_dsn, "person_city_idx")
    assert found is not None
    assert (found[1], status(model_dsn, "person_city_idx")) == (True, "READY")
    assert await builder.build_all() == 0


async def test_what_an_interrupted_build_left_is_built_anew(desk: Desk, model_dsn: str) -> None:
    fill(model_dsn)
    writer, _ = writer_of(desk)
    model = await desk.default()
    await writer.change(model.workspace.id, lambda snapshot: [index_on(snapshot, ["city"])], actor="test")
    with psycopg.connect(model_dsn, autocommit=True) as connection, pytest.raises(psycopg.errors.UniqueViolation):
        connection.execute("CREATE UNIQUE INDEX CONCURRENTLY person_city_idx ON workspace_default.person (city)")
    left = definition(model_dsn, "person_city_idx")
    assert left is not None
    assert not left[1]
    assert await IndexBuilder(desk.database, trigram=desk.catalog.trigram).build_all() == 1
    built = definition(model_dsn, "person_city_idx")
    assert built is not None
    assert (built[1], "UNIQUE" in built[0]) == (True, False)


async def test_an_index_that_cannot_be_built_is_failed(desk: Desk, model_dsn: str) -> None:
    fill(model_dsn)
    with psycopg.connect(model_dsn, autocommit=True) as connection:
        connection.execute("UPDATE workspace_default.person SET phone = email")
    writer, _ = writer_of(desk)
    model = await desk.default()
    build = lambda snapshot: [index_on(snapshot, ["city", "phone"], is_unique=True)]  # noqa: E731 - read below alone
    await writer.change(model.workspace.id, build, actor="test")
    with psycopg.connect(model_dsn, autocommit=True) as connection:
        connection.execute("UPDATE workspace_default.person SET phone = '1'")
    await IndexBuilder(desk.database, trigram=desk.catalog.trigram).build_all()
    assert status(model_dsn, "person_city_phone_key") == "FAILED"
    assert definition(model_dsn, "person_city_phone_key") is None


async def test_a_field_made_unique_is_unique_at_once_however_big_the_table(desk: Desk, model_dsn: str) -> None:
    writer, calls = writer_of(desk)
    model = await desk.default()
    await writer.change(
        model.workspace.id,
        lambda snapshot: [UpdateField(field_id=person(snapshot).by_name["phone"].id, is_unique=True)],
        actor="test",
    )
    assert calls == []
    assert definition(model_dsn, "person_phone_key") is not None
