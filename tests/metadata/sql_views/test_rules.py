"""metadata/sql_views: the records and cells under rules, read by the logins of the database themselves."""

from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest

from fieldstone.metadata.changes import UpdateField, UpdateObject, UpdateRole
from fieldstone.metadata.doctor.rewrite import rewrite_table
from fieldstone.metadata.doctor.views import repair_views
from fieldstone.metadata.errors import InvalidChange, PrincipalValueRefused
from fieldstone.metadata.field_types import FieldType
from fieldstone.metadata.model import Snapshot
from fieldstone.metadata.workspaces.registry import DEFAULT_WORKSPACE
from fieldstone.metadata.writer.transaction import ModelTransaction
from tests.metadata.desk import Desk, new_field, new_object, new_relation, person, role_named
from tests.metadata.sql_views.readers import Reader, change_role, findings, make_role, reader_of, sql_roles
from tests.metadata.updates import field_of, insert, update
from tests.older_zones import put_zone

ADA, BOB = UUID(int=1, version=4), UUID(int=2, version=4)
CLAIMS = [{"name": "userId", "type": "UUID"}]
OWN_OR_TEAM = {
    "or": [
        {"ownerId": {"eq": "$principal.userId"}},
        {"company": {"accountTeam": {"some": {"userId": {"eq": "$principal.userId"}}}}},
    ]
}


@pytest.fixture
async def teams(desk: Desk, model_dsn: str) -> str:
    """Three people: Ada's own, one of a company in whose team Ada is, and one of nobody; the last is a deleted one."""
    made = new_object("teamMember")
    await desk.change(
        lambda s: [made, new_field(made.id, "userId", FieldType.UUID), new_field(person(s), "ownerId", FieldType.UUID)]
    )
    await desk.change(
        lambda s: [
            new_relation(
                s.objects[made.id], "company", s.by_singular["company"], "Account team", target_field_name="accountTeam"
            )
        ]
    )
    with psycopg.connect(model_dsn) as connection:
        connection.execute("SET search_path = workspace_default")
        connection.execute("INSERT INTO company (name) VALUES ('Acme')")
        connection.execute(
            'INSERT INTO "teamMember" (name, "userId", "companyId") SELECT %s, %s, id FROM company', ("Ada", ADA)
        )
        for name, owner, company, deleted in (
            ("own", ADA, False, False),
            ("team", BOB, True, False),
            ("other", BOB, False, False),
            ("gone", ADA, True, True),
        ):
            connection.execute(
                'INSERT INTO person (email, "firstName", city, "ownerId", "companyId", "deletedAt") VALUES'
                " (gen_random_uuid(), %s, 'Bonn', %s, CASE WHEN %s THEN (SELECT id FROM company) END,"
                " CASE WHEN %s THEN now() END)",
                (name, owner, company, deleted),
            )
    return model_dsn


def names(reader: Reader) -> list[str]:
    return [name for (name,) in reader.rows('SELECT "firstName" FROM people ORDER BY 1')]


async def test_each_login_reads_what_its_values_let_it(desk: Desk, teams: str) -> None:
    await make_role(desk, [{"object": "person", "read": {"rule": OWN_OR_TEAM}}], claims=CLAIMS)
    async with (
        reader_of(desk, teams, role="rep", claims={"userId": str(ADA)}) as ada,
        reader_of(desk, teams, role="rep", claims={"userId": str(BOB)}, ending="_2") as bob,
        reader_of(desk, teams, role="rep", ending="_3") as nobody,
        reader_of(desk, teams, role="rep", claims={"userId": str(ADA)}, ending="_4") as same,
    ):
        assert names(ada) == names(same) == ["own", "team"]
        assert names(bob) == ["other", "team"]
        assert nobody.columns() == {}
        assert (ada.made.hidden, nobody.made.hidden) == ((), ("people",))
        assert ada.made.schema == same.made.schema
        assert len({ada.made.schema, bob.made.schema, nobody.made.schema}) == 3
        assert set(ada.columns()) == {"people"}
        for reader in (ada, bob):
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                reader.rows("SELECT * FROM workspace_default.person")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            ada.rows(f'SELECT * FROM "{bob.made.schema}".people')  # noqa: S608 - a name of this test
        assert await findings(desk) == []
        # A record that enters the world of a login is seen at once, one that leaves it is not.
        insert(teams, f"""person (email, "firstName", "ownerId") VALUES (gen_random_uuid(), 'new', '{ADA}')""")
        with psycopg.connect(teams) as connection:
            connection.execute("""UPDATE workspace_default."teamMember" SET "deletedAt" = now()""")
        assert names(ada) == ["new", "own"]


async def test_a_function_of_a_reader_is_called_for_no_other_record(desk: Desk, teams: str) -> None:
    """PostgreSQL runs the cheapest condition first, unless the view is a barrier."""
    await make_role(desk, [{"object": "person", "read": {"rule": OWN_OR_TEAM}}], claims=CLAIMS)
    async with reader_of(desk, teams, role="rep", claims={"userId": str(ADA)}) as reader:
        with psycopg.connect(reader.dsn) as connection:
            connection.read_only = False
            seen: list[str] = []
            connection.add_notice_handler(lambda notice: seen.append(notice.message_primary or ""))
            connection.execute("""
                CREATE FUNCTION pg_temp.spy(text) RETURNS boolean COST 0.0001 LANGUAGE plpgsql
                    AS $do$ BEGIN RAISE NOTICE '%', $1; RETURN true; END $do$
            """)
            for condition in ('pg_temp.spy("firstName")', "pg_temp.spy(\"firstName\") OR city = 'x'"):
                connection.execute(f"SELECT 1 FROM people WHERE {condition}".encode())  # noqa: S608 - of this test
            # A hidden record raises nothing.
            divide = """SELECT 1 FROM people WHERE 1 / (CASE "firstName" WHEN %s THEN 0 ELSE 1 END) = 1"""
            connection.execute(divide, ("other",))
            with pytest.raises(psycopg.errors.DivisionByZero):
                connection.execute(divide, ("own",))
        assert set(seen) == {"own", "team"}


async def test_a_field_of_some_ways_is_null_in_the_other_records(desk: Desk, teams: str) -> None:
    ways = [
        {"fields": {"only": ["firstName", "city"]}},
        {"rule": {"ownerId": {"eq": "$principal.userId"}}, "fields": {"only": ["firstName", "ownerId"]}},
    ]
    await make_role(desk, [{"object": "person", "read": ways}], claims=CLAIMS)
    async with (
        reader_of(desk, teams, role="rep", claims={"userId": str(ADA)}) as ada,
        reader_of(desk, teams, role="rep", ending="_2") as nobody,
    ):
        found = ada.rows('SELECT "firstName", city, "ownerId" FROM people ORDER BY 1')
        assert found == [("other", "Bonn", None), ("own", "Bonn", ADA), ("team", "Bonn", None)]
        # A way that needs a value which is not given reads nothing.
        assert set(nobody.columns()["people"]) == {"id", "firstName", "city"}
        assert names(nobody) == ["other", "own", "team"]
        assert await findings(desk) == []


EACH = ["O'Brien \\ % {} $1", "Zoë", "zulu"]
RULES: list[tuple[Any, list[str]]] = [
    ({}, EACH),
    ({"firstName": {"eq": "O'Brien \\ % {} $1"}}, ["O'Brien \\ % {} $1"]),
    ({"firstName": {"in": ['"', "Zoë", "{}"]}}, ["Zoë"]),
    ({"firstName": {"contains": "zoe"}}, ["Zoë"]),
    ({"firstName": {"startsWith": "O'B"}}, ["O'Brien \\ % {} $1"]),
    ({"firstName": {"gt": "zoa"}}, ["Zoë", "zulu"]),
    ({"firstName": {"like": "%\\%%"}}, ["O'Brien \\ % {} $1"]),
    (
        {"createdAt": {"within": {"last": 1, "unit": "DAY", "timeZone": "Europe/Berlin"}}},
        EACH,
    ),
    ({"createdAt": {"inFuture": True}}, []),
    ({"company": {"is": "NULL"}}, EACH),
    ({"not": {"firstName": {"ieq": "ZULU"}}}, ["O'Brien \\ % {} $1", "Zoë"]),
    ({"activitiesAggregate": {"count": {"eq": 0}}}, EACH),
]


@pytest.mark.parametrize(("rule", "expected"), RULES, ids=[str(rule)[:50] for rule, _ in RULES])
async def test_a_rule_is_written_into_the_view(rule: Any, expected: list[str], desk: Desk, model_dsn: str) -> None:
    for name in ("O''Brien \\ % {} $1", "Zoë", "zulu"):
        insert(model_dsn, f"""person (email, "firstName") VALUES (gen_random_uuid(), '{name}')""")
    await make_role(desk, [{"object": "person", "read": {"rule": rule}}])
    async with reader_of(desk, model_dsn, role="rep") as reader:
        assert sorted(names(reader)) == sorted(expected)
        assert await findings(desk) == []


async def test_a_value_is_quoted(desk: Desk, model_dsn: str) -> None:
    value = "x' OR true -- \\' $1::uuid {} %s"
    insert(model_dsn, """person (email, "firstName") VALUES (gen_random_uuid(), 'x')""")
    await make_role(
        desk,
        [{"object": "person", "read": {"rule": {"firstName": {"in": "$principal.names"}}}}],
        claims=[{"name": "names", "type": "TEXT", "isList": True}],
    )
    async with reader_of(desk, model_dsn, role="rep", claims={"names": [value, '"},{']}) as reader:
        assert names(reader) == []
        with psycopg.connect(model_dsn) as connection:
            connection.execute(
                'INSERT INTO workspace_default.person (email, "firstName") VALUES (gen_random_uuid(), %s)', (value,)
            )
        assert names(reader) == [value]
        assert await findings(desk) == []


async def test_a_changed_rule_changes_the_view_in_the_same_transaction(desk: Desk, teams: str) -> None:
    def grants(rule: Any) -> Any:
        return [{"object": "person", "read": {"rule": rule}}]

    await make_role(desk, grants({"firstName": {"eq": "own"}}), claims=CLAIMS)
    async with reader_of(desk, teams, role="rep", claims={"userId": str(ADA)}) as reader:
        assert names(reader) == ["own"]
        await change_role(desk, grants=grants({"firstName": {"eq": "other"}}))
        assert names(reader) == ["other"]
        # A transaction that is refused at its second change changes no view.
        with pytest.raises(InvalidChange):
            await desk.change(
                lambda s: [
                    UpdateRole(role_id=role_named(s, "rep").id, grants=grants({})),
                    UpdateField(field_id=field_of(s, "person", "city").id, name="not a name"),
                ]
            )
        assert names(reader) == ["other"]
        # One transaction renames the field that the rule names, and changes the rule by the new name.
        await desk.change(
            lambda s: [
                UpdateField(field_id=field_of(s, "person", "ownerId").id, name="keeperId"),
                UpdateRole(role_id=role_named(s, "rep").id, grants=grants({"keeperId": {"eq": "$principal.userId"}})),
            ]
        )
        assert names(reader) == ["own"]
        # The value is not of the type that the role declares now.
        await desk.change(
            lambda s: [
                UpdateRole(
                    role_id=role_named(s, "rep").id,
                    claims=[{"name": "userId", "type": "INT"}, {"name": "id", "type": "UUID"}],
                    grants=grants({"keeperId": {"eq": "$principal.id"}}),
                )
            ]
        )
        assert reader.columns() == {}
        await change_role(desk, claims=CLAIMS, grants=grants(OWN_OR_TEAM | {"or": OWN_OR_TEAM["or"][1:]}))
        assert names(reader) == ["team"]
        await change_role(desk, grants=[])
        assert reader.columns() == {}
        assert await findings(desk) == []


def _rename_team(snapshot: Snapshot) -> list[Any]:
    (made,) = (one for one in snapshot.objects.values() if one.name_singular == "teamMember")
    return [UpdateObject(object_id=made.id, name_singular="seat", name_plural="seats")]


@pytest.mark.parametrize(
    "build",
    [
        update("teamMember", "userId", name="memberId"),
        update("teamMember", "userId", label="Member"),
        update("teamMember", "name", name="title"),
        _rename_team,
        update("company", "accountTeam", name="crew"),
        update("person", "company", name="firm"),
        update("person", "city", type=FieldType.LINKS),
        lambda s: [new_field(s.by_singular["company"], "more")],
    ],
)
async def test_a_change_of_another_object_leaves_the_rule_as_it_was(build: Any, desk: Desk, teams: str) -> None:
    await make_role(desk, [{"object": "person", "read": {"rule": OWN_OR_TEAM}}], claims=CLAIMS)
    async with reader_of(desk, teams, role="rep", claims={"userId": str(ADA)}) as reader:
        await desk.change(build)
        assert names(reader) == ["own", "team"]
        assert await findings(desk) == []


async def test_a_table_that_a_rule_reads_is_written_again(desk: Desk, teams: str) -> None:
    await make_role(desk, [{"object": "person", "read": {"rule": OWN_OR_TEAM}}], claims=CLAIMS)

    async def body(transaction: ModelTransaction) -> None:
        await rewrite_table(transaction, transaction.snapshot.by_singular["teamMember"], largest=1 << 30)

    async with reader_of(desk, teams, role="rep", claims={"userId": str(ADA)}) as reader:
        before = reader.rows("SELECT 'people'::regclass::oid")
        await desk.writer.run((await desk.default()).workspace.id, body, actor="test")
        assert names(reader) == ["own", "team"]
        assert reader.rows("SELECT 'people'::regclass::oid") != before
        assert await findings(desk) == []


@pytest.mark.parametrize(
    ("claims", "error", "message"),
    [
        ({"userID": str(uuid4())}, InvalidChange, r'declares no value "userID": it declares userId \(UUID\)'),
        ({"userId": "me"}, PrincipalValueRefused, "'userId' of the type UUID, which must be"),
    ],
)
async def test_values_that_are_refused(
    claims: Any, error: type[Exception], message: str, desk: Desk, teams: str
) -> None:
    await make_role(desk, [{"object": "person", "read": {"rule": OWN_OR_TEAM}}], claims=CLAIMS)
    with pytest.raises(error, match=message):
        await (await sql_roles(desk)).create(
            "never_made", role="rep", claims=claims, snake_case=False, connections=1, statement_seconds=1
        )


async def test_a_value_that_does_not_fit_hides_the_object(desk: Desk, model_dsn: str) -> None:
    insert(model_dsn, """person (email, "firstName") VALUES (gen_random_uuid(), 'x')""")
    await make_role(
        desk,
        [{"object": "person", "read": {"rule": {"firstName": {"like": "$principal.like"}}}}],
        claims=[{"name": "like", "type": "TEXT"}],
    )
    async with reader_of(desk, model_dsn, role="rep", claims={"like": "%\\"}) as reader:
        assert reader.columns() == {}
        assert reader.made.hidden == ("people",)


async def test_the_doctor_makes_a_missing_view_under_its_rule(desk: Desk, model_dsn: str) -> None:
    """An older release made no views under rules."""
    for name in ("100 %", "other"):
        insert(model_dsn, f"""person (email, "firstName") VALUES (gen_random_uuid(), '{name}')""")
    await make_role(desk, [{"object": "person", "read": {"rule": {"firstName": {"like": "100 \\%"}}}}])
    async with reader_of(desk, model_dsn, role="rep") as reader:
        with psycopg.connect(model_dsn) as connection:
            connection.execute(f'DROP VIEW "{reader.made.schema}".people'.encode())
        assert await findings(desk) == [f"The view {reader.made.schema}.people is not there."]
        assert await desk.writer.run((await desk.default()).workspace.id, repair_views, actor="test") == 1
        assert names(reader) == ["100 %"]
        assert await findings(desk) == []


async def test_a_zone_that_an_older_release_took_stays_in_the_view(desk: Desk, model_dsn: str) -> None:
    """The doctor took the view away."""
    insert(model_dsn, """person (email, "firstName") VALUES (gen_random_uuid(), 'x')""")
    rule = {"createdAt": {"within": {"last": 1, "unit": "DAY", "timeZone": "Europe/Berlin"}}}
    await make_role(desk, [{"object": "person", "read": {"rule": rule}}])
    put_zone(model_dsn, "CET")
    desk.current.doubt((await desk.workspaces.find(DEFAULT_WORKSPACE)).id)
    async with reader_of(desk, model_dsn, role="rep") as reader:
        assert names(reader) == ["x"]
        assert await findings(desk) == []
