"""Two real logins: one serves and can neither drop a table nor change the audit log, the other owns the tables."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import httpx
import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from fieldstone.engine import create_app
from fieldstone.metadata.errors import LoginsRefused
from fieldstone.sql.errors import WritesRefused
from fieldstone.sql.executor import Database
from fieldstone.sql.pool_settings import PoolSettings
from tests.databases import Databases
from tests.engine.server.conftest import client_of
from tests.engine.server.listening import listening
from tests.engine.server.prepared import migrate
from tests.engine.webhooks.target import target_server
from tests.processes.serving import run
from tests.sql.driving import BACKEND
from tests.waiting import until, until_found


@dataclass(frozen=True, slots=True, kw_only=True)
class Logins:
    """A database and the addresses of its logins."""

    admin: str
    owner: str
    serving: str

    def execute(self, statement: str) -> None:
        """Execute a statement as a superuser."""
        with psycopg.connect(self.admin, autocommit=True) as connection:
            connection.execute(statement)


@pytest.fixture
def logins(databases: Databases, server_dsn: str) -> Iterator[Logins]:
    """An empty database of an owner, and a login that serves."""
    with databases.clone() as dsn:
        name = str(conninfo_to_dict(dsn)["dbname"])
        owner, serving = f"{name}_owner", f"{name}_serving"
        with psycopg.connect(server_dsn, autocommit=True) as connection:
            for role in (owner, serving):
                connection.execute(sql.SQL("CREATE ROLE {} LOGIN").format(sql.Identifier(role)))
            connection.execute(sql.SQL("GRANT {} TO {}").format(sql.Identifier(serving), sql.Identifier(owner)))
            connection.execute(
                sql.SQL("ALTER DATABASE {} OWNER TO {}").format(sql.Identifier(name), sql.Identifier(owner))
            )
        try:
            yield Logins(admin=dsn, owner=make_conninfo(dsn, user=owner), serving=make_conninfo(dsn, user=serving))
        finally:
            with psycopg.connect(dsn, autocommit=True) as connection:
                for role in (serving, owner):
                    connection.execute(sql.SQL("DROP OWNED BY {} CASCADE").format(sql.Identifier(role)))
                    connection.execute(sql.SQL("ALTER DATABASE {} OWNER TO CURRENT_USER").format(sql.Identifier(name)))
                    connection.execute(sql.SQL("DROP ROLE {}").format(sql.Identifier(role)))


@asynccontextmanager
async def served(logins: Logins, **settings: Any) -> AsyncIterator[tuple[Any, httpx.AsyncClient]]:
    app = create_app(
        **{
            "database_url": logins.serving,
            "owner_database_url": logins.owner,
            "rate_limit": 0,
            "log_level": "error",
            **settings,
        }
    )
    async with app.lifespan_context(), client_of(app) as client:
        services = await app.runtime.ready()
        made = await services.keys.create(services.foundation.default.workspace.id, "test")
        client.headers["Authorization"] = f"Bearer {made.token}"
        yield app, client


async def ask(client: httpx.AsyncClient, query: str, path: str = "/graphql", **variables: Any) -> Any:
    answer = (await client.post(path, json={"query": query, "variables": variables})).json()
    assert "errors" not in answer, answer
    return answer["data"]


CREATE_OBJECT = (
    'mutation { createObject(input: { nameSingular: "project" namePlural: "projects" labelSingular: "P"'
    ' labelPlural: "Ps" }) { id } }'
)
CREATE_FIELD = (
    'mutation ($id: UUID!) { createField(input: { objectMetadataId: $id name: "budget" label: "B" type: NUMBER })'
    " { id } }"
)


@pytest.mark.long
async def test_an_owner_that_takes_no_writes_ends_no_connection_of_the_login_that_serves(logins: Logins) -> None:
    """Each change in vain took the server for a standby, and ended all connections with their statements."""
    name = conninfo_to_dict(logins.owner)["user"]
    logins.execute(f'ALTER ROLE "{name}" SET default_transaction_read_only = on')
    settings = PoolSettings(connections=1)
    database = Database.connect(logins.serving, settings=settings, owner_dsn=logins.owner)
    await database.open()
    try:
        backend = await database.read(BACKEND, (), share=None)
        for _ in range(2):
            with pytest.raises(WritesRefused, match="default_transaction_read_only is on"):
                async with database.session() as session:
                    await session.execute("CREATE TABLE public.note ()")
            assert await database.read(BACKEND, (), share=None) == backend
        logins.execute(f'ALTER ROLE "{name}" RESET default_transaction_read_only')
        async with database.session() as session:
            await session.execute("CREATE TABLE public.note ()")
    finally:
        await database.close()


async def test_records_the_model_events_and_the_audit_log_work_with_two_logins(logins: Logins) -> None:
    async with served(logins) as (app, client):
        object_ = (await ask(client, CREATE_OBJECT, "/metadata"))["createObject"]["id"]
        await ask(client, CREATE_FIELD, "/metadata", id=object_)
        # The table is of the owner's session, and its rows are of the other login's statement.
        made = await ask(client, 'mutation { createProject(data: { name: "A" budget: 5 }) { id } }')
        id_ = made["createProject"]["id"]
        await ask(client, "mutation ($id: UUID!) { updateProject(id: $id data: { budget: 6 }) { budget } }", id=id_)
        found = await ask(client, "{ projects { edges { node { name budget } } } }")
        assert found["projects"]["edges"] == [{"node": {"name": "A", "budget": 6}}]
        await ask(client, "mutation ($id: UUID!) { destroyProject(id: $id) { id } }", id=id_)
        answer = await client.post(
            "/graphql",
            json={"query": 'mutation { createCompany(data: { name: "B" }) { name } }'},
            headers={"Idempotency-Key": "once"},
        )
        assert answer.json() == {"data": {"createCompany": {"name": "B"}}}
        events = (await app.runtime.ready()).events
        await until(lambda: events.bounds.last >= 4)
        services = await app.runtime.ready()
        services.audit.fail(None, "203.0.113.9")
        await services.audit.flush()
        log = await ask(client, "{ auditLog { edges { node { action } } } }", "/metadata")
        assert [edge["node"]["action"] for edge in log["auditLog"]["edges"]] == ["API_KEY_CREATED"]
    # Another start gives nothing again.
    async with served(logins) as (_, client):
        assert (await ask(client, "{ projects { totalCount } }"))["projects"]["totalCount"] == 0


async def test_a_change_of_the_model_waits_for_a_statement_of_the_other_login(logins: Logins) -> None:
    async with served(logins) as (app, client):
        services = await app.runtime.ready()
        schema = services.foundation.default.workspace.schema
        person = await ask(
            client, '{ objects(filter: { nameSingular: { eq: "person" } }) { edges { node { id } } } }', "/metadata"
        )
        id_ = person["objects"]["edges"][0]["node"]["id"]
        async with await psycopg.AsyncConnection.connect(logins.serving) as reading:
            await reading.execute(sql.SQL("SELECT count(*) FROM {}").format(sql.Identifier(schema, "person")))
            changing = asyncio.create_task(ask(client, CREATE_FIELD, "/metadata", id=id_))
            async with await psycopg.AsyncConnection.connect(logins.owner, autocommit=True) as observer:
                await until_found(observer, "SELECT 1 FROM pg_locks WHERE NOT granted AND locktype = 'relation'")
            assert not changing.done()
            # Its owner sees since when the other login's transaction holds the table.
            await reading.rollback()
            assert await changing
        assert await ask(client, "{ people { edges { node { budget } } } }") == {"people": {"edges": []}}


@pytest.mark.long
async def test_webhooks_keys_documents_and_secrets_work_with_two_logins(logins: Logins) -> None:
    settings = {"webhook_allow": "127.0.0.0/8", "webhook_retry_delay": 0.02, "secret_key": "k" * 32}
    async with target_server() as target, served(logins, **settings) as (app, client):
        await ask(
            client,
            'mutation ($url: String!) { createWebhook(input: { targetUrl: $url operations: "*.*" }) { id } }',
            "/metadata",
            url=target.url,
        )
        await ask(client, 'mutation { createPerson(data: { email: "a@example.com" }) { id } }')
        assert [event["event"] for event in await target.until_taken(1)] == ["person.created"]
        key = await ask(client, 'mutation { createApiKey(input: { name: "x" }) { id token } }', "/metadata")
        async with client_of(app) as other:
            other.headers["Authorization"] = f"Bearer {key['createApiKey']['token']}"
            assert await ask(other, "{ people { totalCount } }") == {"people": {"totalCount": 1}}
            await ask(
                client,
                "mutation ($id: UUID!) { revokeApiKey(id: $id) { id } }",
                "/metadata",
                id=key["createApiKey"]["id"],
            )
            assert (await other.post("/graphql", json={"query": "{ __typename }"})).status_code == 401
        services = await app.runtime.ready()
        await services.keys.note_uses()
        text = "{ people { totalCount } }"
        reference = {"persistedQuery": {"version": 1, "sha256Hash": sha256(text.encode()).hexdigest()}}
        for body in ({"query": text, "extensions": reference}, {"extensions": reference}):
            assert (await client.post("/graphql", json=body)).json() == {"data": {"people": {"totalCount": 1}}}
        subscription = 'subscription { personCreated(after: "0") { email } }'
        async with (
            listening(app) as address,
            httpx.AsyncClient(base_url=address, headers=client.headers) as streaming,
            streaming.stream("GET", "/graphql/stream", params={"query": subscription}) as stream,
        ):
            async with asyncio.timeout(60):
                async for line in stream.aiter_lines():
                    if line.startswith("data: "):
                        assert "a@example.com" in line
                        break
    urls = {"DATABASE_URL": logins.serving, "FIELDSTONE_OWNER_DATABASE_URL": logins.owner}
    for arguments in (
        ("workspace", "create", "second"),
        ("api-key", "create", "--name", "y", "--workspace", "second"),
        ("secrets", "rotate"),
        ("workspace", "delete", "second", "--yes"),
        ("doctor",),
    ):
        done = await asyncio.to_thread(run, *arguments, FIELDSTONE_SECRET_KEY=f"{'n' * 32},{'k' * 32}", **urls)
        assert done.returncode == 0, done.stderr


REFUSED = (
    "DROP TABLE fieldstone.audit_log",
    "TRUNCATE fieldstone.audit_log",
    "DELETE FROM fieldstone.audit_log",
    "UPDATE fieldstone.audit_log SET action = 'SIGN_IN'",
    "ALTER TABLE fieldstone.audit_log OWNER TO CURRENT_USER",
    "DROP SCHEMA fieldstone CASCADE",
    "CREATE TABLE fieldstone.mine (id int)",
    "DELETE FROM fieldstone.workspace",
    "UPDATE fieldstone.role SET name = 'x'",
    "UPDATE fieldstone.api_key SET revoked_at = NULL",
    "INSERT INTO fieldstone.api_key SELECT * FROM fieldstone.api_key",
    "DROP TABLE SCHEMA.person",
    "DROP TABLE SCHEMA.project",
    "TRUNCATE SCHEMA.person",
    "ALTER TABLE SCHEMA.person ADD COLUMN mine text",
    "CREATE TABLE SCHEMA.mine (id int)",
    "CREATE SCHEMA mine",
    "SET ROLE OWNER_NAME",
    "ALTER DEFAULT PRIVILEGES FOR ROLE OWNER_NAME REVOKE SELECT ON TABLES FROM CURRENT_USER",
)


async def test_the_login_that_serves_cannot_drop_or_rewrite(logins: Logins) -> None:
    async with served(logins) as (app, client):
        await ask(client, CREATE_OBJECT, "/metadata")
        schema = (await app.runtime.ready()).foundation.default.workspace.schema
    owner = str(conninfo_to_dict(logins.owner)["user"])
    with psycopg.connect(logins.serving, autocommit=True) as connection:
        for statement in REFUSED:
            text = statement.replace("OWNER_NAME", owner).replace("SCHEMA.", f"{schema}.")
            with pytest.raises(psycopg.errors.InsufficientPrivilege):
                connection.execute(text)
        # It has no right that it could give itself.
        connection.execute("GRANT ALL ON fieldstone.audit_log TO CURRENT_USER")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connection.execute("DELETE FROM fieldstone.audit_log")
        assert connection.execute("SELECT count(*) FROM fieldstone.audit_log").fetchone() == (1,)


async def test_logins_that_guard_nothing_or_see_too_little_are_refused(logins: Logins) -> None:
    owner, serving = (str(conninfo_to_dict(dsn)["user"]) for dsn in (logins.owner, logins.serving))

    async def refused(sentence: str, **settings: str) -> None:
        with pytest.raises(LoginsRefused, match=sentence):
            async with served(logins, **settings):
                pass

    await refused("have the same user", database_url=logins.owner)
    logins.execute(f'ALTER ROLE "{serving}" SUPERUSER')
    await refused("could drop them")
    logins.execute(f'ALTER ROLE "{serving}" NOSUPERUSER; REVOKE "{serving}" FROM "{owner}"')
    await refused(f'GRANT "{serving}" TO "{owner}"')
    logins.execute(f'GRANT "{owner}" TO "{serving}"')
    await refused("could drop them")
    logins.execute(f'REVOKE "{owner}" FROM "{serving}"; GRANT "{serving}" TO "{owner}"')
    async with served(logins) as (_, client):
        assert await ask(client, "{ companies { totalCount } }") == {"companies": {"totalCount": 0}}
    logins.execute("ALTER TABLE fieldstone.webhook OWNER TO CURRENT_USER")
    await refused("fieldstone.webhook belongs to another user")


async def test_a_database_of_one_login_gets_a_second_one_that_serves(logins: Logins) -> None:
    async with served(logins, database_url=logins.owner, owner_database_url=None) as (_, client):
        await ask(client, 'mutation { createCompany(data: { name: "B" }) { name } }')
    async with served(logins) as (_, client):
        assert await ask(client, "{ companies { totalCount } }") == {"companies": {"totalCount": 1}}
        await ask(client, 'mutation { createCompany(data: { name: "C" }) { name } }')


async def test_several_processes_may_start_at_once(logins: Logins) -> None:
    async def start() -> int:
        async with served(logins) as (_, client):
            return int((await ask(client, "{ companies { totalCount } }"))["companies"]["totalCount"])

    assert await asyncio.gather(*(start() for _ in range(3))) == [0, 0, 0]


def test_the_doctor_says_that_one_login_guards_nothing(databases: Databases) -> None:
    with databases.clone(databases.template("default workspace", migrate)) as dsn:
        done = run("doctor", DATABASE_URL=dsn)
    assert done.returncode == 0
    assert "could drop them and change the audit log" in done.stderr


def test_the_doctor_says_nothing_of_two_logins(logins: Logins) -> None:
    both = {"DATABASE_URL": logins.serving, "FIELDSTONE_OWNER_DATABASE_URL": logins.owner}
    assert run("migrate", **both).returncode == 0
    done = run("doctor", **both)
    assert (done.returncode, "Not guarded" in done.stderr) == (0, False)


async def test_the_doctor_names_lost_privileges_and_gives_them_back(logins: Logins) -> None:
    """It said that the tables agree, while each request for the table failed."""
    owner, serving = (str(conninfo_to_dict(dsn)["user"]) for dsn in (logins.owner, logins.serving))
    both = {"DATABASE_URL": logins.serving, "FIELDSTONE_OWNER_DATABASE_URL": logins.owner}
    async with served(logins):
        pass
    for privileges in (
        "SELECT, DELETE ON workspace_default.person",
        "INSERT ON fieldstone.event_log",
        "SELECT ON fieldstone.role",
        # It never had this one.
        "TRUNCATE ON workspace_default.company",
    ):
        logins.execute(f'REVOKE {privileges} FROM "{serving}"')
    done = await asyncio.to_thread(run, "doctor", **both)
    assert (done.returncode, done.stdout.splitlines()) == (
        2,
        [
            f"default: The user {serving} has not got SELECT, DELETE on the table person: requests that need it fail.",
            f'    repair: GRANT SELECT, DELETE ON "workspace_default"."person" TO "{serving}"',
            f"the catalog: The user {serving} has not got INSERT on the table event_log: requests that need it fail.",
            f'    repair: GRANT INSERT ON "fieldstone"."event_log" TO "{serving}"',
            f"the catalog: The user {serving} has not got SELECT on the table role: requests that need it fail.",
            f'    repair: GRANT SELECT ON "fieldstone"."role" TO "{serving}"',
        ],
    )
    _repair(done.stdout, logins.owner)
    assert (await asyncio.to_thread(run, "doctor", **both)).returncode == 0
    logins.execute(f'REVOKE USAGE ON SCHEMA workspace_default FROM "{serving}"')
    done = await asyncio.to_thread(run, "doctor", **both)
    assert f"The user {serving} may not use the schema workspace_default" in done.stdout
    _repair(done.stdout, logins.owner)
    # One login may have taken a privilege from itself.
    logins.execute(f'REVOKE UPDATE ON workspace_default.person FROM "{owner}"')
    alone = {"DATABASE_URL": logins.owner}
    logins.execute(f'REVOKE "{serving}" FROM "{owner}"')
    done = await asyncio.to_thread(run, "doctor", **alone)
    assert f"The user {owner} has not got UPDATE on the table person" in done.stdout
    _repair(done.stdout, logins.owner)
    assert (await asyncio.to_thread(run, "doctor", **alone)).returncode == 0


def _repair(output: str, owner: str) -> None:
    """Execute the repairs that the doctor has told, as the owner of the tables."""
    with psycopg.connect(owner, autocommit=True) as connection:
        for line in output.splitlines():
            if line.startswith("    repair: "):
                connection.execute(line.removeprefix("    repair: ").encode())


@pytest.mark.long
async def test_a_backup_is_restored_for_both_logins(logins: Logins, tmp_path: Path) -> None:
    both = {"DATABASE_URL": logins.serving, "FIELDSTONE_OWNER_DATABASE_URL": logins.owner}
    path = str(tmp_path / "all.backup")
    async with served(logins) as (_, client):
        await ask(client, 'mutation { createCompany(data: { name: "A" }) { id } }')
    assert (await asyncio.to_thread(run, "backup", path, **both)).returncode == 0
    with psycopg.connect(logins.owner, autocommit=True) as connection:
        connection.execute("DROP SCHEMA fieldstone, workspace_default CASCADE")
    done = await asyncio.to_thread(run, "restore", path, **both)
    assert done.returncode == 0, done.stderr
    async with served(logins) as (_, client):
        made = await ask(client, 'mutation { createCompany(data: { name: "B" }) { id } }')
        assert made["createCompany"]["id"]
        assert (await ask(client, "{ companies { totalCount } }"))["companies"]["totalCount"] == 2
    with psycopg.connect(logins.serving) as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute("DROP TABLE workspace_default.company")
