"""engine/backup/programs.py: `pg_dump` on databases with limits for sessions."""

import psycopg

from fieldstone.engine.backup.programs import dump_definitions

_TIMES = 10


async def test_a_bound_on_idle_sessions_does_not_end_pg_dump(empty_database: str) -> None:
    async with await psycopg.AsyncConnection.connect(empty_database, autocommit=True) as connection:
        name = psycopg.conninfo.conninfo_to_dict(empty_database)["dbname"]
        # So short that nearly each session without a transaction is ended.
        await connection.execute(f"ALTER DATABASE {name} SET idle_session_timeout = '1ms'".encode())
        await connection.execute("BEGIN ISOLATION LEVEL REPEATABLE READ")
        (snapshot,) = await (await connection.execute("SELECT pg_export_snapshot()")).fetchone() or ("",)
        for _ in range(_TIMES):
            assert [chunk async for chunk in dump_definitions(empty_database, snapshot, ["public"])]
