"""metadata/writer/model_writer.py: changes that meet each other, other locks, and the end of their connection."""

import asyncio
import contextlib
from typing import Any

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict

from fieldstone.metadata.changes import UpdateField
from fieldstone.metadata.errors import ChangeFailed, InvalidChange, UnknownObject
from fieldstone.metadata.field_types import FieldType
from fieldstone.metadata.ids import new_id
from fieldstone.metadata.snapshot_cache import CurrentSnapshots
from fieldstone.metadata.writer.model_writer import ModelWriter
from fieldstone.metadata.writer.transaction import ModelTransaction
from fieldstone.sql.errors import CommitOutcomeUnknown, ConnectionLost, WritesRefused
from tests.metadata.desk import (
    Desk,
    columns_of,
    connect_database,
    new_field,
    new_object,
    new_relation,
    open_desk,
    person,
    whole_state,
)
from tests.metadata.writer.adding import add, connected
from tests.waiting import until_found


async def test_a_change_is_in_the_table_the_catalog_and_the_current_model(desk: Desk, model_dsn: str) -> None:
    before = await desk.default()
    after = await desk.change(add("budget", FieldType.CURRENCY, default={"amountMicros": 5}))
    assert after.version == before.version + 1
    assert await desk.default() is after
    assert await desk.reload(after.workspace.id) == after
    columns = columns_of(model_dsn, after.workspace.schema, "person")
    assert columns["budgetAmountMicros"] == ("bigint", True, "'5'::bigint")
    assert columns["budgetCurrencyCode"] == ("text", True, None)


async def test_the_history_says_what_made_each_version(desk: Desk, model_dsn: str) -> None:
    snapshot = await desk.change(lambda snapshot: [new_object("project"), new_field(person(snapshot), "shoeSize")])
    async with connected(model_dsn) as connection:
        cursor = await connection.execute(
            "SELECT version, change, actor FROM fieldstone.model_change ORDER BY version DESC LIMIT 1"
        )
        row = await cursor.fetchone()
    assert row is not None
    version, change, actor = row
    assert (version, actor) == (snapshot.version, "test")
    assert [(step["action"], step.get("name") or step["nameSingular"]) for step in change] == [
        ("createObject", "project"),
        ("createField", "shoeSize"),
    ]


async def test_thirty_concurrent_fields_of_one_object_all_succeed(desk: Desk) -> None:
    before = await desk.default()
    snapshots = await asyncio.gather(*(desk.change(add(f"extra{number}")) for number in range(30)))
    versions = sorted(snapshot.version for snapshot in snapshots)
    assert versions == list(range(before.version + 1, before.version + 31))
    last = await desk.default()
    assert last.version == versions[-1]
    assert {f"extra{number}" for number in range(30)} <= set(person(last).by_name)
    assert await desk.reload(last.workspace.id) == last


async def test_processes_that_lag_behind_lose_nothing(desk: Desk, model_dsn: str) -> None:
    async with contextlib.AsyncExitStack() as stack:
        desks = [desk]
        for _ in range(2):
            other = connect_database(model_dsn)
            await other.open()
            stack.push_async_callback(other.close)
            desks.append(await open_desk(other))
        before, *_ = [await one.default() for one in desks]
        await asyncio.gather(*(one.change(add(f"of{n}x{place}")) for n in range(5) for place, one in enumerate(desks)))
        last = await desk.reload(before.workspace.id)
        assert last.version == before.version + 15
        assert {f"of{n}x{place}" for n in range(5) for place in range(3)} <= set(person(last).by_name)
        for one in desks:
            assert await one.current.refresh(last.workspace.id) == last


async def test_several_changes_are_one_version_or_none(desk: Desk, model_dsn: str) -> None:
    before = whole_state(model_dsn)
    with pytest.raises(InvalidChange):
        await desk.change(
            lambda snapshot: [new_object("project"), new_field(person(snapshot), "fine"), new_object("Wrong")]
        )
    assert whole_state(model_dsn) == before


async def test_what_the_body_raises_rolls_back(desk: Desk, model_dsn: str) -> None:
    before, model = whole_state(model_dsn), await desk.default()

    async def body(transaction: ModelTransaction) -> None:
        await transaction.apply(new_object("project"))
        raise KeyError("from the body")

    with pytest.raises(KeyError):
        await desk.writer.run(model.workspace.id, body, actor="test")
    assert whole_state(model_dsn) == before
    assert await desk.default() is model


async def test_the_body_reads_what_it_changed_before_the_commit(desk: Desk) -> None:
    called: list[str] = []

    async def body(transaction: ModelTransaction) -> tuple[Any, ...] | None:
        transaction.committed.connect(lambda: called.append("committed"))
        await transaction.apply(new_object("project"))
        assert not called
        cursor = await transaction.connection.execute(
            "SELECT label_plural FROM fieldstone.object WHERE name_singular = 'project'"
        )
        return await cursor.fetchone()

    model = await desk.default()
    assert await desk.writer.run(model.workspace.id, body, actor="test") == ("projects",)
    assert called == ["committed"]


async def test_without_a_change_there_is_no_new_version(desk: Desk, model_dsn: str) -> None:
    before = whole_state(model_dsn)

    async def body(transaction: ModelTransaction) -> int:
        return transaction.snapshot.version

    model = await desk.default()
    assert await desk.writer.run(model.workspace.id, body, actor="test") == model.version
    assert whole_state(model_dsn) == before
    assert await desk.default() is model


async def test_an_unknown_workspace_is_refused(desk: Desk) -> None:
    with pytest.raises(UnknownObject, match="there is no workspace"):
        await desk.writer.change(new_id(), lambda _: [], actor="test")


@pytest.mark.parametrize("records", [1, 3])
async def test_a_required_field_is_refused_with_the_number_of_records(desk: Desk, model_dsn: str, records: int) -> None:
    async with connected(model_dsn) as connection:
        await connection.execute(
            'INSERT INTO workspace_default.person (id, email, "deletedAt")'
            " SELECT gen_random_uuid(), n || '@example.com', now() FROM generate_series(1, %s) AS n",
            [records],
        )
    before = whole_state(model_dsn)
    with pytest.raises(InvalidChange, match=f"person has {records} records .* give a defaultValue") as caught:
        await desk.change(add("shoeSize", is_nullable=False))
    assert caught.value.field == "isNullable"
    with pytest.raises(InvalidChange, match="leave isNullable out, and make the field required when"):
        await desk.change(
            lambda snapshot: [
                new_relation(
                    person(snapshot), "boss", person(snapshot), "Reports",
                    is_nullable=False, settings={"onDelete": "CASCADE"},
                )
            ]
        )  # fmt: skip
    assert whole_state(model_dsn) == before
    await desk.change(add("shoeSize", FieldType.NUMBER, is_nullable=False, default=42))
    await desk.change(add("badge", FieldType.UUID, is_nullable=False, is_unique=True, default="uuid"))
    async with connected(model_dsn) as connection:
        cursor = await connection.execute(
            'SELECT "shoeSize", count(DISTINCT badge) FROM workspace_default.person GROUP BY 1'
        )
        assert await cursor.fetchall() == [(42, records)]


async def test_a_required_field_of_an_empty_table_needs_no_default(desk: Desk, model_dsn: str) -> None:
    snapshot = await desk.change(add("shoeSize", FieldType.NUMBER, is_nullable=False))
    assert columns_of(model_dsn, snapshot.workspace.schema, "person")["shoeSize"] == ("numeric", False, None)


async def test_a_record_that_comes_in_after_the_count_is_found(desk: Desk, model_dsn: str) -> None:
    model = await desk.default()
    async with connected(model_dsn) as other:
        async with other.transaction():
            await other.execute(
                "INSERT INTO workspace_default.person (id, email) VALUES (gen_random_uuid(), 'a@example.com')"
            )
            change = asyncio.create_task(
                desk.writer.change(model.workspace.id, add("shoeSize", is_nullable=False), actor="test")
            )
            blocked = "SELECT FROM pg_locks WHERE locktype = 'relation' AND NOT granted"
            await until_found(other, blocked)
        with pytest.raises(InvalidChange, match="person has 1 records"):
            await change


async def test_a_table_that_is_not_ours_is_in_the_way(desk: Desk, model_dsn: str) -> None:
    async with connected(model_dsn) as connection:
        await connection.execute("CREATE TABLE workspace_default.project (id int)")
    before = whole_state(model_dsn)
    with pytest.raises(ChangeFailed, match=r'nothing was changed: relation "project" already exists'):
        await desk.change(lambda _: [new_object("project")])
    assert whole_state(model_dsn) == before


async def test_killed_in_the_middle_it_leaves_nothing(desk: Desk, model_dsn: str) -> None:
    before, model = whole_state(model_dsn), await desk.default()

    async def body(transaction: ModelTransaction) -> None:
        await transaction.apply(new_object("project"))
        await transaction.apply(new_field(person(transaction.snapshot), "late"))
        async with connected(model_dsn) as other:
            await other.execute("SELECT pg_terminate_backend(%s::int, 5000)", [transaction.connection.info.backend_pid])
        await transaction.apply(new_object("other"))

    with pytest.raises(ConnectionLost):
        await desk.writer.run(model.workspace.id, body, actor="test")
    assert whole_state(model_dsn) == before
    assert await desk.default() is model
    assert "late" in person(await desk.change(add("late"))).by_name


async def test_killed_while_committing_the_outcome_is_unknown_and_looked_at_anew(desk: Desk, model_dsn: str) -> None:
    model = await desk.default()
    async with connected(model_dsn) as other:
        # A check at the commit that takes its time.
        await other.execute(
            "CREATE FUNCTION public.linger() RETURNS trigger LANGUAGE plpgsql"
            " AS 'BEGIN PERFORM pg_sleep(20); RETURN NULL; END'"
        )
        await other.execute(
            "CREATE CONSTRAINT TRIGGER linger AFTER INSERT ON fieldstone.model_change"
            " DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION public.linger()"
        )
        change = asyncio.create_task(desk.change(add("late")))
        lingering = "SELECT pid FROM pg_stat_activity WHERE wait_event = 'PgSleep' AND datname = current_database()"
        found = await until_found(other, lingering)
        await other.execute("SELECT pg_terminate_backend(%s::int, 5000)", found)
        with pytest.raises(CommitOutcomeUnknown):
            await change
        await other.execute("DROP TRIGGER linger ON fieldstone.model_change")
        # Another process commits meanwhile a change that ours, in doubt, must see.
        current = CurrentSnapshots(desk.database)
        there = ModelWriter(desk.database, current, trigram=desk.catalog.trigram)
        await there.change(model.workspace.id, add("later"), actor="test")
    assert "later" in person(await desk.default()).by_name


async def test_cancelled_it_leaves_nothing(desk: Desk, model_dsn: str) -> None:
    before, model = whole_state(model_dsn), await desk.default()
    reached = asyncio.Event()

    async def body(transaction: ModelTransaction) -> None:
        await transaction.apply(new_object("project"))
        reached.set()
        await asyncio.Event().wait()

    task = asyncio.create_task(desk.writer.run(model.workspace.id, body, actor="test"))
    await reached.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert whole_state(model_dsn) == before


@pytest.mark.long
async def test_a_table_takes_1600_columns_in_its_life(desk: Desk, model_dsn: str) -> None:
    async with connected(model_dsn) as connection:
        cursor = await connection.execute(
            "SELECT count(*) FROM pg_attribute WHERE attrelid = 'workspace_default.person'::regclass AND attnum > 0"
        )
        ((used,),) = await cursor.fetchall()
        room = 1_600 - int(used) - 2
        adds = ", ".join(f"ADD COLUMN old{number} integer" for number in range(room))
        drops = ", ".join(f"DROP COLUMN old{number}" for number in range(room))
        await connection.execute(f"ALTER TABLE workspace_default.person {adds}".encode())
        await connection.execute(f"ALTER TABLE workspace_default.person {drops}".encode())
    await desk.change(add("last"))
    before = whole_state(model_dsn)
    says = rf"has used 1,599 columns, {room:,} of them of deleted fields.*doctor --rewrite"
    for field in (add("budget", FieldType.CURRENCY), add("home", FieldType.ADDRESS)):
        with pytest.raises(InvalidChange, match=says) as caught:
            await desk.change(field)
        assert caught.value.field == "objectMetadataId"
    assert whole_state(model_dsn) == before
    await desk.change(add("very"))
    with pytest.raises(InvalidChange, match="has used 1,600 columns"):
        await desk.change(lambda snapshot: [new_relation(person(snapshot), "boss", person(snapshot), "Reports")])
    with pytest.raises(InvalidChange, match="has used 1,600 columns"):
        await desk.change(
            lambda snapshot: [UpdateField(field_id=person(snapshot).by_name["very"].id, type=FieldType.EMAILS)]
        )


async def test_a_change_in_vain_says_that_the_database_takes_no_writes(desk: Desk, model_dsn: str) -> None:
    """It said that the database cannot be reached, and left no standby."""
    name = conninfo_to_dict(model_dsn)["dbname"]
    with psycopg.connect(model_dsn, autocommit=True) as connection:
        connection.execute(f"ALTER DATABASE {name} SET default_transaction_read_only = on".encode())
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s AND pid <> pg_backend_pid()",
            [name],
        )
    with pytest.raises(WritesRefused):
        await desk.change(lambda _: [new_object("late")])
