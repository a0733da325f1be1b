"""The life of a session: its members, its ends, its limits, and the credentials that stand beside it."""

import asyncio
from typing import Any

import httpx
import psycopg
import pytest

from fieldstone.engine.identity.tokens import user_id
from fieldstone.engine.server.rate_limits.failed_tokens import MOST, MOST_SIGN_INS
from fieldstone.metadata.json_text import dumps
from fieldstone.metadata.workspaces.api_keys import hash_token
from fieldstone.metadata.workspaces.key_store import KeyStore
from fieldstone.metadata.workspaces.sessions import MOST as MOST_SESSIONS
from fieldstone.metadata.workspaces.sessions import UserFacts, create_session
from fieldstone.metadata.workspaces.sign_in_codes import create_code
from tests.engine.identity.browsers import READ, key_of, signed_in
from tests.engine.identity.openid_provider import SETTINGS
from tests.engine.identity.provider import ISSUER
from tests.engine.server.conftest import StartApp, client_of
from tests.waiting import until_true

ME = """{
    me {
        workspace role may modelVersion principal key limits version environment session expiresAt kind id name settings
    }
}"""


async def told(browser: httpx.AsyncClient) -> Any:
    answer = await browser.get("/auth/session")
    assert answer.status_code == 200, answer.text
    return answer.json()["data"]


async def status(browser: httpx.AsyncClient, **headers: str) -> int:
    return (await browser.post("/graphql", json=READ, headers=headers)).status_code


@pytest.mark.long
async def test_a_session_tells_the_members_of_me(start_app: StartApp) -> None:
    async with start_app(environment="development", max_cost=500, session_rate_limit=77) as (app, client):
        key = key_of(client)
        browser = client_of(app)
        begun = (await browser.post("/auth/sign-in", json={"key": key})).json()["data"]
        session = await told(browser)
        assert session == begun
        answer = await browser.post("/metadata", json={"query": ME})
        assert answer.json()["data"]["me"] == session
        every = ["read", "create", "update", "delete", "restore", "destroy", "aggregate"]
        assert (session["workspace"], session["role"], session["may"]) == ("default", "admin", {"*": every})
        version = await client.post("/metadata", json={"query": "{ modelVersion }"})
        assert session["modelVersion"] == version.json()["data"]["modelVersion"]
        assert (session["key"], session["principal"], session["kind"]) == (key[:8], {}, "API_KEY")
        assert session["limits"] == {"maxPage": 200, "maxCost": 500, "rateLimit": 77}
        assert (session["environment"], session["version"] != "", session["expiresAt"][-1]) == (
            "development",
            True,
            "Z",
        )
        by_key = (await client.post("/metadata", json={"query": ME})).json()["data"]["me"]
        assert (by_key["session"], by_key["expiresAt"], by_key["limits"]["rateLimit"]) == (None, None, None)
        keys = {"query": "{ apiKeys { edges { node { prefix lastUsedAt role } } } }"}
        (edge,) = (await client.post("/metadata", json=keys)).json()["data"]["apiKeys"]["edges"]
        assert (edge["node"]["prefix"], edge["node"]["role"]) == (key[:8], "admin")


async def test_a_role_is_told_its_rights_and_not_the_names_of_hidden_objects(start_app: StartApp) -> None:
    async with start_app() as (app, client):
        made = """mutation { createRole(input: { name: "rep" label: "Rep" claims: [{ name: "userId" type: UUID }]
            limits: { maxPage: 20 rateLimit: 9 } grants: [{ object: "*" read: {} aggregates: false }
            { object: "person" read: {} create: {} } { object: "company" }] }) { id } }"""
        assert "errors" not in (answer := await client.post("/metadata", json={"query": made})).json(), answer.text
        claims = {"userId": "018cc5ca-0413-7028-876c-8f782314f028"}
        made = 'mutation ($claims: JSON) { createApiKey(input: { name: "r" role: "rep" claims: $claims }) { token } }'
        answer = await client.post("/metadata", json={"query": made, "variables": {"claims": claims}})
        browser = await signed_in(app, answer.json()["data"]["createApiKey"]["token"])
        session = await told(browser)
        assert session["may"] == {"*": ["read"], "person": ["read", "create", "aggregate"]}
        assert (session["principal"], session["settings"]) == (claims, [])
        assert (session["limits"]["maxPage"], session["limits"]["rateLimit"]) == (20, 9)
        refused = await browser.post("/metadata", json={"query": "{ sessions { totalCount } }"})
        assert refused.json()["errors"][0]["extensions"]["code"] == "FORBIDDEN"


async def test_the_ways_to_sign_in_are_told_to_everybody(start_app: StartApp) -> None:
    async with start_app() as (app, client):
        nobody = client_of(app)
        assert (await nobody.get("/auth/sign-in")).json()["data"] == {
            "environment": "production",
            "providers": [],
            "session": None,
        }
        answer = await nobody.get("/auth/session")
        assert (answer.status_code, answer.headers.get("set-cookie")) == (401, None)
        browser = await signed_in(app, key_of(client))
        assert (await browser.get("/auth/sign-in")).json()["data"]["session"] == await told(browser)
        kept = dict(browser.cookies)
        await browser.delete("/auth/session")
        for path in ("/auth/sign-in", "/auth/session"):
            # The browser is told to forget a cookie that is worth nothing.
            answer = await client_of(app, cookies=kept).get(path)
            assert "Max-Age=0" in answer.headers["set-cookie"], path
        assert (await browser.delete("/auth/session")).status_code == 200
        takes = {"session": "DELETE, GET", "sign-in": "GET, POST"}
        for method, path in (("PUT", "session"), ("DELETE", "sign-in"), ("POST", "session")):
            answer = await browser.request(method, f"/auth/{path}")
            assert (answer.status_code, answer.headers["allow"]) == (405, takes[path])


async def test_a_sign_in_begins_another_session_and_ends_the_one_before(start_app: StartApp) -> None:
    async with start_app() as (app, client):
        browser = client_of(app)
        chosen = {"cookie": "fieldstone_session=chosen-by-another"}
        await browser.post("/auth/sign-in", json={"key": key_of(client)}, headers=chosen)
        first = browser.cookies["fieldstone_session"]
        assert first != "chosen-by-another"
        assert await status(client_of(app, cookies={"fieldstone_session": "chosen-by-another"})) == 401
        await browser.post("/auth/sign-in", json={"key": key_of(client)})
        assert browser.cookies["fieldstone_session"] != first
        assert await status(client_of(app, cookies={"fieldstone_session": first})) == 401
        assert await status(browser) == 200


async def test_a_header_comes_before_the_cookie(start_app: StartApp) -> None:
    async with start_app() as (app, client):
        browser = await signed_in(app, key_of(client))
        assert await status(browser, authorization=client.headers["authorization"]) == 200
        assert await status(browser, authorization="Bearer fs_" + "A" * 43) == 401
        answer = await browser.get("/auth/session", headers={"authorization": client.headers["authorization"]})
        assert answer.status_code == 401
        assert "set-cookie" not in (await browser.get("/auth/sign-in", headers={"authorization": "Bearer x"})).headers


async def test_rest_takes_the_cookie_of_a_page_of_this_origin_alone(start_app: StartApp) -> None:
    async with start_app() as (app, client):
        browser = await signed_in(app, key_of(client))
        own = {"sec-fetch-site": "same-origin"}
        assert (await browser.get("/rest/people", headers=own)).status_code == 200
        assert (await browser.get("/rest/people")).status_code == 403
        made = await browser.post(
            "/rest/companies", json={"name": "x"}, headers=own | {"origin": "http://fieldstone.test"}
        )
        assert made.status_code == 201, made.text
        path = f"/rest/companies/{made.json()['data']['createCompany']['id']}"
        foreign = {"origin": "https://evil.example", "sec-fetch-site": "cross-site"}
        assert (await browser.delete(path, headers=foreign)).status_code == 401
        assert (await browser.delete(path, headers=own)).status_code == 200


async def test_the_sessions_of_a_rotated_key_end(start_app: StartApp) -> None:
    async with start_app() as (app, _):
        services = await app.runtime.ready()
        workspace_id = services.foundation.default.workspace.id
        made = await services.keys.create(workspace_id, "leaked")
        browser = await signed_in(app, made.token)
        rotated = await services.keys.rotate(workspace_id, made.key.id, overlap_seconds=3_600)
        assert await status(browser) == 200
        expiry = (await told(browser))["expiresAt"]
        again = await signed_in(app, rotated.token)
        assert expiry < (await told(again))["expiresAt"]
        await services.keys.rotate(workspace_id, made.key.id)
        assert (await status(browser), await status(again)) == (401, 401)


async def test_a_session_that_an_old_token_begins_ends_with_it(start_app: StartApp) -> None:
    async with start_app() as (app, _):
        services = await app.runtime.ready()
        workspace_id = services.foundation.default.workspace.id
        made = await services.keys.create(workspace_id, "rotated")
        browser = await signed_in(app, made.token)
        rotated = await services.keys.rotate(workspace_id, made.key.id, overlap_seconds=3_600)
        ends = (await told(browser))["expiresAt"]
        late = await signed_in(app, made.token)
        assert (await told(late))["expiresAt"] == ends
        assert (await told(await signed_in(app, rotated.token)))["expiresAt"] > ends
        # Another process has rotated the key, and this one still knows the token.
        assert services.keys.find_fresh(hash_token(rotated.token) or b"") is not None
        await KeyStore(services.foundation.database).rotate(workspace_id, made.key.id)
        refused = await client_of(app).post("/auth/sign-in", json={"key": rotated.token})
        assert (refused.status_code, refused.headers.get("set-cookie")) == (401, None)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        pytest.param({}, 200, id="as before"),
        pytest.param({"roles": ["viewer"]}, 401, id="without its role"),
        pytest.param({"issuer": "https://other.example"}, 401, id="another provider"),
        pytest.param(None, 401, id="without a provider"),
    ],
)
async def test_the_session_of_a_user_ends_with_its_provider(
    start_app: StartApp, changes: dict[str, Any] | None, expected: int
) -> None:
    provider = {"issuer": ISSUER, "clientId": "fieldstone", "roles": ["admin"]}
    oidc = {} if changes is None else {"oidc": dumps([provider | changes])}
    async with start_app(**oidc, **SETTINGS) as (app, _):
        assert await status(await user_browser(app, "admin")) == expected


async def user_browser(app: Any, role: str) -> httpx.AsyncClient:
    """Return a browser with the session of a user of a role."""
    foundation = (await app.runtime.ready()).foundation
    ada = UserFacts(user_id=user_id(ISSUER, "ada"), issuer=ISSUER, subject="ada", name="Ada", role=role, claims={})
    async with foundation.database.session() as connection, connection.transaction():
        _, token = await create_session(
            connection, workspace_id=foundation.default.workspace.id, seconds=600, address="127.0.0.1", user=ada
        )
    return client_of(app, cookies={"fieldstone_session": token})


async def test_a_session_that_is_of_no_use_keeps_nobody_from_signing_in(start_app: StartApp) -> None:
    oidc = dumps([{"issuer": ISSUER, "clientId": "fieldstone", "claims": {"role": "role"}, "roles": ["admin", "rep"]}])
    async with start_app(oidc=oidc, trusted_proxies="127.0.0.1", **SETTINGS) as (app, client):
        named = {"query": 'mutation { createApiKey(input: { name: "n" networks: ["203.0.113.0/24"] }) { token } }'}
        token = (await client.post("/metadata", json=named)).json()["data"]["createApiKey"]["token"]
        elsewhere, inside = client_of(app), {"x-forwarded-for": "203.0.113.7"}
        assert (await elsewhere.post("/auth/sign-in", json={"key": token}, headers=inside)).status_code == 200
        assert (await elsewhere.get("/auth/sign-in", headers=inside)).json()["data"]["session"]["name"] == "n"
        for browser in (elsewhere, await user_browser(app, "rep")):
            assert await status(browser) == 403
            answer = await browser.get("/auth/sign-in")
            assert (answer.status_code, answer.json()["data"]["session"]) == (200, None)
            assert "Max-Age=0" in answer.headers["set-cookie"]


async def test_the_ways_to_sign_in_count_as_no_operation(start_app: StartApp) -> None:
    async with start_app(session_rate_limit=3) as (app, client):
        browser = await signed_in(app, key_of(client))
        for expected in (200, 200, 429):
            ways = await browser.get("/auth/sign-in", headers={"x-fieldstone-role": "nobody"})
            assert (ways.status_code, ways.json()["data"]["session"]["role"]) == (200, "admin")
            assert await status(browser) == expected


@pytest.mark.long
async def test_a_session_ends_when_it_is_idle(start_app: StartApp, app_database: str) -> None:
    async with start_app(session_idle_minutes=10) as (app, client):
        browser = await signed_in(app, key_of(client))
        with psycopg.connect(app_database, autocommit=True) as connection:
            set_back = "UPDATE fieldstone.session SET last_used_at = now() - make_interval(mins => %s)"
            connection.execute(set_back, (9,))
            sessions = (await app.runtime.ready()).identity.sessions
            sessions.forget_all()
            sessions._noted.clear()
            assert await status(browser) == 200

            async def is_noted() -> bool:
                row = connection.execute("SELECT now() - last_used_at < interval '1 minute' FROM fieldstone.session")
                return bool((row.fetchone() or (False,))[0])

            await until_true(is_noted)
            listed = {"query": "{ sessions { edges { node { lastUsedAt idleAt expiresAt } } } }"}
            (edge,) = (await client.post("/metadata", json=listed)).json()["data"]["sessions"]["edges"]
            assert edge["node"]["lastUsedAt"] < edge["node"]["idleAt"] < edge["node"]["expiresAt"]
            connection.execute(set_back, (12,))
            sessions.forget_all()
            assert await status(browser) == 401


@pytest.mark.long
async def test_a_key_has_a_bounded_number_of_sessions(start_app: StartApp, app_database: str) -> None:
    async with start_app() as (app, client):
        key = key_of(client)
        first, second = await signed_in(app, key), await signed_in(app, key)
        with psycopg.connect(app_database, autocommit=True) as connection:
            connection.execute("UPDATE fieldstone.session SET last_used_at = created_at - interval '1 minute'")
            connection.execute(
                "UPDATE fieldstone.session SET last_used_at = now() WHERE id = (SELECT min(id::text)::uuid FROM"
                " fieldstone.session)"
            )
        for _ in range(MOST_SESSIONS - 1):
            await signed_in(app, key)
        (await app.runtime.ready()).identity.sessions.forget_all()
        # The one that was used last stays.
        assert (await status(first), await status(second)) == (200, 401)
        for _ in range(100):
            await signed_in(app, key)
        with psycopg.connect(app_database) as connection:
            row = connection.execute(
                "SELECT count(*), count(*) FILTER (WHERE revoked_at IS NULL) FROM fieldstone.session"
            )
            assert row.fetchone() == (100, MOST_SESSIONS)


async def test_sessions_are_counted_apart_from_their_key(start_app: StartApp) -> None:
    async with start_app(rate_limit=3, session_rate_limit=6) as (app, client):
        key = key_of(client)
        # Each sign-in is an operation of the sessions, too.
        one, other = await signed_in(app, key), await signed_in(app, key)
        assert [await status(client) for _ in range(4)] == [200, 200, 200, 429]
        # All sessions of the key share one window.
        assert [await status(browser) for browser in (one, other, one, other, one)] == [200] * 4 + [429]
        answer = await one.post("/graphql", json=READ)
        assert answer.json()["errors"][0]["message"].startswith("The sessions have used their 6 operations")


async def test_sign_ins_that_fail_are_bounded_by_the_address(start_app: StartApp) -> None:
    async with start_app(trusted_proxies="127.0.0.1/32") as (app, client):
        key = key_of(client)
        bad = {"key": "fs_" + "A" * 43}

        async def attempt(address: str, body: dict[str, str]) -> httpx.Response:
            return await client_of(app).post("/auth/sign-in", json=body, headers={"x-forwarded-for": address})

        for body in (*[bad] * (MOST_SIGN_INS - 1), {"key": key}, {"code": "made-up"}):
            assert (await attempt("203.0.113.1", body)).status_code == (200 if body == {"key": key} else 401)
        refused = await attempt("203.0.113.1", {"key": key})
        assert (refused.status_code, int(refused.headers["retry-after"]) > 0) == (429, True)
        assert refused.json()["errors"][0]["extensions"]["resetAt"] > 0
        assert (await attempt("203.0.113.2", {"key": key})).status_code == 200


@pytest.mark.long
async def test_made_up_cookies_are_bounded_and_one_that_has_ended_is_not_looked_up_again(
    start_app: StartApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with start_app() as (app, _):
        database = (await app.runtime.ready()).foundation.database
        asked: list[str] = []
        read = database.read

        async def counted(statement: Any, parameters: Any, **options: Any) -> Any:
            asked.append(statement.sql)
            return await read(statement, parameters, **options)

        monkeypatch.setattr(database, "read", counted)
        ended = client_of(app, cookies={"fieldstone_session": "ended"})
        assert {await status(ended) for _ in range(100)} == {401}
        assert len(asked) < 10
        made_up = [client_of(app, cookies={"fieldstone_session": str(n)}) for n in range(MOST + 10)]
        found = await asyncio.gather(*map(status, made_up))
        assert (found.count(429) >= 1, set(found)) == (True, {401, 429})


@pytest.mark.long
async def test_the_ways_to_sign_in_are_told_beside_the_cookies_of_another_database(
    start_app: StartApp, app_database: str
) -> None:
    async with start_app() as (app, _):
        browsers = [client_of(app, cookies={"fieldstone_session": str(n)}) for n in range(MOST + 10)]
        answers = await asyncio.gather(*(browser.get("/auth/sign-in") for browser in browsers))
        assert {(one.status_code, one.json()["data"]["session"]) for one in answers} == {(200, None)}
        assert await status(browsers[0]) == 401
        cleared = await browsers[0].delete("/auth/session")
        assert (cleared.status_code, "Max-Age=0" in cleared.headers["set-cookie"]) == (200, True)
        await (await app.runtime.ready()).audit.flush()
    with psycopg.connect(app_database) as connection:
        failed = connection.execute("SELECT sum(count) FROM fieldstone.audit_log WHERE action = 'SIGN_IN_FAILED'")
        assert failed.fetchone() == (1,)


@pytest.mark.parametrize("is_old", [False, True])
async def test_a_code_begins_one_session(start_app: StartApp, app_database: str, is_old: bool) -> None:
    async with start_app() as (app, _):
        services = await app.runtime.ready()
        foundation = services.foundation
        workspace_id = foundation.default.workspace.id
        made = await services.keys.create(workspace_id, "of a server")
        code = await create_code(foundation.database, workspace_id=workspace_id, key_id=made.key.id)
        with psycopg.connect(app_database, autocommit=True) as connection:
            ((row,),) = connection.execute("SELECT c::text FROM fieldstone.sign_in_code AS c").fetchall()
            assert code not in row
            if is_old:
                connection.execute("UPDATE fieldstone.sign_in_code SET expires_at = now()")
        browsers = [client_of(app) for _ in range(5)]
        answers = await asyncio.gather(*(browser.post("/auth/sign-in", json={"code": code}) for browser in browsers))
        assert sorted(answer.status_code for answer in answers) == ([401] * 5 if is_old else [200, 401, 401, 401, 401])
        if not is_old:
            (begun,) = (answer for answer in answers if answer.status_code == 200)
            assert begun.json()["data"]["name"] == "of a server"


async def test_a_code_ends_with_its_key_and_a_body_has_one_secret(start_app: StartApp) -> None:
    async with start_app() as (app, client):
        services = await app.runtime.ready()
        workspace_id = services.foundation.default.workspace.id
        made = await services.keys.create(workspace_id, "of a server")
        code = await create_code(services.foundation.database, workspace_id=workspace_id, key_id=made.key.id)
        await services.keys.revoke(workspace_id, made.key.id)
        assert (await client_of(app).post("/auth/sign-in", json={"code": code})).status_code == 401
        for body in ({"key": key_of(client), "code": code}, {"code": 7}, {"key": None}):
            answer = await client_of(app).post("/auth/sign-in", json=body)
            assert (answer.status_code, answer.json()["errors"][0]["extensions"]["field"]) == (400, "key")


@pytest.mark.long
async def test_sessions_with_open_sockets_are_checked_by_one_statement(start_app: StartApp) -> None:
    async with start_app() as (app, client):
        services = await app.runtime.ready()
        for _ in range(5):
            await signed_in(app, key_of(client))
        hashes = list(services.identity.sessions._known)
        found = await services.identity.sessions.refresh([*hashes, b"\0" * 32])
        assert (len(found), {principal.name for principal in found.values()}) == (5, {"test"})
