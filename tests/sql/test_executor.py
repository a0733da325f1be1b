"""Statements in, rows out, over either driver."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

import psycopg
import pytest

from fieldstone.sql.errors import (
    CheckViolation,
    CommitOutcomeUnknown,
    DatabaseError,
    DatabaseUnavailable,
    ForeignKeyViolation,
    LimitExceeded,
    LockTimeout,
    NotNullViolation,
    PermissionDenied,
    ResponseTooLarge,
    RowTooLarge,
    Serialization,
    SqlError,
    StaleSchema,
    StatementTimeout,
    UniqueViolation,
    ValueOutOfRange,
    ValueTooLong,
    WritesRefused,
)
from fieldstone.sql.executor import Database
from fieldstone.sql.statement import Statement
from tests.sql.driving import BACKEND, ECHO, HELD, SLEEP, Observer, holding, observing, opened
from tests.waiting import until


@pytest.fixture
async def observer(empty_database: str) -> AsyncIterator[Observer]:
    async with observing(empty_database) as made:
        yield made


@pytest.fixture
async def database(empty_database: str) -> AsyncIterator[Database]:
    async with opened(empty_database) as made:
        yield made


async def run(database: Database, text: str) -> None:
    await database.write(Statement(text=text), (), share=None)


async def test_parameters_and_rows_travel_as_text(database: Database) -> None:
    statement = Statement(text="SELECT $1::int + 1, $2::text, $3::timestamptz, $4::bool[], $5::float8")
    parameters = (b"41", "Zoë 🐘 %s".encode(), b"2024-02-29T23:00:00-02:00", b"{t,NULL}", b"0.1")
    expected = (b"42", "Zoë 🐘 %s".encode(), b"2024-03-01 01:00:00+00", b"{t,NULL}", b"0.1")
    for _ in range(3):
        assert await database.read(statement, parameters, share=None) == [expected]


async def test_null_is_none_and_the_empty_text_is_not(database: Database) -> None:
    assert await database.read(ECHO, (None,), share=None) == [(None,)]
    assert await database.read(ECHO, (b"",), share=None) == [(b"",)]


async def test_no_rows_and_many(database: Database) -> None:
    statement = Statement(text="SELECT n, n * 2 FROM generate_series(1, $1::int) n")
    assert await database.read(statement, (b"0",), share=None) == []
    rows = await database.read(statement, (b"5000",), share=None)
    assert (len(rows), rows[0], rows[-1]) == (5000, (b"1", b"2"), (b"5000", b"10000"))


async def test_large_values_go_both_ways(database: Database) -> None:
    large = b"0123456789abcdef" * 500_000
    assert await database.read(ECHO, (large,), share=None) == [(large,)]


async def test_zero_bytes_are_refused_and_not_cut_off(database: Database) -> None:
    with pytest.raises(ValueOutOfRange):
        await database.read(ECHO, (b"a\0b",), share=None)
    with pytest.raises(ValueOutOfRange):
        await database.pipeline([(ECHO, (b"a",)), (ECHO, (b"a\0b",))], share=None)
    assert await database.read(ECHO, (b"a",), share=None) == [(b"a",)]


async def test_an_answer_past_the_limit_is_refused(empty_database: str) -> None:
    async with opened(empty_database, response_limit=1000) as database:
        assert await database.read(ECHO, (b"x" * 1000,), share=None) == [(b"x" * 1000,)]
        with pytest.raises(ResponseTooLarge, match="1000"):
            await database.read(ECHO, (b"x" * 1001,), share=None)
        with pytest.raises(ResponseTooLarge):
            await database.read(Statement(text="SELECT repeat('x', 10) FROM generate_series(1, 101)"), (), share=None)


async def test_session_settings_fix_the_text_format(database: Database) -> None:
    found = {
        name: (await database.read(Statement(text="SELECT current_setting($1::text)"), (name.encode(),), share=None))[
            0
        ][0]
        for name in ("TimeZone", "DateStyle", "search_path", "statement_timeout", "jit", "client_encoding")
    }
    assert found == {
        "TimeZone": b"UTC",
        "DateStyle": b"ISO, YMD",
        "search_path": b"pg_catalog",
        "statement_timeout": b"15s",
        "jit": b"off",
        "client_encoding": b"UTF8",
    }


async def test_constraint_violations_name_what_is_violated(database: Database) -> None:
    await run(database, "CREATE TABLE public.team (id int CONSTRAINT team_key PRIMARY KEY)")
    await run(
        database,
        "CREATE TABLE public.member (name text NOT NULL, team int CONSTRAINT in_team REFERENCES public.team,"
        " age int CONSTRAINT grown CHECK (age > 17))",
    )
    await run(database, "INSERT INTO public.team VALUES (1)")

    with pytest.raises(UniqueViolation) as unique:
        await database.write(Statement(text="INSERT INTO public.team VALUES ($1::int)"), (b"1",), share=None)
    assert (unique.value.schema, unique.value.table, unique.value.constraint) == ("public", "team", "team_key")
    assert (type(unique.value), unique.value.sqlstate) == (UniqueViolation, "23505")
    with pytest.raises(ForeignKeyViolation) as foreign:
        await run(database, "INSERT INTO public.member VALUES ('Ada', 2, 36)")
    assert foreign.value.constraint == "in_team"
    with pytest.raises(NotNullViolation) as required:
        await run(database, "INSERT INTO public.member VALUES (NULL, 1, 36)")
    assert (required.value.table, required.value.column) == ("member", "name")
    with pytest.raises(CheckViolation) as check:
        await run(database, "INSERT INTO public.member VALUES ('Ada', 1, 3)")
    assert check.value.constraint == "grown"


WIDE = """DO $$ BEGIN
    EXECUTE 'CREATE TEMPORARY TABLE wide AS SELECT ' || (
        SELECT string_agg(format('%L::text AS c%s', '0123456789', n), ', ') FROM generate_series(1, 900) AS n);
END $$"""


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("SELECT 'x'::int", ValueOutOfRange),
        ("SELECT 99999999999::bigint::int", ValueOutOfRange),
        ("SELECT '2024-02-31'::date", ValueOutOfRange),
        ("SELECT nothing FROM pg_class", StaleSchema),
        ("SELECT 1 FROM public.nothing", StaleSchema),
        ("SELECT public.nothing(1)", StaleSchema),
        ("SELECT 1 FROM nothing.nothing", StaleSchema),
        ("SELECT concat(" + ",".join("1" * 200) + ")", LimitExceeded),
        ("SELECT to_tsvector('simple', string_agg(n::text, ' ')) FROM generate_series(1, 200000) AS n", ValueTooLong),
        (WIDE, RowTooLarge),
        ("DO $$ BEGIN RAISE insufficient_privilege; END $$", PermissionDenied),
        ("SELECT FROM FROM", DatabaseError),
    ],
)
async def test_errors_are_told_apart(database: Database, text: str, error: type[SqlError]) -> None:
    with pytest.raises(error) as raised:
        await database.read(Statement(text=text), (), share=None)
    assert type(raised.value) is error
    assert await database.read(ECHO, (b"on",), share=None) == [(b"on",)]


async def test_a_lock_that_is_not_free_in_time(database: Database, observer: Observer) -> None:
    await run(database, "CREATE TABLE public.busy (id int)")
    async with observer.connection.transaction():
        await observer.connection.execute("LOCK TABLE public.busy")
        impatient = Statement(text="SET LOCAL lock_timeout = 10")
        with pytest.raises(LockTimeout):
            await database.pipeline([(impatient, ()), (Statement(text="SELECT * FROM public.busy"), ())], share=None)


async def test_a_time_limit_ends_the_statement_on_the_server(empty_database: str, observer: Observer) -> None:
    async with opened(empty_database, connections=1) as database:
        before = await database.read(BACKEND, (), share=None)
        with pytest.raises(StatementTimeout):
            await database.read(SLEEP, (b"60",), timeout=0.05, share=None)
        assert await observer.active() == 0
        assert await database.read(BACKEND, (), timeout=10, share=None) == before
        assert database.stats().cancelled == 1


async def test_the_server_ends_what_has_no_time_limit(empty_database: str) -> None:
    async with opened(empty_database, statement_timeout=0.05) as database:
        with pytest.raises(StatementTimeout):
            await database.read(SLEEP, (b"60",), share=None)


async def test_a_caller_who_leaves_takes_the_statement_along(database: Database, observer: Observer) -> None:
    callers = [asyncio.create_task(database.read(SLEEP, (b"60",), share=None)) for _ in range(6)]
    await observer.until_active(4)
    for caller in callers:
        caller.cancel()
    await asyncio.gather(*callers, return_exceptions=True)
    assert all(caller.cancelled() for caller in callers)
    await observer.until_active(0)
    answers = await asyncio.gather(*(database.read(ECHO, (b"%d" % n,), share=None) for n in range(50)))
    assert answers == [[(b"%d" % n,)] for n in range(50)]


async def test_a_read_survives_the_end_of_its_idle_connection(database: Database, observer: Observer) -> None:
    before = await database.read(BACKEND, (), share=None)
    await observer.terminate()
    assert await database.read(BACKEND, (), share=None) != before


async def test_a_write_goes_past_dead_idle_connections(database: Database, observer: Observer) -> None:
    await run(database, "CREATE TABLE public.kept (id int)")
    await asyncio.gather(*(database.read(SLEEP, (b"0.05",), share=None) for _ in range(4)))
    await observer.terminate()
    await run(database, "INSERT INTO public.kept VALUES (1)")
    assert await database.read(Statement(text="SELECT count(*) FROM public.kept"), (), share=None) == [(b"1",)]


async def test_a_read_is_run_again_when_its_connection_dies_under_it(database: Database, observer: Observer) -> None:
    await run(database, "CREATE SEQUENCE public.runs")
    reading = Statement(text="SELECT nextval('public.runs'), pg_sleep(CASE lastval() WHEN 1 THEN 60 ELSE 0 END)")
    caller = asyncio.create_task(database.read(reading, (), share=None))
    await observer.until_asleep()
    await observer.terminate()
    assert await caller == [(b"2", b"")]
    assert database.stats().retried == 1


async def test_a_read_is_run_again_as_often_as_others_are_in_its_way(database: Database) -> None:
    await run(database, "CREATE SEQUENCE public.runs")
    await run(
        database,
        "CREATE FUNCTION public.read(failing int) RETURNS bigint LANGUAGE plpgsql AS $$ BEGIN"
        " IF nextval('public.runs') <= failing THEN RAISE EXCEPTION USING ERRCODE = '40P01'; END IF;"
        " RETURN lastval(); END $$",
    )
    reading = Statement(text="SELECT public.read($1::int)")
    assert await database.read(reading, (b"3",), share=None) == [(b"4",)]
    with pytest.raises(Serialization):
        await database.read(reading, (b"100",), share=None)


async def test_a_write_is_never_run_again(database: Database, observer: Observer) -> None:
    await run(database, "CREATE SEQUENCE public.runs")
    writing = Statement(text="SELECT nextval('public.runs'), pg_sleep(60)")
    caller = asyncio.create_task(database.write(writing, (), share=None))
    await observer.until_asleep()
    await observer.terminate()
    with pytest.raises((CommitOutcomeUnknown, DatabaseUnavailable)):
        await caller
    assert await database.read(Statement(text="SELECT last_value FROM public.runs"), (), share=None) == [(b"1",)]


async def test_a_changed_table_under_a_prepared_statement(database: Database) -> None:
    reading = Statement(text="SELECT * FROM public.changing")
    await run(database, "CREATE TABLE public.changing (a int)")
    await run(database, "INSERT INTO public.changing VALUES (1)")
    assert await database.read(reading, (), share=None) == [(b"1",)]
    await run(database, "ALTER TABLE public.changing ADD COLUMN b text DEFAULT 'b'")
    assert await database.read(reading, (), share=None) == [(b"1", b"b")]
    await run(database, "ALTER TABLE public.changing ALTER COLUMN a TYPE text")
    assert await database.pipeline([(reading, ()), (ECHO, (b"x",))], share=None) == [[(b"1", b"b")], [(b"x",)]]


@pytest.mark.parametrize(
    "change", ["DROP COLUMN b", "ALTER COLUMN b TYPE int USING 1"], ids=["a dropped column", "another type"]
)
async def test_a_changed_type_under_a_prepared_statement_that_reads_no_table(database: Database, change: str) -> None:
    """PostgreSQL plans it once and for all, and refuses to run it from then on."""
    reading = Statement(
        text="SELECT r.a FROM jsonb_populate_record(NULL::public.changing, $1::jsonb) AS r, generate_series(1, 1)"
    )
    await run(database, "CREATE TABLE public.changing (a int, b text)")
    for _ in range(8):  # until it has a plan that serves all values
        assert await database.read(reading, (b'{"a": 1}',), share=None) == [(b"1",)]
    await run(database, f"ALTER TABLE public.changing {change}")
    assert await database.read(reading, (b'{"a": 2}',), share=None) == [(b"2",)]


async def test_prepared_statements_that_the_server_has_dropped(database: Database) -> None:
    for _ in range(3):
        await database.read(ECHO, (b"1",), share=None)
    await run(database, "DEALLOCATE ALL")
    assert await database.read(ECHO, (b"2",), share=None) == [(b"2",)]


async def test_a_pipeline_is_one_transaction(database: Database) -> None:
    await run(database, "CREATE TABLE public.kept (id int PRIMARY KEY DEFERRABLE INITIALLY DEFERRED)")
    adding = Statement(text="INSERT INTO public.kept VALUES ($1::int) RETURNING id")
    counting = Statement(text="SELECT count(*) FROM public.kept")
    assert await database.pipeline([(adding, (b"1",)), (adding, (b"2",)), (counting, ())], share=None) == [
        [(b"1",)],
        [(b"2",)],
        [(b"2",)],
    ]
    with pytest.raises(ValueOutOfRange):
        await database.pipeline([(adding, (b"3",)), (Statement(text="SELECT 1/0"), ()), (adding, (b"4",))], share=None)
    with pytest.raises(UniqueViolation):
        await database.pipeline([(adding, (b"5",)), (adding, (b"1",)), (counting, ())], share=None)
    with pytest.raises(UniqueViolation):
        await database.write(adding, (b"1",), share=None)
    assert await database.read(counting, (), share=None) == [(b"2",)]


async def test_statements_unprepared_for_a_pooler(empty_database: str) -> None:
    async with opened(empty_database, prepare=False) as database:
        assert await database.read(ECHO, (b"x",), share=None) == [(b"x",)]
        assert await database.pipeline([(ECHO, (b"a",)), (ECHO, (None,))], share=None) == [[(b"a",)], [(None,)]]
        prepared = await database.read(Statement(text="SELECT count(*) FROM pg_prepared_statements"), (), share=None)
        assert prepared == [(b"0",)]
        assert await database.read(Statement(text="SELECT current_setting('TimeZone')"), (), share=None) == [(b"UTC",)]


async def test_a_pooler_whose_user_may_idle_in_a_transaction_for_ever_is_warned_of(
    empty_database: str, caplog: pytest.LogCaptureFixture
) -> None:
    """Through a pooler no setting of ours reaches the server's session."""
    async with opened(empty_database, prepare=False):
        assert "idle_in_transaction_session_timeout is 0" in caplog.text
    caplog.clear()
    given = psycopg.conninfo.make_conninfo(empty_database, options="-c idle_in_transaction_session_timeout=10s")
    async with opened(given, prepare=False):
        assert not caplog.records


async def test_sessions_are_ordinary_connections(database: Database) -> None:
    async with database.session() as session:
        await session.execute("CREATE TABLE public.made (id int PRIMARY KEY)")
    with pytest.raises(UniqueViolation):
        async with database.session() as session:
            await session.execute("INSERT INTO public.made VALUES (1), (1)")
    async with database.session() as session:
        with pytest.raises(psycopg.errors.UndefinedTable):
            await session.execute("SELECT * FROM public.nothing")


@pytest.mark.long
async def test_a_database_that_takes_no_writes_refuses_them_and_serves_its_readers_on(
    empty_database: str, observer: Observer
) -> None:
    """As a managed server does whose disk is nearly full."""
    note = Statement(text="INSERT INTO public.note VALUES ($1) RETURNING text")
    setting = f'ALTER DATABASE "{observer.connection.info.dbname}" SET default_transaction_read_only = '
    async with opened(empty_database) as database:
        await run(database, "CREATE TABLE public.note (text text)")
        await observer.connection.execute(f"{setting} on".encode())
        database.drop("the setting is that of new sessions")
        async with holding(empty_database):
            reader = asyncio.create_task(database.read(HELD, (b"7",), share=None))
            await observer.until_active(1)
            before = database.stats()
            for _ in range(5):
                with pytest.raises(WritesRefused, match="takes no writes now"):
                    await database.write(note, (b"a",), share=None)
                with pytest.raises(WritesRefused):
                    async with database.transaction(share=None) as transaction:
                        await transaction.run(note, (b"b",))
                with pytest.raises(WritesRefused):
                    async with database.session() as session:
                        await session.execute("INSERT INTO public.note VALUES ('c')")
            after = database.stats()
        assert await reader == [(b"7",)]
        assert (after.lost, after.retried) == (before.lost, before.retried)
        assert after.opened - before.opened <= 3
        await observer.connection.execute(f"{setting} off".encode())
        async with asyncio.timeout(30):
            while True:
                with contextlib.suppress(WritesRefused):
                    assert await database.write(note, (b"d",), share=None) == [(b"d",)]
                    return
                await asyncio.sleep(0.1)


async def test_what_is_closed_refuses(empty_database: str) -> None:
    async with opened(empty_database) as database:
        await database.read(ECHO, (b"x",), share=None)
    with pytest.raises(DatabaseUnavailable):
        await database.read(ECHO, (b"x",), share=None)


async def test_closing_waits_for_what_runs(empty_database: str, observer: Observer) -> None:
    async with opened(empty_database, close_timeout=60) as database:
        async with holding(empty_database):
            caller = asyncio.create_task(database.read(HELD, (b"7",), share=None))
            await observer.until_active(1)
            closing = asyncio.create_task(database.close())
            await until(lambda: database._pool._closing)
        await closing
        assert await caller == [(b"7",)]
        await observer.until_connected(0)


async def test_closing_ends_what_runs_on(empty_database: str, observer: Observer) -> None:
    async with opened(empty_database, close_timeout=0.05) as database:
        caller = asyncio.create_task(database.read(SLEEP, (b"60",), share=None))
        await observer.until_active(1)
        await database.close()
        with pytest.raises(StatementTimeout):
            await caller
        await observer.until_connected(0)
