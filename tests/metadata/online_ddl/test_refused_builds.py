"""A build that PostgreSQL refuses is FAILED with its reason, an interrupted one is tried again; others go on."""

import asyncio
from collections.abc import Callable, Iterable

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from fieldstone.metadata.changes import Change, DeleteIndex, RetryBuild, UpdateField
from fieldstone.metadata.errors import InvalidChange
from fieldstone.metadata.model import Index, Snapshot, Status
from fieldstone.metadata.online_ddl.builder import Builder
from fieldstone.metadata.online_ddl.refusals import read_refusal
from fieldstone.sql.errors import DatabaseError, StaleSchema
from fieldstone.sql.executor import Database
from fieldstone.sql.pool_settings import PoolSettings
from tests.databases import Databases
from tests.metadata.desk import Desk, new_field, person
from tests.metadata.online_ddl.building import builder_of, change_as_big, definition, field_status, index_on, many
from tests.metadata.updates import column, execute, field_of, insert
from tests.waiting import until_found

# Hashes are not compressed, so that the value takes as many bytes in an index.
_TOO_LONG = (
    "UPDATE workspace_default.person SET city = (SELECT string_agg(md5(n::text), '') FROM generate_series(1, 100) AS n)"
    " WHERE email = '7'"
)


def index_of(snapshot: Snapshot, name: str) -> Index:
    return snapshot.constraints[name]


def outcome(snapshot: Snapshot, name: str) -> tuple[str, str | None]:
    index = index_of(snapshot, name)
    return index.status.value, index.failure


def indexes(*names: str) -> Callable[[Snapshot], Iterable[Change]]:
    return lambda snapshot: [index_on(snapshot, [name]) for name in names]


def raw(snapshot: Snapshot) -> list[Change]:
    """An index of the texts themselves, which may be too long for it."""
    return [index_on(snapshot, ["city", "email"], is_unique=True)]


async def test_an_index_that_is_refused_is_failed_and_the_next_is_built(desk: Desk, model_dsn: str) -> None:
    many(model_dsn, phone="1")
    execute(model_dsn, _TOO_LONG)
    await change_as_big(desk, lambda snapshot: [*raw(snapshot), *indexes("phone")(snapshot)])
    builder = builder_of(desk)
    assert await builder.build_all() == 2
    after = await desk.default()
    status, failure = outcome(after, "person_city_email_key")
    assert status == "FAILED"
    assert failure is not None
    assert failure.startswith("a value of city, email is too long for an index: index row size")
    assert (outcome(after, "person_phone_sort"), definition(model_dsn, "person_city_email_key")) == (
        ("READY", None),
        None,
    )
    assert await desk.reload(after.workspace.id) == after
    assert (await builder.build_all(), builder.counters.failed_indexes, builder.counters.interrupted) == (0, 1, 0)


async def test_an_index_past_the_operator_s_limit_of_temporary_files_is_failed(
    desk: Desk, model_dsn: str, databases: Databases
) -> None:
    """It was tried again every five minutes for ever, with a read of the whole table each time."""
    execute(
        model_dsn,
        "INSERT INTO workspace_default.person (id, email, city) SELECT gen_random_uuid(), n, repeat(md5(n::text), 3)"
        " FROM generate_series(1, 20000) AS n",
    )
    await change_as_big(desk, indexes("city"))
    # A node of Citus builds the index by its own settings.
    name = conninfo_to_dict(model_dsn)["dbname"]
    for server in (model_dsn, *(make_conninfo(model_dsn, port=node.port) for node in databases.cluster[1:])):
        for setting in ("temp_file_limit = '64kB'", "maintenance_work_mem = '1MB'"):
            execute(server, f'ALTER DATABASE "{name}" SET {setting}')
    database = Database.connect(model_dsn, settings=PoolSettings(connections=1))
    await database.open()
    try:
        assert await Builder(database, desk.writer, trigram=desk.catalog.trigram).build_all() == 1
    finally:
        await database.close()
    status, failure = outcome(await desk.default(), "person_city_sort")
    assert (status, (failure or "").replace('"', "")) == (
        "FAILED",
        "temporary file size exceeds temp_file_limit (64kB)",
    )


async def test_what_failed_is_built_when_that_is_asked_for(desk: Desk, model_dsn: str) -> None:
    many(model_dsn, phone="1")
    execute(model_dsn, _TOO_LONG)
    await change_as_big(desk, raw)
    builder = builder_of(desk)
    await builder.build_all()
    execute(model_dsn, "UPDATE workspace_default.person SET city = 'short' WHERE email = '7'")
    retry = RetryBuild(id=index_of(await desk.default(), "person_city_email_key").id)
    calls: list[str] = []
    desk.writer.postponed.connect(lambda: calls.append("postponed"))
    assert outcome(await desk.change(lambda _: [retry]), "person_city_email_key") == ("BUILDING", None)
    assert calls == ["postponed"]
    assert await builder.build_all() == 1
    after = await desk.default()
    assert (outcome(after, "person_city_email_key"), definition(model_dsn, "person_city_email_key") is None) == (
        ("READY", None),
        False,
    )
    assert await desk.reload(after.workspace.id) == after
    with pytest.raises(InvalidChange, match="person_city_email_key is READY: only a build that FAILED"):
        await desk.change(lambda _: [retry])


async def test_another_try_at_a_unique_index_asks_the_records_first(desk: Desk, model_dsn: str) -> None:
    many(model_dsn, phone=None)
    await change_as_big(desk, lambda snapshot: [index_on(snapshot, ["city", "phone"], is_unique=True)])
    execute(model_dsn, "UPDATE workspace_default.person SET city = 'Paris', phone = '1' WHERE email IN ('1', '2')")
    await builder_of(desk).build_all()
    name = "person_city_phone_key"
    assert outcome(await desk.default(), name) == ("FAILED", "records have the same value of city, phone")
    retry = RetryBuild(id=index_of(await desk.default(), name).id)
    with pytest.raises(InvalidChange, match="Paris"):
        await desk.change(lambda _: [retry])
    execute(model_dsn, "UPDATE workspace_default.person SET phone = email")
    await desk.change(lambda _: [retry])
    await builder_of(desk).build_all()
    assert outcome(await desk.default(), name) == ("READY", None)


def require_phone(snapshot: Snapshot) -> list[Change]:
    return [UpdateField(field_id=person(snapshot).by_name["phone"].id, is_nullable=False, backfill="none")]


@pytest.mark.parametrize("big_table", [True, False], ids=["big by then", "small by then"])
async def test_a_field_that_failed_is_filled_and_required_by_another_try(
    big_table: bool, desk: Desk, model_dsn: str
) -> None:
    many(model_dsn, phone=None)
    await change_as_big(desk, require_phone)
    execute(model_dsn, "ALTER TABLE workspace_default.person ADD CONSTRAINT no CHECK (phone <> 'none')")
    await builder_of(desk).build_all()
    phone = person(await desk.default()).by_name["phone"]
    assert (field_status(model_dsn, "phone"), phone.is_nullable) == (("FAILED", "FAILED"), True)
    assert phone.failure is not None
    assert 'check constraint "no"' in phone.failure
    # A change that does not concern it leaves the reason there.
    await desk.change(lambda _: [UpdateField(field_id=phone.id, label="Telephone")])
    assert person(await desk.default()).by_name["phone"].failure == phone.failure
    execute(model_dsn, "ALTER TABLE workspace_default.person DROP CONSTRAINT no")
    retry = RetryBuild(id=phone.id)
    if big_table:
        assert await change_as_big(desk, lambda _: [retry]) == ["postponed"]
        assert await builder_of(desk).build_all() == 1
    else:
        await desk.change(lambda _: [retry])
    after = await desk.reload((await desk.default()).workspace.id)
    phone = person(after).by_name["phone"]
    assert (phone.can_be_null, phone.failure, phone.backfill) == (False, None, None)
    with psycopg.connect(model_dsn) as connection:
        assert connection.execute("SELECT DISTINCT phone FROM workspace_default.person").fetchall() == [("none",)]


async def test_another_try_fills_no_option_that_went_meanwhile(desk: Desk, model_dsn: str) -> None:
    insert(model_dsn, "opportunity (stage) VALUES (NULL)")
    stage = field_of(await desk.default(), "opportunity", "stage")
    await change_as_big(desk, lambda _: [UpdateField(field_id=stage.id, is_nullable=False, backfill="NEW")])
    execute(model_dsn, "ALTER TABLE workspace_default.opportunity ADD CONSTRAINT no CHECK (stage <> 'NEW')")
    await builder_of(desk).build_all()
    assert field_of(await desk.default(), "opportunity", "stage").status is Status.FAILED
    kept = [{"value": option.value} for option in stage.options if option.value != "NEW"]
    with pytest.raises(InvalidChange, match="NEW is the backfillValue that records of stage are still to get"):
        await desk.change(lambda _: [UpdateField(field_id=stage.id, options=kept)])
    mapping = {"NEW": "MEETING"}
    await desk.change(lambda _: [UpdateField(field_id=stage.id, options=kept, option_mapping=mapping, default=None)])
    await desk.change(lambda _: [RetryBuild(id=stage.id)])
    after = field_of(await desk.default(), "opportunity", "stage")
    assert (after.status, column(model_dsn, "opportunity", after.column)) == (Status.READY, ["MEETING"])


async def test_a_field_that_failed_is_optional_without_further_ado_if_that_is_said(desk: Desk, model_dsn: str) -> None:
    many(model_dsn, phone=None)
    await change_as_big(desk, require_phone)
    execute(model_dsn, "ALTER TABLE workspace_default.person ADD CONSTRAINT no CHECK (phone <> 'none')")
    await builder_of(desk).build_all()
    phone = person(await desk.default()).by_name["phone"]
    await desk.change(lambda _: [UpdateField(field_id=phone.id, is_nullable=True)])
    phone = person(await desk.default()).by_name["phone"]
    assert (phone.status.value, phone.failure, field_status(model_dsn, "phone")) == ("READY", None, ("READY", "READY"))


async def test_an_object_is_ready_when_what_failed_of_it_is_deleted(desk: Desk, model_dsn: str) -> None:
    many(model_dsn, phone="1")
    execute(model_dsn, _TOO_LONG)
    await change_as_big(desk, raw)
    await builder_of(desk).build_all()
    assert field_status(model_dsn, "city") == ("READY", "FAILED")
    await desk.change(lambda snapshot: [DeleteIndex(index_id=index_of(snapshot, "person_city_email_key").id)])
    assert field_status(model_dsn, "city") == ("READY", "READY")


_LOCKED = "SELECT pid FROM pg_stat_activity WHERE application_name = 'fieldstone build' AND wait_event_type = 'Lock'"


def require_website(snapshot: Snapshot) -> list[Change]:
    website = snapshot.by_singular["company"].by_name["website"]
    return [UpdateField(field_id=website.id, is_nullable=False, backfill="none")]


@pytest.mark.parametrize("end", ["pg_cancel_backend", "pg_terminate_backend"])
async def test_what_is_interrupted_rests_while_others_are_built(end: str, desk: Desk, model_dsn: str) -> None:
    """The first waits for a table that somebody has locked, until it is ended."""
    many(model_dsn, phone="1")
    execute(model_dsn, "INSERT INTO workspace_default.company (name) VALUES ('Acme')")
    await change_as_big(desk, indexes("city"))
    await change_as_big(desk, require_website)
    patient = Builder(desk.database, desk.writer, trigram=desk.catalog.trigram, pause=1_000)
    async with (
        await psycopg.AsyncConnection.connect(model_dsn) as holder,
        await psycopg.AsyncConnection.connect(model_dsn, autocommit=True) as watch,
    ):
        await holder.execute("LOCK TABLE workspace_default.person IN SHARE MODE")
        build = asyncio.create_task(patient.build_all())
        (pid,) = await until_found(watch, _LOCKED)
        await watch.execute(f"SELECT {end}(%s::int)".encode(), [pid])
        if end == "pg_cancel_backend":
            assert await build == 1
        else:
            with pytest.raises((DatabaseError, psycopg.Error)):
                await build
            # The connection is lost. The statement that it was lost with is not the first of the next one.
            assert await patient.build_all() == 1
        website = (await desk.default()).by_singular["company"].by_name["website"]
        assert (website.status, website.can_be_null) == (Status.READY, False)
        assert outcome(await desk.default(), "person_city_sort") == ("BUILDING", None)
        assert patient.counters.interrupted == 1
        assert await patient.build_all() == 0
        await holder.rollback()
    assert await builder_of(desk).build_all() == 1
    assert outcome(await desk.default(), "person_city_sort") == ("READY", None)


async def test_what_the_model_has_outrun_is_no_refusal(desk: Desk, model_dsn: str) -> None:
    before = await desk.default()
    async with await psycopg.AsyncConnection.connect(model_dsn, autocommit=True) as connection:
        with pytest.raises(psycopg.errors.UndefinedColumn) as caught:
            await connection.execute("SELECT gone FROM workspace_default.person")
        assert "gone" in await read_refusal(connection, before, caught.value, "city")
        await desk.change(lambda snapshot: [new_field(person(snapshot), "more")])
        with pytest.raises(StaleSchema):
            await read_refusal(connection, before, caught.value, "city")
