"""Sources whose logins, policies and rows an import once passed over without a word, or failed at."""

import asyncio
import re
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from fieldstone.engine.server.cli.command_error import CommandError
from fieldstone.engine.server.cli.import_schema import import_schema
from fieldstone.engine.settings import load_settings
from fieldstone.metadata.errors import ChangeFailed
from fieldstone.metadata.schema_import.choice import choose
from fieldstone.metadata.schema_import.plan import plan_import
from fieldstone.metadata.schema_import.rows import copy_rows
from fieldstone.metadata.schema_import.source import read_source
from fieldstone.metadata.writer.transaction import ModelTransaction
from tests.apis import WORKSPACE_ID, open_apis
from tests.waiting import until_found

Import = Callable[..., Any]


def execute(dsn: str, statements: str) -> None:
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute("SET search_path = rental")
        connection.execute(statements.encode())


@pytest.fixture
def run(filled_dsn: str, capsys: pytest.CaptureFixture[str]) -> Import:
    """Import tables with their rows, and return the report."""

    async def run(*tables: str, dsn: str | None = None, with_rows: bool = True) -> str:
        settings = load_settings(database_url=filled_dsn, log_level="error")
        await import_schema(
            settings,
            schema="rental",
            dsn=dsn,
            workspace="default",
            only=tables,
            with_rows=with_rows,
            yes=True,
        )
        return capsys.readouterr().out

    return run


async def data(dsn: str, document: str) -> Any:
    async with open_apis(dsn) as apis:
        return await apis.data(document)


@pytest.fixture
def reader_dsn(other_dsn: str) -> Iterator[str]:
    """The other database for a login that may read the schema's tables, but those rows only that policies show it."""
    execute(other_dsn, "CREATE ROLE half_reader; GRANT USAGE ON SCHEMA rental TO half_reader")
    try:
        yield make_conninfo(other_dsn, options="-c role=half_reader")
    finally:
        execute(other_dsn, "DROP OWNED BY half_reader; DROP ROLE half_reader")


_POLICY = """
CREATE TABLE invoice (id int PRIMARY KEY, tenant text NOT NULL, lines text[]);
INSERT INTO invoice VALUES (1, 'a', '{x}'), (2, 'b', '{y}');
ALTER TABLE invoice ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON invoice FOR SELECT TO half_reader USING (tenant = 'a');
GRANT SELECT ON invoice TO half_reader
"""


@pytest.mark.parametrize("columns", ["invoice", "invoice.tenant"])
async def test_rows_that_a_policy_hides_are_a_refusal(
    columns: str, run: Import, other_dsn: str, reader_dsn: str
) -> None:
    execute(other_dsn, _POLICY)
    with pytest.raises(ChangeFailed, match=r'the rows of invoice cannot be .+ "invoice"; --skip invoice leaves'):
        await run(columns, dsn=reader_dsn)
    assert "Changes made: " in await run(columns, dsn=reader_dsn, with_rows=False)


async def test_rows_that_a_policy_hides_beside_the_workspace_are_a_refusal(filled_dsn: str) -> None:
    execute(filled_dsn, "CREATE ROLE half_reader; GRANT USAGE ON SCHEMA rental, workspace_default TO half_reader")
    try:
        execute(filled_dsn, _POLICY)
        async with open_apis(filled_dsn) as apis:
            async with apis.database.session() as connection:
                source = choose(await read_source(connection, "rental"), only=["invoice"])
            plan = plan_import(await apis.snapshot(), source, {})

            async def body(transaction: ModelTransaction) -> int:
                await transaction.apply_all(plan.changes)
                await transaction.write_tables()
                connection = transaction.connection
                await connection.execute("GRANT ALL ON ALL TABLES IN SCHEMA workspace_default TO half_reader")
                await connection.execute("SET LOCAL ROLE half_reader")
                return await copy_rows(connection, transaction.snapshot, plan, source=connection)

            with pytest.raises(ChangeFailed, match="the rows of invoice cannot be copied, and nothing was changed: "):
                await apis.writer.run(WORKSPACE_ID, body, actor="test")
    finally:
        execute(filled_dsn, "DROP OWNED BY half_reader; DROP ROLE half_reader")


async def test_ids_are_the_same_in_each_time_zone(run: Import, other_dsn: str) -> None:
    execute(other_dsn, "CREATE TABLE stamp (at timestamptz PRIMARY KEY); INSERT INTO stamp VALUES ('2020-01-01Z')")
    assert "Rows copied: 1." in await run("stamp", dsn=other_dsn)
    elsewhere = make_conninfo(other_dsn, options="-c timezone=Asia/Tokyo -c extra_float_digits=0")
    assert "Rows copied: 0." in await run("stamp", dsn=elsewhere)


async def test_two_columns_for_one_time_are_two_fields(run: Import, filled_dsn: str) -> None:
    execute(
        filled_dsn,
        """
        CREATE TABLE post (id int PRIMARY KEY, created_at timestamptz, "createdAt" timestamptz);
        INSERT INTO post VALUES (1, '2001-01-01Z', '2020-02-02Z')
        """,
    )
    assert "post: the column createdAt is the field createdAt2, as createdAt is taken" in await run("post")
    found = await data(filled_dsn, "{ posts { edges { node { createdAt createdAt2 } } } }")
    times = {"createdAt": "2001-01-01T00:00:00Z", "createdAt2": "2020-02-02T00:00:00Z"}
    assert found["posts"]["edges"] == [{"node": times}]


@pytest.mark.parametrize("elsewhere", [False, True])
async def test_a_short_float_keeps_its_digits(elsewhere: bool, run: Import, filled_dsn: str, other_dsn: str) -> None:
    source = other_dsn if elsewhere else filled_dsn
    execute(source, "CREATE TABLE price (id int PRIMARY KEY, total real); INSERT INTO price VALUES (1, 19.99)")
    await run("price", dsn=other_dsn if elsewhere else None)
    found = await data(filled_dsn, "{ prices { edges { node { total } } } }")
    assert found["prices"]["edges"] == [{"node": {"total": Decimal("19.99")}}]


async def test_json_with_a_character_that_no_text_holds_becomes_null(run: Import, filled_dsn: str) -> None:
    execute(
        filled_dsn,
        r"""
        CREATE TABLE line (id int PRIMARY KEY, data json NOT NULL);
        INSERT INTO line VALUES (1, '{"a": "\u0000"}'), (2, '{"a": "\\u0000"}'), (3, '"\\\u0000"')
        """,
    )
    assert "line: the column data is optional here, as some of its values become NULL" in await run("line")
    found = await data(filled_dsn, "{ lines(orderBy: { sourceId: ASC }) { edges { node { data } } } }")
    assert [edge["node"]["data"] for edge in found["lines"]["edges"]] == [None, {"a": r"\u0000"}, None]


async def test_a_value_that_postgresql_cannot_carry_over_is_named(run: Import, other_dsn: str) -> None:
    execute(
        other_dsn,
        r"""
        CREATE TABLE line (id int PRIMARY KEY, fine json NOT NULL, data json NOT NULL);
        INSERT INTO line VALUES (1, '{}', '"\ud800"')
        """,
    )
    with pytest.raises(ChangeFailed, match=r"the rows of line\.data cannot be read, .+; --skip line\.data leaves"):
        await run("line", dsn=other_dsn)


_WAITS = """
SELECT FROM pg_locks JOIN pg_database AS d ON d.oid = database
WHERE datname = current_database() AND NOT granted AND clock_timestamp() - waitstart > '1.5 s'
"""


@pytest.mark.long
async def test_a_login_with_short_timeouts_imports(run: Import, other_dsn: str) -> None:
    with psycopg.connect(other_dsn) as holder:
        limits = ["statement_timeout", *["transaction_timeout"] * (holder.info.server_version >= 170000)]
        patient = make_conninfo(other_dsn, options=" ".join(f"-c {limit}=1s" for limit in limits))
        holder.execute("LOCK rental.film")
        importing = asyncio.create_task(run("film", dsn=patient))
        async with await psycopg.AsyncConnection.connect(other_dsn, autocommit=True) as looking:
            await until_found(looking, _WAITS)
    assert "Rows copied: 2." in await importing


async def test_a_schema_that_the_login_may_not_use_has_a_plan_but_no_rows(run: Import, other_dsn: str) -> None:
    execute(other_dsn, "CREATE ROLE no_reader")
    try:
        outside = make_conninfo(other_dsn, options="-c role=no_reader")
        assert "Changes made: " in await run("film", dsn=outside, with_rows=False)
        with pytest.raises(ChangeFailed, match=r"the rows of film cannot be copied, .+ permission denied"):
            await run("film", dsn=outside)
    finally:
        execute(other_dsn, "DROP ROLE no_reader")


async def test_a_source_that_refuses_its_catalog_ends_with_a_sentence(
    run: Import, reader_dsn: str, other_dsn: str
) -> None:
    execute(other_dsn, "REVOKE SELECT ON pg_constraint FROM PUBLIC")
    with pytest.raises(CommandError, match="the database to import from cannot be read: permission denied"):
        await run("film", dsn=reader_dsn)


async def test_a_key_of_an_inherited_table_is_of_its_own_row(run: Import, filled_dsn: str) -> None:
    execute(
        filled_dsn,
        """
        CREATE TABLE base (id int PRIMARY KEY, code text UNIQUE);
        CREATE TABLE child (extra text) INHERITS (base);
        INSERT INTO base VALUES (1, 'A'); INSERT INTO child VALUES (2, 'A', 'e');
        CREATE TABLE ref (id int PRIMARY KEY, base_code text REFERENCES base (code)); INSERT INTO ref VALUES (1, 'A')
        """,
    )
    await run("base", "ref")
    found = await data(filled_dsn, "{ refs { edges { node { baseCode { sourceId } } } } }")
    assert found["refs"]["edges"] == [{"node": {"baseCode": {"sourceId": 1}}}]


@pytest.mark.parametrize("elsewhere", [False, True])
async def test_a_row_that_leads_nowhere_is_named(elsewhere: bool, run: Import, filled_dsn: str, other_dsn: str) -> None:
    execute(
        other_dsn if elsewhere else filled_dsn,
        """
        CREATE TABLE ship (id int PRIMARY KEY);
        CREATE TABLE trip (id int PRIMARY KEY, ship_id int, n text);
        INSERT INTO ship VALUES (1); INSERT INTO trip VALUES (1, 1), (2, 99);
        ALTER TABLE trip ADD FOREIGN KEY (ship_id) REFERENCES ship NOT VALID
        """,
    )
    said = (
        "the rows of trip.ship_id cannot be copied, and nothing was changed: the row with the key (2) leads to 99, and"
        " no such row is imported; --skip trip.ship_id leaves them out"
    )
    source = other_dsn if elsewhere else None
    with pytest.raises(ChangeFailed, match=re.escape(said)):
        await run("ship", "trip", dsn=source)
    assert "Rows copied: 3." in await run("ship", "trip.n", dsn=source)


@pytest.mark.parametrize("is_required", [False, True])
async def test_an_enum_that_grew_leaves_out_its_new_values_alone(
    is_required: bool, run: Import, filled_dsn: str
) -> None:
    execute(
        filled_dsn,
        """
        CREATE TYPE state AS ENUM ('new', 'done');
        CREATE TABLE job (id int PRIMARY KEY, state state); INSERT INTO job VALUES (1, 'new')
        """,
    )
    if is_required:
        execute(filled_dsn, "ALTER TABLE job ALTER state SET NOT NULL")
    await run("job")
    execute(filled_dsn, "ALTER TYPE state ADD VALUE 'on hold'")
    execute(filled_dsn, "INSERT INTO job VALUES (2, 'done')")
    end = "are refused" if is_required else "become NULL"
    said = f"job: the column state: the field state lacks the options on_hold, so that such values {end}"
    report = await run("job")
    assert said in report
    assert "Rows copied: 1." in report
    execute(filled_dsn, "INSERT INTO job VALUES (3, 'on hold')")
    if is_required:
        with pytest.raises(ChangeFailed, match="the rows of job cannot be copied"):
            await run("job")
        return
    assert "Rows copied: 1." in await run("job")
    found = await data(filled_dsn, "{ jobs(orderBy: { sourceId: ASC }) { edges { node { state } } } }")
    assert [edge["node"]["state"] for edge in found["jobs"]["edges"]] == ["new", "done", None]
