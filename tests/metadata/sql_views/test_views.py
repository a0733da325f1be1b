"""metadata/sql_views: the views of a SQL role have the names, types and records of the model after each change."""

import asyncio
from typing import Any

import psycopg
import pytest

from fieldstone.metadata.changes import DeleteField, DeleteObject, UpdateField, UpdateObject
from fieldstone.metadata.errors import InvalidChange, NameTaken, UnknownObject
from fieldstone.metadata.field_types import FieldType
from fieldstone.metadata.model import Snapshot
from fieldstone.metadata.sql_views.definition import snake_case
from fieldstone.metadata.workspaces.registry import DEFAULT_WORKSPACE
from fieldstone.metadata.workspaces.removal import delete_workspace
from fieldstone.metadata.workspaces.sql_roles import SqlRoles
from fieldstone.metadata.writer.dry_run import preview
from fieldstone.metadata.writer.rollback import roll_back
from fieldstone.metadata.writer.transaction import ModelTransaction
from tests.metadata.desk import Desk, new_field, new_object, new_relation, person
from tests.metadata.sql_views.readers import findings, reader_of, sql_roles
from tests.metadata.updates import field_of, insert, options, update


async def test_a_view_has_the_live_records_under_names_of_the_api(desk: Desk, model_dsn: str) -> None:
    async with reader_of(desk, model_dsn) as reader:
        insert(model_dsn, """person ("firstName", email) VALUES ('Ada', 'a@example.com')""")
        insert(model_dsn, """person ("firstName", email, "deletedAt") VALUES ('Bob', 'b@example.com', now())""")
        assert reader.rows('SELECT "firstName", email, "companyId" FROM people') == [("Ada", "a@example.com", None)]
        columns = reader.columns()
        assert set(columns) == {"people", "companies", "opportunities", "activities"}
        assert columns["people"]["companyId"] == "uuid"
        assert columns["people"]["createdAt"] == "timestamp with time zone"
        assert {"createdBySource", "createdByName"} <= columns["people"].keys()
        assert "deletedAt" not in columns["people"]
        assert columns["opportunities"]["closeDate"] == "date"
        assert columns["opportunities"]["stage"] == "text"
        assert await findings(desk) == []


async def test_names_may_be_of_snake_case(desk: Desk, model_dsn: str) -> None:
    async with reader_of(desk, model_dsn, snake_case=True) as reader, reader_of(desk, model_dsn, ending="_2") as other:
        await desk.change(lambda snapshot: [new_object("bigDeal"), new_field(person(snapshot), "homeURL")])
        columns = reader.columns()
        assert {"first_name", "company_id", "created_by_source", "home_u_r_l"} <= columns["people"].keys()
        assert "big_deals" in columns
        assert "bigDeals" in other.columns()
        assert reader.made.schema != other.made.schema


@pytest.mark.parametrize(
    ("name", "spelled"),
    [("name", "name"), ("firstName", "first_name"), ("aBC", "a_b_c"), ("a1B", "a1_b")],
)
def test_snake_case(name: str, spelled: str) -> None:
    assert snake_case(name) == spelled


def test_long_names_of_snake_case_differ() -> None:
    one, other = (snake_case("aB" * 30 + ending) for ending in ("x", "y"))
    assert len(one) == len(other) == 63
    assert one != other


async def test_labels_and_descriptions_are_comments(desk: Desk, model_dsn: str) -> None:
    async with reader_of(desk, model_dsn) as reader:
        await desk.change(
            lambda snapshot: [
                UpdateObject(object_id=person(snapshot).id, description="All the people's"),
                UpdateField(field_id=field_of(snapshot, "person", "city").id, label="Town", description="Of \\ 'work'"),
                new_field(person(snapshot), "pay", FieldType.CURRENCY, label="Pay", description="Gross"),
            ]
        )
        found = dict(
            reader.rows(
                "SELECT attname::text, col_description(attrelid, attnum) FROM pg_attribute"
                " WHERE attrelid = 'people'::regclass"
            )
        )
        assert found["city"] == "Town: Of \\ 'work'"
        assert found["payAmountMicros"] == "Pay (amountMicros): Gross"
        assert reader.rows("SELECT obj_description('people'::regclass)") == [("People: All the people's",)]
        assert reader.columns()["people"]["payAmountMicros"] == "bigint"


def _retype(snapshot: Snapshot) -> list[Any]:
    return [
        UpdateField(
            field_id=field_of(snapshot, "company", "website").id,
            name="staff",
            type=FieldType.NUMBER,
            settings={"dataType": "int"},
        )
    ]


async def test_a_renamed_and_retyped_field_is_seen_at_once(desk: Desk, model_dsn: str) -> None:
    insert(model_dsn, "company (name, website) VALUES ('Acme', '12')")
    async with reader_of(desk, model_dsn) as reader:
        await desk.change(_retype)
        assert reader.rows("SELECT staff FROM companies") == [(12,)]
        assert "website" not in reader.columns()["companies"]
        assert await findings(desk) == []


async def test_a_dry_run_shows_the_statements_of_the_views(desk: Desk, model_dsn: str) -> None:
    insert(model_dsn, "company (name, website) VALUES ('Acme', '12')")
    builds = [lambda snapshot: _retype(snapshot)[0], lambda snapshot: new_field(person(snapshot), "score")]

    async def body(transaction: ModelTransaction) -> Any:
        return (await preview(transaction, builds)).plan["sql"]

    async with reader_of(desk, model_dsn) as reader:
        workspace = await desk.workspaces.find(DEFAULT_WORKSPACE)
        shown = await desk.writer.run(workspace.id, body, actor="test")
        schema, login = reader.made.schema, reader.made.name
        dropped = [place for place, one in enumerate(shown) if one.startswith("DROP VIEW")]
        assert [shown[place] for place in dropped] == [
            f'DROP VIEW IF EXISTS "{schema}"."{name}"' for name in ("companies", "people")
        ]
        made = [one for one in shown if one.startswith("CREATE VIEW")]
        assert len(made) == 2
        assert any('AS "staff"' in one for one in made)
        assert any('AS "score"' in one for one in made)
        assert max(dropped) < min(map(shown.index, made))
        assert {one for one in shown if one.startswith("GRANT")} == {
            f'GRANT SELECT ON "{schema}"."{name}" TO "{login}"' for name in ("companies", "people")
        }
        # Nothing was made.
        assert "score" not in reader.columns()["people"]
        assert await findings(desk) == []


CHANGES: list[tuple[Any, dict[str, set[str] | None]]] = [
    (lambda s: [new_field(person(s), "score", FieldType.NUMBER)], {"people": {"score"}}),
    (update("person", "city", name="town"), {"people": {"town", "-city"}}),
    (update("person", "city", is_active=False), {"people": {"-city"}}),
    (lambda _: [new_object("deal")], {"deals": {"id", "name"}}),
    (
        lambda s: [
            new_relation(person(s), "boss", s.by_singular["company"], "Led people", target_field_name="ledPeople")
        ],
        {"people": {"bossId"}, "companies": {"-ledPeopleId", "-ledPeople"}},
    ),
    (
        lambda s: [UpdateObject(object_id=person(s).id, name_singular="human", name_plural="humans")],
        {"people": None, "humans": {"firstName"}},
    ),
    (lambda s: [UpdateObject(object_id=person(s).id, is_active=False)], {"people": None}),
    (
        # The names of two objects are swapped.
        lambda s: [
            UpdateObject(object_id=person(s).id, name_singular="x", name_plural="xs"),
            UpdateObject(object_id=s.by_singular["company"].id, name_singular="person", name_plural="people"),
            UpdateObject(object_id=person(s).id, name_singular="company", name_plural="companies"),
        ],
        {"people": {"employees"}, "companies": {"jobTitle"}, "xs": None},
    ),
    (update("opportunity", "amount", type=FieldType.TEXT), {"opportunities": {"amount"}}),
    (update("person", "city", type=FieldType.LINKS), {"people": {"-city", "cityPrimaryLinkUrl"}}),
    (
        update("person", "city", type=FieldType.SELECT, options=options("BONN")),
        {"people": {"city"}},
    ),
]


@pytest.mark.parametrize(("build", "expected"), CHANGES)
async def test_each_change_changes_the_views_and_a_rollback_changes_them_back(
    build: Any, expected: dict[str, set[str] | None], desk: Desk, model_dsn: str
) -> None:
    async with reader_of(desk, model_dsn) as reader:
        before, first = reader.columns(), await desk.default()
        await desk.change(build)
        after = reader.columns()
        for view, names in expected.items():
            if names is None:
                assert view not in after
                continue
            for name in names:
                assert (name.removeprefix("-") in after[view]) is not name.startswith("-")
        assert await findings(desk) == []

        async def undo(transaction: ModelTransaction) -> None:
            await roll_back(transaction, first.version)

        await desk.writer.run(first.workspace.id, undo, actor="test")
        restored = reader.columns()
        assert {view: sorted(columns.items()) for view, columns in restored.items()} == {
            view: sorted(columns.items()) for view, columns in before.items()
        }
        assert await findings(desk) == []


async def test_deleted_parts_leave_the_views(desk: Desk, model_dsn: str) -> None:
    async with reader_of(desk, model_dsn) as reader:
        made = new_object("deal")
        await desk.change(lambda s: [made, new_field(made.id, "size"), new_field(person(s), "extra")])
        await desk.change(
            lambda s: [
                DeleteObject(object_id=made.id),
                DeleteField(field_id=field_of(s, "person", "extra").id),
            ]
        )
        assert "deals" not in reader.columns()
        assert "extra" not in reader.columns()["people"]


async def test_a_refused_change_leaves_the_views_as_they_were(desk: Desk, model_dsn: str) -> None:
    insert(model_dsn, "company (name, website) VALUES ('Acme', 'x')")
    async with reader_of(desk, model_dsn) as reader:
        before = reader.columns()
        with pytest.raises(InvalidChange):
            await desk.change(_retype)
        assert reader.columns() == before
        assert await findings(desk) == []


async def test_one_view_is_renewed_for_a_change_of_one_object(
    desk: Desk, model_dsn: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many objects there are, the statements of a change are those of the objects that it touches."""
    sent: list[str] = []

    async def statements(change: Any) -> int:
        sent.clear()
        original = psycopg.AsyncClientCursor.execute

        async def execute(self: Any, query: Any, *args: Any, **more: Any) -> Any:
            sent.append(query.decode() if isinstance(query, bytes) else str(query))
            return await original(self, query, *args, **more)

        with monkeypatch.context() as patch:
            patch.setattr(psycopg.AsyncClientCursor, "execute", execute)
            await desk.change(change)
        return sum(text.count(";\n") + 1 for text in sent)

    plain = await statements(lambda s: [new_field(person(s), "zero")])
    async with reader_of(desk, model_dsn):
        few = await statements(lambda s: [new_field(person(s), "one")])
        await desk.change(lambda _: [new_object(f"deal{number}") for number in range(40)])
        many = await statements(lambda s: [new_field(person(s), "two")])
        columns = len(person(await desk.default()).fields)
        assert sum(text.count("CREATE VIEW") for text in sent) == 1
        # The one column more has a comment of its own.
        assert many == few + 1
        assert few - plain < columns + 20


async def test_a_login_reads_nothing_but_views(desk: Desk, model_dsn: str) -> None:
    async with reader_of(desk, model_dsn) as reader:
        for statement in (
            "SELECT * FROM workspace_default.person",
            "SELECT * FROM fieldstone.api_key",
            "BEGIN READ WRITE; DELETE FROM people",
            """BEGIN READ WRITE; INSERT INTO people ("firstName") VALUES ('x')""",
            "BEGIN READ WRITE; CREATE VIEW mine AS SELECT 1",
        ):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                reader.rows(statement)
        with pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
            reader.rows("CREATE TEMPORARY TABLE mine (id int)")
        assert reader.rows("SHOW statement_timeout") == [("30s",)]
        assert reader.rows("SHOW search_path") == [(reader.made.schema,)]


async def test_logins_of_one_role_share_a_schema_until_the_last_is_dropped(desk: Desk, model_dsn: str) -> None:
    roles = await sql_roles(desk)
    async with reader_of(desk, model_dsn) as one:
        async with reader_of(desk, model_dsn, ending="_2") as other:
            assert one.made.schema == other.made.schema
            await desk.change(lambda _: [new_object("deal")])
            assert "deals" in one.columns()
            assert "deals" in other.columns()
            assert [found.name for found in await roles.list()] == [one.made.name, other.made.name]
            assert await roles.set_password(other.made.name) != other.made.password
        assert "deals" in one.columns()
        with pytest.raises(NameTaken, match="has a login"):
            await roles.create(one.made.name, role="viewer", snake_case=False, connections=1, statement_seconds=1)
    with psycopg.connect(model_dsn) as connection:
        left = connection.execute("SELECT nspname FROM pg_namespace WHERE nspname LIKE 'views%'").fetchall()
        noted = connection.execute(
            "SELECT action, subject_name, details FROM fieldstone.audit_log WHERE action LIKE 'SQL%' ORDER BY id"
        ).fetchall()
    assert left == []
    created, updated, deleted = (f"SQL_ROLE_{act}" for act in ("CREATED", "UPDATED", "DELETED"))
    assert noted == [
        (created, one.made.name, {"role": "viewer"}),
        (created, other.made.name, {"role": "viewer"}),
        (updated, other.made.name, {}),
        (deleted, other.made.name, {}),
        (deleted, one.made.name, {}),
    ]
    with pytest.raises(UnknownObject, match="no SQL role"):
        await roles.drop(one.made.name)
    with pytest.raises(UnknownObject, match="no SQL role"):
        await roles.set_password("nobody")


@pytest.mark.parametrize("name", ["", "1a", "A", "pg_x", "a-b", "a" * 64, 'a"b'])
async def test_names_that_are_refused(name: str, desk: Desk) -> None:
    with pytest.raises(InvalidChange, match="cannot be called"):
        await (await sql_roles(desk)).create(name, role="viewer", snake_case=False, connections=1, statement_seconds=1)


async def test_a_change_waits_for_a_statement_on_the_view(desk: Desk, model_dsn: str) -> None:
    async with reader_of(desk, model_dsn) as reader:
        with psycopg.connect(reader.dsn) as connection:
            connection.execute("SELECT * FROM people")
            rename = asyncio.create_task(desk.change(update("person", "city", name="town")))
            with psycopg.connect(model_dsn, autocommit=True) as watching:
                while not watching.execute("SELECT 1 FROM pg_locks WHERE NOT granted").fetchall():
                    assert not rename.done()
                    await asyncio.sleep(0.01)
            connection.rollback()
        await rename
        assert "town" in reader.columns()["people"]


async def test_a_deleted_workspace_takes_its_logins_along(desk: Desk, model_dsn: str) -> None:
    made = await desk.workspaces.create("other", actor="test")
    name = f"gone_with_{made.workspace.id.hex}"
    await SqlRoles(desk.writer, made.workspace.id, actor="test").create(
        name, role="viewer", snake_case=False, connections=1, statement_seconds=1
    )
    await delete_workspace(desk.database, made.workspace)
    with psycopg.connect(model_dsn) as connection:
        assert connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [name]).fetchall() == []
        assert connection.execute("SELECT 1 FROM pg_namespace WHERE nspname LIKE 'views%'").fetchall() == []
