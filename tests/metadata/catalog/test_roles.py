"""Roles in the catalog: each workspace has the three it begins with, also one that is older than roles."""

from dataclasses import replace
from uuid import UUID

import psycopg
import pytest

from fieldstone.metadata.access.effective import effective_rights
from fieldstone.metadata.catalog.migrate import MIGRATIONS, Catalog
from fieldstone.metadata.catalog.store import read_snapshot
from fieldstone.metadata.errors import InvalidChange
from fieldstone.metadata.ids import new_id
from fieldstone.metadata.json_text import JsonValue, dumps, loads
from fieldstone.metadata.model import Snapshot
from fieldstone.metadata.roles.claim_types import CLAIM_TYPES
from fieldstone.metadata.roles.encoding import decode_rights, encode_rights
from fieldstone.metadata.roles.role import (
    ADMIN,
    EDITOR,
    VIEWER,
    WHOLLY,
    Action,
    Claim,
    Fields,
    Grant,
    Role,
    RoleLimits,
    Setting,
    Stored,
    Way,
)
from fieldstone.metadata.roles.system_roles import system_roles
from tests.databases import Databases
from tests.metadata.desk import Desk, connect_database, role_named
from tests.models import empty_snapshot


@pytest.fixture
async def model(desk: Desk) -> Snapshot:
    return await desk.default()


NOBODY = UUID(int=0)

RICH = Role(
    id=new_id(),
    name="rep",
    label="Sales rep",
    description="Own opportunities.",
    parents=(new_id(), new_id()),
    grants=(
        Grant(object_id=None, action=Action.READ),
        Grant(object_id=new_id(), action=Action.READ, ways=(), aggregates=False),
        Grant(
            object_id=new_id(),
            action=Action.UPDATE,
            ways=(
                Way(
                    rule=Stored('{"@1":{"eq":"$principal.userId"}}'),
                    fields=Fields(ids=frozenset({new_id()}), only=True),
                ),
                Way(check=Stored("{}"), presets=Stored('{"@1":"1.50"}')),
            ),
        ),
    ),
    claims=tuple(
        Claim(name=name.lower(), scalar=scalar, is_list=place % 2 == 0, may_lack=place == 2)
        for place, (name, scalar) in enumerate(CLAIM_TYPES.items())
    ),
    limits=RoleLimits(page=100, cost=5, rate=60),
    settings=frozenset({Setting.API_KEYS, Setting.HISTORY}),
)


def without_ids(roles: dict[UUID, Role]) -> list[Role]:
    return [replace(role, id=NOBODY) for role in roles.values()]


@pytest.mark.parametrize("role", [RICH, *system_roles()], ids=lambda role: role.name)
def test_a_role_is_the_same_after_its_json(role: Role) -> None:
    assert replace(role, **decode_rights(loads(dumps(encode_rights(role))))) == role


def test_parts_of_a_newer_process_grant_nothing() -> None:
    written = encode_rights(RICH)
    *others, last = written["grants"]
    several: JsonValue = {"fields": {"only": [], "these": []}}
    ways = [{**last["ways"][0], "until": "2030"}, {"fields": {"these": []}}, several, last["ways"][1]]
    later = [*others, {**last, "action": "export"}, {**last, "ways": ways}]
    read = decode_rights({**written, "grants": later, "settings": ["EVERYTHING", "ROLES"]})
    assert [grant.ways for grant in read["grants"]] == [
        *(grant.ways for grant in RICH.grants[:2]),
        RICH.grants[2].ways[1:],
    ]
    assert read["settings"] == {Setting.ROLES}


def test_a_grant_with_a_newer_part_grants_nothing_and_that_for_all_objects_does_not_stand_in_for_it() -> None:
    every, _, last = encode_rights(RICH)["grants"]
    read = decode_rights({**encode_rights(RICH), "grants": [every, {**last, "action": "read", "until": "2030"}]})
    role = replace(RICH, parents=(), grants=read["grants"])
    rights = effective_rights(empty_snapshot(), role)
    assert (rights.on(UUID(last["object"])).read, rights.on(NOBODY).read) == ((), WHOLLY)


CLAIM = encode_rights(RICH)["claims"][0]
NEWER: dict[str, dict[str, JsonValue]] = {
    "a claim of an unknown type": {"claims": [{**CLAIM, "type": "SHAPE"}]},
    "a claim with an unknown member": {"claims": [{**CLAIM, "pattern": "[a-z]+"}]},
    "an unknown limit": {"limits": {"page": 100, "rows": 5}},
}


@pytest.mark.parametrize("newer", NEWER.values(), ids=NEWER.keys())
def test_a_role_with_a_part_that_binds_all_of_it_grants_and_inherits_nothing(newer: dict[str, JsonValue]) -> None:
    read = decode_rights({**encode_rights(RICH), **newer})
    assert (read["grants"], read["parents"]) == ((), ())


async def test_a_workspace_begins_with_three_roles(desk: Desk) -> None:
    made = await desk.workspaces.create("acme", actor="test", standard=False)
    assert without_ids(dict(made.roles)) == without_ids({role.id: role for role in system_roles()})
    assert await desk.reload(made.workspace.id) == made
    other = await desk.default()
    assert not other.roles.keys() & made.roles.keys()


async def test_what_admin_may(model: Snapshot) -> None:
    admin = role_named(model, ADMIN)
    assert {grant.action for grant in admin.grants} == set(Action)
    assert admin.settings == set(Setting)
    assert {grant.action for grant in role_named(model, VIEWER).grants} == {Action.READ}
    assert Action.DESTROY not in {grant.action for grant in role_named(model, EDITOR).grants}
    assert not role_named(model, EDITOR).settings


async def test_a_workspace_that_is_older_than_roles_gets_them_and_its_keys_are_admins(databases: Databases) -> None:
    older = tuple(one for one in MIGRATIONS if one.name != "roles")
    first_of_roles = next(one.version for one in MIGRATIONS if one.name == "roles")
    before = tuple(one for one in older if one.version < first_of_roles)
    ids = {name: new_id() for name in ("one", "two", "key", "hook")}
    with databases.clone() as dsn:
        database = connect_database(dsn)
        await database.open()
        await Catalog.migrate(database, before)
        with psycopg.connect(dsn, autocommit=True) as connection:
            for name in ("one", "two"):
                connection.execute(
                    "INSERT INTO fieldstone.workspace (id, name, schema_name) VALUES (%s, %s, %s)",
                    [ids[name], name, f"workspace_{name}"],
                )
            connection.execute(
                "INSERT INTO fieldstone.api_key (id, workspace_id, name, token_hash, role)"
                " VALUES (%s, %s, 'old', sha256('x'), 'admin')",
                [ids["key"], ids["two"]],
            )
            connection.execute(
                "INSERT INTO fieldstone.webhook (id, workspace_id, target_url, secret, start_position)"
                " VALUES (%s, %s, 'https://example.com', 's', 0)",
                [ids["hook"], ids["two"]],
            )
            await Catalog.migrate(database)
            async with database.session() as session:
                models = [await read_snapshot(session, ids[name]) for name in ("one", "two")]
            expected = without_ids({role.id: role for role in system_roles()})
            assert [without_ids(dict(model.roles)) for model in models] == [expected, expected]
            assert not models[0].roles.keys() & models[1].roles.keys()
            held = connection.execute(
                "SELECT role_id FROM fieldstone.api_key UNION ALL SELECT role_id FROM fieldstone.webhook"
            ).fetchall()
        await database.close()
    assert held == [(role_named(models[1], ADMIN).id,)] * 2


async def test_an_unchanged_role_is_the_same_instance_after_a_load(desk: Desk, model: Snapshot, model_dsn: str) -> None:
    with psycopg.connect(model_dsn, autocommit=True) as connection:
        connection.execute("UPDATE fieldstone.workspace SET version = version + 1")
        connection.execute(
            "UPDATE fieldstone.role SET label = 'Reader', version = %s WHERE name = 'viewer'", [model.version + 1]
        )
    async with desk.database.session() as session:
        after = await read_snapshot(session, model.workspace.id, model)
    assert role_named(after, ADMIN) is role_named(model, ADMIN)
    assert role_named(after, VIEWER) == replace(role_named(model, VIEWER), label="Reader")
    assert after.objects == model.objects


async def test_a_key_has_a_role_by_name(desk: Desk, model: Snapshot) -> None:
    made = await desk.keys.create(model.workspace.id, "report", role=VIEWER)
    principal = await desk.keys.authenticate(made.token)
    assert principal is not None
    assert (principal.role, made.key.role) == (role_named(model, VIEWER).id, VIEWER)
    with pytest.raises(InvalidChange, match=r'no role "boss"; the workspace has admin, editor, viewer') as refused:
        await desk.keys.create(model.workspace.id, "report", role="boss")
    assert refused.value.field == "role"
