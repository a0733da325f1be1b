"""Sessions of people in browsers: by a key, and at oidc-provider from npm."""

import json
from typing import Any

import httpx
import psycopg
import pytest

from fieldstone.metadata.workspaces.sign_in_codes import create_code
from fieldstone.sql.errors import DatabaseBusy
from tests.engine.identity.browsers import READ, key_of, no_session_free, signed_in
from tests.engine.server.conftest import StartApp, client_of
from tests.engine.server.fast_path.talking import PEOPLE, Serve
from tests.engine.server.streams.sockets import connected
from tests.waiting import until_true

HERE = "http://fieldstone.test"
JSON = {"content-type": "application/json"}


async def test_a_person_signs_in_by_a_key_and_out(start_app: StartApp) -> None:
    async with start_app() as (app, client):
        browser = client_of(app)
        assert (await browser.post("/graphql", json=READ)).status_code == 401
        answer = await browser.post("/auth/sign-in", json={"key": key_of(client)})
        assert (answer.json()["data"]["name"], answer.headers["cache-control"]) == ("test", "no-store")
        attributes = answer.headers["set-cookie"].split("; ")[1:]
        assert {"HttpOnly", "SameSite=Strict", "Path=/", "Max-Age=43200"} == set(attributes)
        assert key_of(client) not in answer.headers["set-cookie"]
        written = {"query": 'mutation { createCompany(data: { name: "x" }) { createdBy { name } } }'}
        answer = await browser.post("/graphql", json=written)
        assert answer.json() == {"data": {"createCompany": {"createdBy": {"name": "test"}}}}
        before = dict(browser.cookies)
        answer = await browser.delete("/auth/session")
        assert "Max-Age=0" in answer.headers["set-cookie"]
        assert not browser.cookies
        # A kept cookie is worth nothing.
        kept = client_of(app, cookies=before)
        assert (await kept.post("/graphql", json=READ)).status_code == 401


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"key": "fs_" + "A" * 43}, 401),
        ({"key": "nothing"}, 401),
        ({"key": "a.b.c"}, 401),
        ({"key": 7}, 400),
        ({}, 400),
        ([], 400),
        ({"key": "\ud800"}, 400),
        ({"key": "x" * 5_000}, 413),
    ],
)
async def test_a_sign_in_that_is_wrong_sets_no_cookie(client: httpx.AsyncClient, body: Any, status: int) -> None:
    answer = await client.post("/auth/sign-in", content=json.dumps(body), headers=JSON)
    assert (answer.status_code, answer.headers.get("set-cookie")) == (status, None)


async def test_sign_ins_that_succeed_fill_no_audit_log(start_app: StartApp, app_database: str) -> None:
    async with start_app(session_rate_limit=3) as (app, client):
        by_key = {"key": key_of(client)}
        answers = [await client_of(app).post("/auth/sign-in", json=by_key) for _ in range(5)]
        assert [one.status_code for one in answers] == [200, 200, 200, 429, 429]
        assert [int(one.headers["x-ratelimit-remaining"]) for one in answers] == [2, 1, 0, 0, 0]
        assert (int(answers[-1].headers["retry-after"]) > 0, "set-cookie" in answers[-1].headers) == (True, False)
        with psycopg.connect(app_database) as connection:
            counted = "SELECT count(*) FROM fieldstone.audit_log WHERE action = 'SIGN_IN'"
            assert connection.execute(counted).fetchone() == (3,)
        # The operations of the key itself are counted apart.
        assert (await client.post("/graphql", json=READ)).status_code == 200


async def test_other_sites_can_neither_sign_a_person_in_nor_use_a_session(start_app: StartApp) -> None:
    async with start_app() as (app, client):
        form = await client.post(
            "/auth/sign-in", content=json.dumps({"key": key_of(client)}), headers={"content-type": "text/plain"}
        )
        assert form.status_code == 415
        browser = await signed_in(app, key_of(client))
        foreign = {"origin": "https://evil.example", "sec-fetch-site": "cross-site"}
        refused = [
            await browser.post("/auth/sign-in", json={"key": key_of(client)}, headers=foreign),
            await browser.delete("/auth/session", headers=foreign),
        ]
        assert [(one.status_code, one.headers.get("set-cookie")) for one in refused] == [(403, None)] * 2
        assert (await browser.post("/graphql", json=READ, headers=foreign)).status_code == 401
        assert (await browser.get("/graphql", params={"query": "{ __typename }"})).status_code == 403
        plain = {"content-type": "text/plain"}
        assert (await browser.post("/graphql", content=json.dumps(READ), headers=plain)).status_code == 415
        assert (await browser.post("/graphql", json=READ, headers={"origin": HERE})).status_code == 200
        cookie = "; ".join(f"{name}={value}" for name, value in browser.cookies.items())
        async with connected(app, headers={"cookie": cookie, "origin": "https://evil.example"}) as socket:
            await socket.send(type="connection_init")
            assert (await socket.closed()).code == 4403
        async with connected(app, headers={"cookie": cookie, "origin": HERE, "host": "fieldstone.test"}) as socket:
            await socket.initialise(None)


@pytest.mark.long
async def test_sessions_are_listed_and_revoked_with_their_sockets(start_app: StartApp) -> None:
    async with start_app() as (app, client):
        browser = await signed_in(app, key_of(client))
        cookie = "; ".join(f"{name}={value}" for name, value in browser.cookies.items())
        async with connected(app, headers={"cookie": cookie}) as socket:
            await socket.initialise(None)
            query = {"query": "{ sessions { edges { node { id kind name role address revokedAt } } } }"}
            (edge,) = (await client.post("/metadata", json=query)).json()["data"]["sessions"]["edges"]
            session = edge["node"]
            assert (session["kind"], session["name"], session["role"]) == ("API_KEY", "test", "admin")
            assert (session["address"], session["revokedAt"]) == ("127.0.0.1", None)
            text = "mutation ($id: UUID!) { revokeSession(id: $id) { revokedAt } }"
            asked = {"query": text, "variables": {"id": session["id"]}}
            answer = await client.post("/metadata", json=asked)
            assert answer.json()["data"]["revokeSession"]["revokedAt"]
            assert (await browser.post("/graphql", json=READ)).status_code == 401
            assert (await socket.closed()).code == 4403
        unknown = {"query": text, "variables": {"id": "018cc5ca-0413-7028-876c-8f782314f028"}}
        assert (await client.post("/metadata", json=unknown)).json()["errors"][0]["extensions"]["code"] == "NOT_FOUND"


async def test_a_session_ends_with_its_key(start_app: StartApp) -> None:
    async with start_app() as (app, _):
        services = await app.runtime.ready()
        made = await services.keys.create(services.foundation.default.workspace.id, "short")
        browser = await signed_in(app, made.token)
        await services.keys.revoke(services.foundation.default.workspace.id, made.key.id)
        await until_true(lambda: _is_refused(browser))


async def test_the_audit_log_has_who_signed_in_and_out(start_app: StartApp, app_database: str) -> None:
    async with start_app() as (app, client):
        browser = await signed_in(app, key_of(client))
        for _ in range(2):
            await browser.delete("/auth/session")
        await browser.post("/auth/sign-in", json={"key": "fs_" + "A" * 43})
        await (await app.runtime.ready()).audit.flush()
    with psycopg.connect(app_database) as connection:
        rows = connection.execute(
            "SELECT action, actor_kind, actor_name, address FROM fieldstone.audit_log WHERE action LIKE 'SIGN%'"
        ).fetchall()
    assert sorted(rows) == [
        ("SIGN_IN", "API_KEY", "test", "127.0.0.1"),
        ("SIGN_IN_FAILED", "UNKNOWN", None, "127.0.0.1"),
        ("SIGN_OUT", "API_KEY", "test", "127.0.0.1"),
    ]


async def _is_refused(browser: httpx.AsyncClient) -> bool:
    return (await browser.post("/graphql", json=READ)).status_code == 401


async def test_the_database_has_no_cookie_and_behind_tls_it_is_secure(start_app: StartApp, app_database: str) -> None:
    async with start_app(public_url="https://fieldstone.test") as (app, client):
        answer = await client_of(app).post("/auth/sign-in", json={"key": key_of(client)})
        name, _, rest = answer.headers["set-cookie"].partition("=")
        value, *attributes = rest.split("; ")
        assert (name, "Secure" in attributes, "Path=/" in attributes) == ("__Host-fieldstone_session", True, True)
        plain = client_of(app, cookies={"fieldstone_session": value})
        assert (await plain.post("/graphql", json=READ)).status_code == 401
        secure = client_of(app, cookies={name: value})
        assert (await secure.post("/graphql", json=READ)).status_code == 200
    with psycopg.connect(app_database) as connection:
        (row,) = connection.execute("SELECT session::text FROM fieldstone.session").fetchall()
        assert value not in row[0]


async def test_a_cookie_is_never_on_a_remembered_head(serve: Serve) -> None:
    async with serve() as serving:
        talk = await serving.talk()
        await talk.warm_up(PEOPLE, n="Ada")
        before = await serving.warm()
        for _ in range(3):
            assert (await talk.ask(PEOPLE, more="Cookie: fieldstone_session=x\r\n", n="Ada")).status == 200
        assert await serving.warm() == before


async def test_a_busy_database_is_a_503(start_app: StartApp) -> None:
    async with start_app(session_pool_size=1) as (app, client):
        foundation = (await app.runtime.ready()).foundation
        key_id = (await foundation.keys.list(foundation.default.workspace.id))[0].id
        code = await create_code(foundation.database, workspace_id=foundation.default.workspace.id, key_id=key_id)
        browser = await signed_in(app, key_of(client))
        async with no_session_free(app):
            answers = [
                await browser.delete("/auth/session"),
                await client_of(app).post("/auth/sign-in", json={"key": key_of(client)}),
                await client_of(app).post("/auth/sign-in", json={"code": code}),
            ]
        assert [(one.status_code, one.headers["retry-after"]) for one in answers] == [(503, "1")] * 3, answers[2].text
        assert (await browser.post("/graphql", json=READ)).status_code == 200
        assert (await browser.delete("/auth/session")).status_code == 200


async def test_a_session_that_cannot_be_replaced_costs_nobody_the_next_one(
    start_app: StartApp, app_database: str
) -> None:
    async with start_app() as (app, client):
        browser = await signed_in(app, key_of(client))
        before = browser.cookies["fieldstone_session"]
        with psycopg.connect(app_database, autocommit=True) as connection:
            connection.execute(
                "CREATE FUNCTION public.refuse() RETURNS trigger LANGUAGE plpgsql AS"
                " $$ BEGIN RAISE EXCEPTION 'full' USING ERRCODE = '53300'; END $$"
            )
            connection.execute(
                "CREATE TRIGGER refuse BEFORE UPDATE OF revoked_at ON fieldstone.session FOR EACH ROW"
                " EXECUTE FUNCTION public.refuse()"
            )
        answer = await browser.post("/auth/sign-in", json={"key": key_of(client)})
        assert answer.status_code == 200, answer.text
        assert browser.cookies["fieldstone_session"] != before
        assert (await browser.post("/graphql", json=READ)).status_code == 200
        assert (await browser.delete("/auth/session")).status_code == 503


async def test_a_session_that_has_begun_sets_its_cookie_whatever_comes_after(
    start_app: StartApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with start_app() as (app, client):

        async def look_up(_hash: bytes) -> None:
            raise DatabaseBusy("all connections are in use")

        browser = client_of(app)
        with monkeypatch.context() as patches:
            patches.setattr((await app.runtime.ready()).identity.sessions, "look_up", look_up)
            assert (await browser.post("/auth/sign-in", json={"key": key_of(client)})).status_code == 503
        assert (await browser.post("/graphql", json=READ)).status_code == 200
