"""metadata/online_ddl/builder.py: indexes on demand, of small tables at once and of big ones after the commit."""

import asyncio
from collections.abc import Callable
from typing import Any

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from fieldstone.metadata.changes import Change, UpdateField
from fieldstone.metadata.doctor.drift import find_drift
from fieldstone.metadata.errors import InvalidChange
from fieldstone.metadata.field_types import FieldType
from fieldstone.metadata.model import Snapshot, Status
from fieldstone.metadata.online_ddl import one_build
from fieldstone.metadata.online_ddl.builder import Builder
from fieldstone.metadata.writer.model_writer import ModelWriter
from fieldstone.sql.executor import Database
from fieldstone.sql.pool_settings import PoolSettings
from fieldstone.sql.sqlstate import translate_error
from tests.metadata.desk import Desk, columns_of, new_field, new_relation, person, whole_state
from tests.metadata.online_ddl.building import (
    builder_of,
    change_as_big,
    definition,
    field_status,
    index_on,
    many,
    writer_of,
)
from tests.metadata.updates import column, field_of, insert
from tests.waiting import until


async def test_a_builder_s_settings_and_locks_go_past_a_pooler(desk: Desk, model_dsn: str) -> None:
    past = make_conninfo(model_dsn, application_name="past the pooler")
    database = Database.connect(model_dsn, settings=PoolSettings(prepare=False), direct_dsn=past)
    await database.open()
    many(model_dsn, phone=None)
    try:
        await change_as_big(desk, lambda base: [index_on(base, ["city"])])
        builder = Builder(database, desk.writer, trigram=desk.catalog.trigram)
        assert await builder.build_all() == 1
        with psycopg.connect(model_dsn) as connection:
            builders = connection.execute(
                "SELECT DISTINCT application_name FROM pg_stat_activity"
                " WHERE datname = current_database() AND query LIKE '%status = ''FAILED''%' AND pid <> pg_backend_pid()"
            ).fetchall()
        assert builders == [("past the pooler",)]
    finally:
        await database.close()


def status(dsn: str, name: str) -> str:
    with psycopg.connect(dsn) as connection:
        rows = connection.execute("SELECT status FROM fieldstone.index WHERE name = %s", [name]).fetchall()
    ((found,),) = rows
    return str(found)


@pytest.mark.parametrize(
    ("names", "more", "name", "says"),
    [
        (
            ["city", "phone"],
            {},
            "person_city_phone_sort",
            'USING btree (text_key_1(city) COLLATE "C", text_key_1(phone) COLLATE "C", id)',
        ),
        (
            ["city"],
            {"is_partial": True},
            "person_city_livesort",
            'btree (text_key_1(city) COLLATE "C", id) WHERE ("deletedAt" IS NULL)',
        ),
        (["position"], {}, "person_position_idx", 'USING btree ("position")'),
        (
            ["city"],
            {"method": "trigram"},
            "person_city_fold",
            "USING gin (text_fold_1(city) fieldstone_ext.gin_trgm_ops)",
        ),
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
    shown = found[0].replace("fieldstone.text_", "text_")  # a connection to Citus has another search path
    assert (says in shown, found[1], status(model_dsn, name)) == (True, True, "READY"), found


def fill(dsn: str) -> None:
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute(
            "INSERT INTO workspace_default.person (email, city, phone) VALUES ('a', 'Paris', '1'), ('b', 'Paris', '1')"
        )


async def test_an_index_of_a_big_table_is_built_after_the_commit(desk: Desk, model_dsn: str) -> None:
    fill(model_dsn)
    writer, calls = writer_of(desk)
    model = await desk.default()
    await writer.change(model.workspace.id, lambda snapshot: [index_on(snapshot, ["city"])], actor="test")
    assert (calls, definition(model_dsn, "person_city_sort")) == (["postponed"], None)
    assert status(model_dsn, "person_city_sort") == "BUILDING"
    builder = builder_of(desk)
    assert await builder.build_all() == 1
    found = definition(model_dsn, "person_city_sort")
    assert found is not None
    assert (found[1], status(model_dsn, "person_city_sort")) == (True, "READY")
    assert await builder.build_all() == 0


async def test_what_an_interrupted_build_left_is_built_anew(desk: Desk, model_dsn: str) -> None:
    fill(model_dsn)
    writer, _ = writer_of(desk)
    model = await desk.default()
    await writer.change(model.workspace.id, lambda snapshot: [index_on(snapshot, ["city"])], actor="test")
    with psycopg.connect(model_dsn, autocommit=True) as connection, pytest.raises(psycopg.errors.UniqueViolation):
        connection.execute("CREATE UNIQUE INDEX CONCURRENTLY person_city_sort ON workspace_default.person (city)")
    left = definition(model_dsn, "person_city_sort")
    assert left is not None
    assert not left[1]
    assert await builder_of(desk).build_all() == 1
    built = definition(model_dsn, "person_city_sort")
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
    await builder_of(desk).build_all()
    assert status(model_dsn, "person_city_phone_key") == "FAILED"
    assert definition(model_dsn, "person_city_phone_key") is None


def unvalidated(dsn: str) -> list[str]:
    with psycopg.connect(dsn) as connection:
        return [
            name
            for (name,) in connection.execute(
                "SELECT contype::text FROM pg_constraint WHERE conrelid = 'workspace_default.person'::regclass"
                " AND NOT convalidated ORDER BY 1"
            )
        ]


def requirement(**more: Any) -> Callable[[Snapshot], list[Change]]:
    return lambda snapshot: [UpdateField(field_id=person(snapshot).by_name["phone"].id, is_nullable=False, **more)]


async def test_a_field_made_unique_gets_its_index_after_the_commit(desk: Desk, model_dsn: str) -> None:
    many(model_dsn, phone=None)
    make = lambda snapshot: [UpdateField(field_id=person(snapshot).by_name["phone"].id, is_unique=True)]  # noqa: E731 - read below alone
    assert await change_as_big(desk, make) == ["postponed"]
    assert (definition(model_dsn, "person_phone_key"), status(model_dsn, "person_phone_key")) == (None, "BUILDING")
    assert field_status(model_dsn, "phone") == ("READY", "BUILDING")
    async with desk.database.session() as connection:
        assert await find_drift(connection, await desk.default(), trigram=desk.catalog.trigram) == []
    assert await builder_of(desk).build_all() == 1
    assert definition(model_dsn, "person_phone_key") is not None
    assert field_status(model_dsn, "phone") == ("READY", "READY")


async def test_a_required_field_is_filled_in_portions_then_validated(
    desk: Desk, model_dsn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    many(model_dsn, phone=None)
    assert await change_as_big(desk, requirement(backfill="none")) == ["postponed"]
    building = person(await desk.default()).by_name["phone"]
    assert (building.status, building.is_nullable, building.can_be_null) == (Status.BUILDING, False, True)
    assert (unvalidated(model_dsn), field_status(model_dsn, "phone")) == ([], ("BUILDING", "BUILDING"))
    monkeypatch.setattr(one_build, "PORTION", 10)
    builder = builder_of(desk)
    assert await builder.build_all() == 1
    assert builder.counters.building_fields == 0
    after = await desk.default()
    assert (person(after).by_name["phone"].can_be_null, unvalidated(model_dsn)) == (False, [])
    assert await desk.reload(after.workspace.id) == after
    assert columns_of(model_dsn, "workspace_default", "person")["phone"][1] is False
    with psycopg.connect(model_dsn) as connection:
        rows = connection.execute("SELECT DISTINCT phone FROM workspace_default.person").fetchall()
    assert rows == [("none",)]
    assert await builder.build_all() == 0


async def test_records_without_a_value_are_refused_once_all_are_filled_and_late_ones_are_filled_too(
    desk: Desk, model_dsn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """PostgreSQL would hold each update of a record that is still to be filled to a check, of any field."""
    many(model_dsn, phone=None)
    await change_as_big(desk, requirement(backfill="none"))
    run = desk.writer.run
    refused: list[str | None] = []
    first = "(id, email) VALUES ('00000000-0000-0000-0000-00000000000{}', '{}')"

    async def interfere(*arguments: Any, **more: Any) -> object:
        """Write a record as a process does that has not heard of the change: behind the last one filled."""
        try:
            insert(model_dsn, f"person {first.format(len(refused) + 1, 'late')}")
        except psycopg.errors.CheckViolation as error:
            refused.append(translate_error(error).constraint)
        return await run(*arguments, **more)

    with psycopg.connect(model_dsn, autocommit=True) as connection:
        connection.execute("UPDATE workspace_default.person SET city = 'Ulm' WHERE phone IS NULL")
    monkeypatch.setattr(desk.writer, "run", interfere)
    assert await builder_of(desk).build_all() == 1
    phone = person(await desk.default()).by_name["phone"]
    assert (phone.status, refused) == (Status.READY, [f"required_{phone.id.hex}"])
    assert column(model_dsn, "person", "phone") == ["none"] * 26


async def test_a_field_that_is_optional_again_before_all_are_filled_takes_no_check(
    desk: Desk, model_dsn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    many(model_dsn, phone=None)
    await change_as_big(desk, requirement(backfill="none"))
    phone, run = person(await desk.default()).by_name["phone"], desk.writer.run

    async def interfere(*arguments: Any, **more: Any) -> object:
        monkeypatch.setattr(desk.writer, "run", run)
        await desk.change(lambda _: [UpdateField(field_id=phone.id, is_nullable=True)])
        return await run(*arguments, **more)

    monkeypatch.setattr(desk.writer, "run", interfere)
    await builder_of(desk).build_all()
    assert (unvalidated(model_dsn), field_status(model_dsn, "phone")) == ([], ("READY", "READY"))
    insert(model_dsn, "person (email) VALUES ('without')")


async def test_a_build_fills_no_option_that_went_meanwhile(desk: Desk, model_dsn: str) -> None:
    insert(model_dsn, "opportunity (stage) VALUES (NULL), ('NEW')")

    def build(snapshot: Snapshot) -> list[Change]:
        stage = field_of(snapshot, "opportunity", "stage")
        kept = [{"value": option.value} for option in stage.options if option.value != "NEW"]
        return [
            UpdateField(field_id=stage.id, is_nullable=False, backfill="NEW"),
            UpdateField(field_id=stage.id, options=kept, option_mapping={"NEW": "MEETING"}, default="MEETING"),
        ]

    await change_as_big(desk, build)
    assert await builder_of(desk).build_all() == 1
    stage = field_of(await desk.default(), "opportunity", "stage")
    assert (stage.status, column(model_dsn, "opportunity", stage.column)) == (Status.READY, ["MEETING", "MEETING"])


async def test_a_required_field_can_be_optional_again_before_it_is_ready(desk: Desk, model_dsn: str) -> None:
    many(model_dsn, phone=None)
    await change_as_big(desk, requirement(backfill="none"))
    phone = person(await desk.default()).by_name["phone"]
    with pytest.raises(InvalidChange, match="phone is BUILDING"):
        await desk.change(lambda _: [UpdateField(field_id=phone.id, type=FieldType.ARRAY)])
    await desk.change(lambda _: [UpdateField(field_id=phone.id, is_nullable=True)])
    assert (unvalidated(model_dsn), field_status(model_dsn, "phone")) == ([], ("READY", "READY"))
    assert await builder_of(desk).build_all() == 0


async def test_a_record_in_the_way_makes_the_field_optional_again(desk: Desk, model_dsn: str) -> None:
    many(model_dsn, phone="1")
    await change_as_big(desk, requirement())
    with psycopg.connect(model_dsn, autocommit=True) as connection:
        connection.execute("SET session_replication_role = replica")
        (name,) = connection.execute("SELECT conname FROM pg_constraint WHERE conname LIKE 'required%'").fetchone() or (
            "",
        )
        check = psycopg.sql.Identifier(name)
        table = psycopg.sql.SQL("ALTER TABLE workspace_default.person ")
        connection.execute(table + psycopg.sql.SQL("DROP CONSTRAINT {}").format(check))
        connection.execute("UPDATE workspace_default.person SET phone = NULL WHERE email = '7'")
        connection.execute(
            table + psycopg.sql.SQL("ADD CONSTRAINT {} CHECK (phone IS NOT NULL) NOT VALID").format(check)
        )
    assert await builder_of(desk).build_all() == 1
    assert field_status(model_dsn, "phone") == ("FAILED", "FAILED")
    assert person(await desk.default()).by_name["phone"].is_nullable
    assert unvalidated(model_dsn) == []


async def test_the_key_of_a_relation_is_validated_and_indexed_after_the_commit(desk: Desk, model_dsn: str) -> None:
    many(model_dsn, phone="1")
    make = lambda snapshot: [new_relation(person(snapshot), "boss", person(snapshot), "Reports")]  # noqa: E731 - read below alone
    assert await change_as_big(desk, make) == ["postponed"]
    assert (unvalidated(model_dsn), field_status(model_dsn, "boss")) == (["f"], ("BUILDING", "BUILDING"))
    assert definition(model_dsn, "person_bossId_deletedAt_idx") is None
    assert await builder_of(desk).build_all() == 2
    assert (unvalidated(model_dsn), field_status(model_dsn, "boss")) == ([], ("READY", "READY"))
    assert definition(model_dsn, "person_bossId_deletedAt_idx") is not None


@pytest.mark.parametrize(
    ("type_", "more", "says"),
    [
        (FieldType.TS_VECTOR, {"settings": {"fields": ["email"]}}, "raise it for a quiet hour"),
        (FieldType.UUID, {"default": "uuid"}, "create the field without defaultValue"),
    ],
)
async def test_a_column_that_is_computed_for_each_row_is_refused_for_a_large_table(
    type_: FieldType, more: dict[str, Any], says: str, desk: Desk, model_dsn: str
) -> None:
    many(model_dsn, phone="1")
    careful = ModelWriter(desk.database, desk.current, trigram=desk.catalog.trigram, largest_rewrite=0)
    model, before = await desk.default(), whole_state(model_dsn)
    with pytest.raises(InvalidChange, match=says):
        await careful.change(
            model.workspace.id, lambda snapshot: [new_field(person(snapshot), "more", type_, **more)], actor="test"
        )
    assert whole_state(model_dsn) == before
    await careful.change(
        model.workspace.id, lambda snapshot: [new_field(person(snapshot), "more", default="x")], actor="test"
    )


async def test_a_change_interrupts_the_build_of_its_own_table_alone(desk: Desk, model_dsn: str) -> None:
    """Stand-ins for builds hold the lock that CREATE INDEX CONCURRENTLY holds."""
    with (
        psycopg.connect(model_dsn, application_name="fieldstone build") as own,
        psycopg.connect(model_dsn, application_name="fieldstone build") as others,
        psycopg.connect(model_dsn, autocommit=True) as watch,
    ):
        own.execute("LOCK TABLE workspace_default.person IN SHARE UPDATE EXCLUSIVE MODE")
        others.execute("LOCK TABLE workspace_default.company IN SHARE UPDATE EXCLUSIVE MODE")
        builds = [asyncio.create_task(asyncio.to_thread(one.execute, "SELECT pg_sleep(60)")) for one in (own, others)]
        asleep = "SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND query = 'SELECT pg_sleep(60)'"
        await until(lambda: watch.execute(asleep).fetchone() == (2,))
        change = asyncio.create_task(desk.change(lambda snapshot: [new_field(person(snapshot), "more")]))
        with pytest.raises(psycopg.errors.QueryCanceled):
            await builds[0]
        own.rollback()
        assert "more" in person(await change).by_name
        assert watch.execute(asleep).fetchone() == (1,)
        watch.execute("SELECT pg_cancel_backend(%s::int)", [others.info.backend_pid])
        with pytest.raises(psycopg.errors.QueryCanceled):
            await builds[1]
