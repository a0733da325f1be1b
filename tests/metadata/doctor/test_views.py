"""metadata/doctor/views.py: views of SQL roles that differ are named, and each repair repairs its drift."""

import pytest
from psycopg import sql

from fieldstone.engine.planner.access.view_rules import compile_view_rules
from fieldstone.metadata.doctor.compared import Drift
from fieldstone.metadata.doctor.drift import find_drift
from fieldstone.metadata.doctor.rewrite import rewrite_table
from fieldstone.metadata.doctor.views import find_view_drift, repair_views
from fieldstone.metadata.writer.transaction import ModelTransaction
from tests.metadata.desk import Desk, new_field, person
from tests.metadata.sql_views.readers import findings, reader_of
from tests.metadata.updates import execute, field_of


async def drifts(desk: Desk) -> list[Drift]:
    async with desk.database.session() as connection:
        snapshot = await desk.default()
        tables = await find_drift(connection, snapshot, trigram=desk.catalog.trigram)
        return [*tables, *await find_view_drift(connection, snapshot, compile_view_rules)]


@pytest.mark.parametrize(
    ("statement", "finding"),
    [
        ("ALTER VIEW people SET (security_barrier)", "The view views_default_viewer.people is not as the model says."),
        ("DROP VIEW people", "The view views_default_viewer.people is not there."),
        ("ALTER VIEW people RENAME COLUMN city TO town", "The view views_default_viewer.people is not as the model"),
        ("COMMENT ON VIEW people IS 'x'", "The view views_default_viewer.people is not as the model says."),
        ("COMMENT ON COLUMN people.city IS NULL", "The view views_default_viewer.people is not as the model says."),
        ("REVOKE SELECT ON people FROM {reader}", "The view views_default_viewer.people is not as the model says."),
        ("CREATE VIEW mine AS SELECT 1", "The view views_default_viewer.mine belongs to no object."),
    ],
)
async def test_views_that_differ_are_named_and_repaired(
    statement: str, finding: str, desk: Desk, model_dsn: str
) -> None:
    async with reader_of(desk, model_dsn) as reader:
        name = sql.Identifier(reader.made.name).as_string()
        change = f"SET search_path = views_default_viewer; {statement.format(reader=name)}"
        execute(model_dsn, change)
        (drift,) = await drifts(desk)
        assert finding in drift.finding
        assert drift.repair is not None
        execute(model_dsn, drift.repair)
        assert await drifts(desk) == []
        execute(model_dsn, change)
        snapshot = await desk.default()
        assert await desk.writer.run(snapshot.workspace.id, repair_views, actor="test") == 1
        assert await desk.writer.run(snapshot.workspace.id, repair_views, actor="test") == 0
        assert reader.rows("SELECT city FROM people") == []


async def test_the_type_of_a_column_is_repaired_below_its_view(desk: Desk, model_dsn: str) -> None:
    async with reader_of(desk, model_dsn) as reader:
        execute(model_dsn, "DROP VIEW views_default_viewer.people")
        execute(model_dsn, "ALTER TABLE workspace_default.person ALTER city TYPE varchar(9)")
        snapshot = await desk.default()
        await desk.writer.run(snapshot.workspace.id, repair_views, actor="test")
        (drift,) = await drifts(desk)
        assert drift.repair is not None
        execute(model_dsn, drift.repair)
        assert await drifts(desk) == []
        assert reader.columns()["people"]["city"] == "text"


async def test_a_lost_login_and_a_lost_schema_stop_no_change(desk: Desk, model_dsn: str) -> None:
    async with reader_of(desk, model_dsn) as reader:
        name = sql.Identifier(reader.made.name).as_string()
        for schema in ("views_default_viewer", "fieldstone", "fieldstone_ext", "public"):
            execute(
                model_dsn,
                f"REVOKE ALL ON SCHEMA {schema} FROM {name}; REVOKE ALL ON ALL TABLES IN SCHEMA {schema} FROM {name}",
            )
        execute(model_dsn, f"DROP ROLE {name}")
        (finding,) = await findings(desk)
        assert finding.startswith(
            f"The login of the SQL role {reader.made.name} is not there: `fieldstone sql-role drop"
        )
        await desk.change(lambda s: [new_field(person(s), "more")])
        execute(model_dsn, "DROP SCHEMA views_default_viewer CASCADE")
        await desk.change(lambda s: [new_field(person(s), "most")])


async def test_a_table_is_rewritten_below_its_views(desk: Desk, model_dsn: str) -> None:
    async with reader_of(desk, model_dsn) as reader:
        before = reader.columns()
        execute(model_dsn, "CREATE VIEW public.mine AS SELECT city FROM workspace_default.person")
        snapshot = await desk.default()

        async def body(transaction: ModelTransaction) -> None:
            await rewrite_table(transaction, person(transaction.snapshot))

        with pytest.raises(Exception, match=r"the view public\.mine"):
            await desk.writer.run(snapshot.workspace.id, body, actor="test")
        assert reader.columns() == before
        execute(model_dsn, "DROP VIEW public.mine")
        await desk.writer.run(snapshot.workspace.id, body, actor="test")
        assert reader.columns() == before
        assert await drifts(desk) == []
        assert field_of(snapshot, "person", "city").name in before["people"]
