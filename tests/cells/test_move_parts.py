"""engine/cells/moves: parts of a move, on one database each."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any, Final

import psycopg
import pytest

from fieldstone.engine.cells.errors import MoveRefused
from fieldstone.engine.cells.moves.catalog_rows import pass_number
from fieldstone.engine.cells.moves.hold import held_model
from fieldstone.engine.cells.moves.move import QUERIES, Move, Step
from fieldstone.engine.server.cells.workspaces import _QUERIES as WORKSPACES
from fieldstone.metadata.ids import new_id
from fieldstone.sql.executor import Database
from fieldstone.sql.plan.elements import Table
from fieldstone.sql.pool_settings import PoolSettings
from tests.waiting import until_true

MOVE: Final = Move(
    id=new_id(),
    workspace_id=new_id(),
    name="first",
    source="home",
    target="east",
    step=Step.SWITCH,
    schema="workspace_first",
    epoch=0,
    version=1,
)
_STATE: Final = """
    SELECT pg_backend_pid(), current_setting('application_name'), current_setting('idle_session_timeout'),
        EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid())
"""


@pytest.fixture
async def database(empty_database: str) -> AsyncIterator[Database]:
    """A database whose only session all borrow one after the other."""
    database = Database(empty_database, PoolSettings(connections=1, sessions=1))
    await database.open()
    yield database
    await database.close()


async def state_of_session(database: Database) -> tuple[Any, ...]:
    async with database.session() as connection:
        row = await (await connection.execute(_STATE)).fetchone()
    assert row is not None
    return row


async def test_a_block_that_has_done_its_work_has_no_error_of_a_hold_that_was_lost(
    database: Database, empty_database: str
) -> None:
    """A move that had come to its end was said to have failed."""
    async with await psycopg.AsyncConnection.connect(empty_database, autocommit=True) as other:
        async with held_model(database, MOVE) as holder:
            await other.execute("SELECT pg_terminate_backend(%s, 10000)", [holder])

        async def fail() -> None:
            async with held_model(database, MOVE) as holder:
                await other.execute("SELECT pg_terminate_backend(%s, 10000)", [holder])
                raise MoveRefused("of the block")

        with pytest.raises(MoveRefused, match="of the block"):
            await fail()
    async with held_model(database, MOVE):
        pass


async def test_a_session_is_given_back_as_it_was_however_the_hold_ends(database: Database, empty_database: str) -> None:
    """A hold that was refused, or cancelled while it waited, left a mover's name and a session without a limit."""
    before = await state_of_session(database)
    assert before[3] is False
    async with held_model(database, MOVE):
        pass
    assert await state_of_session(database) == before
    with pytest.raises(MoveRefused, match="of the block"):
        async with held_model(database, MOVE):
            raise MoveRefused("of the block")
    assert await state_of_session(database) == before
    other = Database(empty_database, PoolSettings(connections=1, sessions=1))
    await other.open()
    async with held_model(other, MOVE):
        with pytest.raises(MoveRefused, match="another process moves the workspace"):
            async with held_model(database, MOVE):
                pass
        assert await state_of_session(database) == before

        async def wait() -> None:
            async with held_model(database, MOVE, patience=60):
                pass

        async with await psycopg.AsyncConnection.connect(empty_database, autocommit=True) as watcher:

            async def is_waiting() -> bool:
                named = "SELECT application_name, state FROM pg_stat_activity WHERE pid = %s"
                row = await (await watcher.execute(named, [before[0]])).fetchone()
                return row is not None and row[0] != before[1] and row[1] == "idle"

            waiting = asyncio.create_task(wait())
            await until_true(is_waiting)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        assert await state_of_session(database) == before
    await other.close()


async def test_the_numbers_of_a_table_never_go_back(empty_database: str) -> None:
    """Rows of other workspaces that were made in the same moment got numbers that others had already."""
    async with await psycopg.AsyncConnection.connect(empty_database, autocommit=True) as connection:
        await connection.execute("CREATE TABLE public.crate (number bigint GENERATED ALWAYS AS IDENTITY, name text)")
        for last, following in ((3, 4), (2, 5), (5, 6), (10_006, 10_007), (1_000_000, 1_000_001), (7, 1_000_002)):
            await pass_number(connection, Table(schema="public", name="crate"), "number", last)
            cursor = await connection.execute("INSERT INTO public.crate DEFAULT VALUES RETURNING number")
            assert await cursor.fetchone() == (following,)
        async with await psycopg.AsyncConnection.connect(empty_database, autocommit=True) as other:
            insert = "INSERT INTO public.crate SELECT FROM generate_series(1, 100000)"
            inserting = asyncio.create_task(other.execute(insert))
            passed = 0
            while not inserting.done():
                cursor = await connection.execute("SELECT last_value FROM public.crate_number_seq")
                ((last,),) = await cursor.fetchall()
                await pass_number(connection, Table(schema="public", name="crate"), "number", last + 100)
                passed += 1
            await inserting
        cursor = await connection.execute("SELECT count(*) - count(DISTINCT number) FROM public.crate")
        assert await cursor.fetchone() == (0,), passed


async def test_a_role_that_may_not_ask_for_the_server_tells_its_database(empty_database: str) -> None:
    """Two addresses of one database were let pass without a word if its server was hardened."""
    async with await psycopg.AsyncConnection.connect(empty_database) as connection:
        await connection.execute("REVOKE EXECUTE ON FUNCTION pg_control_system() FROM public")
        await connection.execute("SET LOCAL ROLE pg_monitor")
        rows = await (await connection.execute(WORKSPACES["which_database"])).fetchall()
        assert len(rows) == 1
        await connection.rollback()


async def test_only_the_webhooks_of_a_workspace_that_arrives_are_woken(cells: dict[str, str]) -> None:
    """A second arrival woke those that rested for the next move of the workspace."""
    state = (
        "SELECT presence, rests_until::text FROM fieldstone.webhook JOIN fieldstone.workspace w ON w.id = workspace_id"
    )
    async with await psycopg.AsyncConnection.connect(cells["east"], autocommit=True) as connection:
        async with connection.transaction():
            await connection.execute(
                "INSERT INTO fieldstone.workspace (id, name, schema_name) VALUES (%s, 'first', 'workspace_first')",
                [MOVE.workspace_id],
            )
            await connection.execute(
                "INSERT INTO fieldstone.webhook (id, workspace_id, target_url, secret, start_position, rests_until)"
                " VALUES (%s, %s, 'https://example.com', 'x', 0, 'infinity')",
                [new_id(), MOVE.workspace_id],
            )
        for presence, rest in (("HERE", "infinity"), ("COMING", None)):
            await connection.execute("UPDATE fieldstone.workspace SET presence = %s WHERE name = 'first'", [presence])
            await connection.execute(QUERIES["arrive"], {"workspace_id": MOVE.workspace_id})
            assert await (await connection.execute(state)).fetchone() == ("HERE", rest)
