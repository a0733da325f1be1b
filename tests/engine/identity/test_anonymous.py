"""Requests without a credential: refused, or served with the role of FIELDSTONE_ANONYMOUS_ROLE."""

from typing import Any

import httpx
import pytest

from fieldstone.engine.settings import ConfigurationError, load_settings
from fieldstone.metadata.roles.networks import read_address
from tests.engine.identity.provider import create_open_role
from tests.engine.server.conftest import StartApp
from tests.engine.server.fast_path.talking import PEOPLE, Serve
from tests.engine.server.streams.sockets import connected

READ = "{ people { totalCount } }"
WRITE = 'mutation { createPerson(data: { email: "a@example.com" }) { id } }'


async def post(client: httpx.AsyncClient, query: str, path: str = "/graphql", **headers: str) -> httpx.Response:
    return await client.post(path, json={"query": query}, headers=headers)


async def test_without_the_setting_nobody_is_anonymous(start_app: StartApp) -> None:
    async with start_app() as (app, client):
        del client.headers["authorization"]
        answer = await post(client, READ)
        assert (answer.status_code, answer.headers["www-authenticate"]) == (401, 'Bearer realm="fieldstone"')
        async with connected(app) as socket:
            await socket.send(type="connection_init")
            assert (await socket.closed()).code == 4403


async def test_a_visitor_may_do_all_that_the_role_may_and_nothing_else(start_app: StartApp) -> None:
    async with start_app(anonymous_role="open") as (app, client):
        await create_open_role(client)
        key = client.headers.pop("authorization")
        answer = await post(client, READ)
        assert answer.json() == {"data": {"people": {"totalCount": 0}}}
        assert (await post(client, "{ apiKeys { totalCount } }", path="/metadata")).json()["errors"]
        # A credential that is not valid is no reason to be served as a visitor.
        assert (await post(client, READ, authorization="Bearer fs_nobody")).status_code == 401
        assert (await post(client, READ, authorization="Basic YTpi")).status_code == 401
        assert (await post(client, WRITE, authorization=key)).status_code == 200
        async with connected(app) as socket:
            await socket.initialise(None)
            await socket.subscribe("a", READ)
            assert (await socket.receive())["payload"] == {"data": {"people": {"totalCount": 1}}}


@pytest.mark.long
async def test_visitors_see_the_workspaces_that_the_operator_names(start_app: StartApp) -> None:
    async with start_app(anonymous_role="viewer", anonymous_workspaces="default, shop") as (app, client):
        services = await app.runtime.ready()
        for name in ("shop", "hidden"):
            await services.foundation.workspaces.create(name, actor="test")
        await post(client, WRITE)
        del client.headers["authorization"]
        totals = {}
        for name in ("default", "shop"):
            answer = await post(client, READ, **{"x-fieldstone-workspace": name})
            totals[name] = answer.json()["data"]["people"]["totalCount"]
        assert totals == {"default": 1, "shop": 0}
        assert (await post(client, READ)).json()["data"]["people"]["totalCount"] == 1
        rest = await client.get("/rest/people", headers={"x-fieldstone-workspace": "shop"})
        assert (rest.status_code, rest.json()["totalCount"]) == (200, 0)
        # One that is there and takes no visitors is answered as one that is not there.
        refusals = [await post(client, READ, **{"x-fieldstone-workspace": name}) for name in ("hidden", "nothing", "")]
        assert [answer.status_code for answer in refusals] == [401, 401, 401]
        assert len({answer.json()["errors"][0]["message"] for answer in refusals}) == 1
        async with connected(app) as socket:
            await socket.send(type="connection_init", payload={"headers": {"X-Fieldstone-Workspace": "shop"}})
            assert await socket.receive() == {"type": "connection_ack"}
            await socket.subscribe("a", READ)
            assert (await socket.receive())["payload"] == {"data": {"people": {"totalCount": 0}}}


async def test_a_credential_has_its_own_workspace(start_app: StartApp) -> None:
    async with start_app(anonymous_role="viewer", anonymous_workspaces="default,shop") as (app, client):
        await (await app.runtime.ready()).foundation.workspaces.create("shop", actor="test")
        await post(client, WRITE, **{"x-fieldstone-workspace": "shop"})
        assert (await post(client, READ)).json()["data"]["people"]["totalCount"] == 1


async def test_a_visitor_without_the_right_is_refused(start_app: StartApp) -> None:
    async with start_app(anonymous_role="viewer") as (_, client):
        del client.headers["authorization"]
        written = await post(client, WRITE)
        assert written.status_code == 403
        assert written.json()["errors"][0]["extensions"]["code"] == "FORBIDDEN"


async def test_a_role_that_does_not_exist_serves_nobody(start_app: StartApp) -> None:
    async with start_app(anonymous_role="nothing") as (_, client):
        del client.headers["authorization"]
        assert (await post(client, READ)).status_code == 403


async def test_visitors_are_limited_by_their_address(start_app: StartApp) -> None:
    async with start_app(anonymous_role="open", rate_limit=3, trusted_proxies="127.0.0.1") as (_, client):
        await create_open_role(client)
        del client.headers["authorization"]
        for address, statuses in (("203.0.113.1", [200, 200, 200, 429]), ("203.0.113.2", [200])):
            for status in statuses:
                assert (await post(client, READ, **{"x-forwarded-for": address})).status_code == status


async def test_visitors_take_no_sockets_and_subscriptions_of_keys(start_app: StartApp) -> None:
    live = "subscription ($n: Int) { people(first: $n) { edges { node { id } } } }"
    limits: dict[str, Any] = {"max_sockets": 1, "max_subscriptions": 2, "max_live_queries": 1}
    async with start_app(anonymous_role="viewer", **limits) as (app, client):
        payloads: list[dict[str, str]] = [{}, {"authorization": client.headers["authorization"]}]
        async with connected(app) as visitor, connected(app) as key, connected(app) as other:
            for socket, payload in zip((visitor, key), payloads, strict=True):
                await socket.send(type="connection_init", payload=payload)
                assert await socket.receive() == {"type": "connection_ack"}
                await socket.subscribe("a", live, n=1)
                assert (await socket.receive())["payload"]["data"] == {"people": {"edges": []}}
            refusals = []
            for socket in (visitor, key):
                await socket.subscribe("b", live, n=2)
                refusals.append((await socket.receive())["payload"][0]["message"].partition(" 1 different")[0])
            assert refusals == ["The visitors of the workspace have", "The workspace has"]
            await other.send(type="connection_init")
            closed = await other.closed()
            assert (closed.code, closed.reason[:45]) == (1013, "The visitors of the workspace have 1 sockets,")


async def test_a_visitor_is_an_ipv6_network_and_not_an_address(start_app: StartApp) -> None:
    async with start_app(anonymous_role="viewer") as (app, _):
        visitors = (await app.runtime.ready()).identity.visitors
        assert visitors is not None
        one, same, other = [
            await visitors.find(read_address(text)) for text in ("2001:db8::1", "2001:db8::ffff:1", "2001:db8:0:1::1")
        ]
        assert (one.rate_key == same.rate_key, one.rate_key == other.rate_key) == (True, False)


async def test_a_visitor_is_never_on_a_remembered_head(serve: Serve) -> None:
    async with serve(anonymous_role="open") as serving:
        await create_open_role(serving.client)
        talk = await serving.talk()
        before = await serving.warm()
        for _ in range(4):
            request = talk.request(PEOPLE, n="Ada").replace(f"Authorization: Bearer {talk.token}\r\n".encode(), b"")
            talk.send(request)
            assert (await talk.receive()).status == 200
        assert await serving.warm() == before


@pytest.mark.parametrize("role", ["admin", " viewer", "", "  "])
def test_nobody_without_a_key_is_an_administrator(role: Any) -> None:
    with pytest.raises(ConfigurationError, match="must be the name of a role other than admin"):
        load_settings(anonymous_role=role)
