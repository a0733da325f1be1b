"""metadata/sql_views: no view has a record or a field that the role of its SQL role may not read."""

import psycopg
import pytest

from fieldstone.metadata.changes import DeleteRole
from fieldstone.metadata.errors import InvalidChange, UnknownObject
from tests.metadata.desk import Desk, new_field, new_object, person, role_named
from tests.metadata.sql_views.readers import change_role, findings, make_role, reader_of, sql_roles
from tests.metadata.updates import insert

MINE = {"city": {"eq": "Bonn"}}


async def test_hidden_objects_and_fields_are_in_no_view(desk: Desk, model_dsn: str) -> None:
    await make_role(desk, [{"object": "person", "read": {"fields": {"allBut": ["email", "company"]}}}])
    async with reader_of(desk, model_dsn, role="rep") as reader:
        columns = reader.columns()
        assert set(columns) == {"people"}
        assert "firstName" in columns["people"]
        assert columns["people"].keys().isdisjoint({"email", "companyId"})
        # A new field belongs to "all but these"; a new object has no grant.
        await desk.change(lambda s: [new_field(person(s), "shown"), new_object("secret")])
        assert "shown" in reader.columns()["people"]
        assert set(reader.columns()) == {"people"}
        assert await findings(desk) == []


async def test_a_view_is_a_barrier_for_a_role_that_may_not_read_deleted_records(desk: Desk, model_dsn: str) -> None:
    """PostgreSQL may call a function of the reader for the other rows of a view that is none."""
    insert(model_dsn, """person (email, "deletedAt") VALUES ('gone@example.com', now())""")
    await make_role(desk, [{"object": "person", "read": {"fields": {"allBut": ["deletedAt"]}}}])
    options = "SELECT reloptions FROM pg_class WHERE oid = 'people'::regclass"
    async with reader_of(desk, model_dsn, role="rep") as reader, reader_of(desk, model_dsn, ending="_2") as viewer:
        assert reader.rows(options) == [(["security_barrier=true"],)]
        # The role reads deleted records by a filter anyway, and its plans use all indexes.
        assert viewer.rows(options) == [(None,)]
        with psycopg.connect(reader.dsn) as connection:
            connection.read_only = False
            connection.execute("""
                CREATE FUNCTION pg_temp.spy(text) RETURNS boolean COST 0.0001 LANGUAGE plpgsql
                    AS $do$ BEGIN RAISE EXCEPTION 'seen %', $1; END $do$
            """)
            assert connection.execute("SELECT 1 FROM people WHERE pg_temp.spy(email)").fetchall() == []
        assert await findings(desk) == []


async def test_a_relation_to_a_hidden_object_is_in_no_view(desk: Desk, model_dsn: str) -> None:
    await make_role(desk, [{"object": "person", "read": {}}])
    async with reader_of(desk, model_dsn, role="rep") as reader:
        assert "companyId" not in reader.columns()["people"]
        await change_role(desk, grants=[{"object": "person", "read": {}}, {"object": "company", "read": {}}])
        assert "companyId" in reader.columns()["people"]
        assert "companies" in reader.columns()


async def test_an_object_that_is_not_read_has_no_view(desk: Desk, model_dsn: str) -> None:
    await make_role(desk, [{"object": "person", "create": {}}, {"object": "activity", "read": {}}])
    async with reader_of(desk, model_dsn, role="rep") as reader:
        assert set(reader.columns()) == {"activities"}
        assert reader.made.hidden == ()


async def test_rights_that_a_role_loses_are_lost_in_its_views_at_once(desk: Desk, model_dsn: str) -> None:
    await make_role(desk, [{"object": "*", "read": {}}])
    async with reader_of(desk, model_dsn, role="rep") as reader, reader_of(desk, model_dsn, ending="_2") as viewer:
        whole = viewer.columns()
        assert reader.columns() == whole
        await change_role(desk, grants=[{"object": "*", "read": {}}, {"object": "person", "read": {"rule": MINE}}])
        assert reader.columns() == whole
        assert reader.rows("SELECT reloptions FROM pg_class WHERE oid = 'people'::regclass") == [
            (["security_barrier=true"],)
        ]
        await change_role(desk, grants=[{"object": "person", "read": {"fields": {"only": ["city"]}}}])
        assert {name: set(columns) for name, columns in reader.columns().items()} == {"people": {"id", "city"}}
        await change_role(desk, grants=[])
        assert reader.columns() == {}
        assert viewer.columns() == whole
        assert await findings(desk) == []


async def test_a_role_with_limits_has_no_views(desk: Desk, model_dsn: str) -> None:
    await make_role(desk, [{"object": "*", "read": {}}])
    async with reader_of(desk, model_dsn, role="rep") as reader:
        assert reader.columns()
        await change_role(desk, limits={"rateLimit": 5})
        assert reader.columns() == {}
        with pytest.raises(InvalidChange, match="limits of its own"):
            await (await sql_roles(desk)).create(
                "never_made", role="rep", snake_case=False, connections=1, statement_seconds=1
            )
        await change_role(desk, limits=None)
        assert reader.columns()


async def test_a_role_that_a_sql_role_has_is_not_deleted(desk: Desk, model_dsn: str) -> None:
    await make_role(desk, [{"object": "*", "read": {}}])
    async with reader_of(desk, model_dsn, role="rep") as reader:
        with pytest.raises(InvalidChange, match=f'the SQL role "{reader.made.name}" has this role'):
            await desk.change(lambda s: [DeleteRole(role_id=role_named(s, "rep").id)])
    await desk.change(lambda s: [DeleteRole(role_id=role_named(s, "rep").id)])
    with pytest.raises(UnknownObject, match='no role "rep"; the workspace has admin, editor, viewer'):
        await (await sql_roles(desk)).create(
            "never_made", role="rep", snake_case=False, connections=1, statement_seconds=1
        )
