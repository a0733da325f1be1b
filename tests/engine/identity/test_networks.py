"""Keys that may be used from some networks alone: over HTTP, on sockets, behind proxies, on the fast path."""

from typing import Any

import httpx
import pytest

from fieldstone.engine.server.http.requests.auth import PresentedReader
from fieldstone.metadata.roles.networks import read_network
from tests.engine.server.conftest import StartApp
from tests.engine.server.fast_path.talking import PEOPLE, Serve
from tests.engine.server.streams.sockets import connected

PROXIES = [read_network("10.0.0.0/8"), read_network("fd00::/8")]


@pytest.mark.parametrize(
    ("peer", "forwarded", "proxies", "address"),
    [
        ("192.0.2.1", None, [], "192.0.2.1"),
        ("192.0.2.1", "203.0.113.9", [], "192.0.2.1"),
        ("192.0.2.1", "203.0.113.9", PROXIES, "192.0.2.1"),
        ("10.0.0.1", "203.0.113.9", PROXIES, "203.0.113.9"),
        ("10.0.0.1", "127.0.0.1, 203.0.113.9", PROXIES, "203.0.113.9"),
        ("10.0.0.1", "203.0.113.9, 10.0.0.2,10.0.0.3", PROXIES, "203.0.113.9"),
        ("10.0.0.1", "203.0.113.9, made up, 10.0.0.3", PROXIES, None),
        ("10.0.0.1", "10.0.0.2", PROXIES, "10.0.0.2"),
        ("10.0.0.1", None, PROXIES, "10.0.0.1"),
        ("10.0.0.1", " , ", PROXIES, "10.0.0.1"),
        ("::ffff:10.0.0.1", "203.0.113.9", PROXIES, "203.0.113.9"),
        ("fd00::1%eth0", "2001:db8::7", PROXIES, "2001:db8::7"),
        ("10.0.0.1", "made up, 203.0.113.9:51234, 10.0.0.2:80", PROXIES, "203.0.113.9"),
        ("10.0.0.1", "[2001:db8::7]:443", PROXIES, "2001:db8::7"),
        ("10.0.0.1", "[2001:db8::7]", PROXIES, "2001:db8::7"),
        ("10.0.0.1", "[2001:db8::7", PROXIES, "2001:db8::7"),
        ("10.0.0.1", ":51234", PROXIES, None),
        (None, "203.0.113.9", PROXIES, None),
    ],
)
def test_the_address_is_that_of_the_last_client_that_is_no_proxy(
    peer: str | None, forwarded: str | None, proxies: list[Any], address: str | None
) -> None:
    scope = {"type": "http", "client": (peer, 1) if peer else None}
    given = {b"x-forwarded-for": forwarded.encode()} if forwarded else {}
    found = PresentedReader(proxies).address(scope, given)
    assert (None if found is None else str(found)) == address


@pytest.mark.parametrize(
    ("given", "network"),
    [
        ("::ffff:10.1.2.3", "10.1.2.3/32"),
        ("::ffff:10.0.0.0/104", "10.0.0.0/8"),
        ("::ffff:0:0/96", "0.0.0.0/0"),
        ("::/0", "::/0"),
        ("2001:db8::/32", "2001:db8::/32"),
    ],
)
def test_a_network_that_is_mapped_into_ipv6_is_the_one_of_ipv4(given: str, network: str) -> None:
    assert str(read_network(given)) == network


async def made_for(client: httpx.AsyncClient, *networks: str) -> str:
    text = """mutation ($n: [String!]) { createApiKey(input: { name: "bound", networks: $n }) { token networks } }"""
    answer = await client.post("/metadata", json={"query": text, "variables": {"n": networks}})
    created = answer.json()["data"]["createApiKey"]
    assert created["networks"] == list(networks)
    return str(created["token"])


async def test_a_key_is_used_from_its_networks_alone(start_app: StartApp) -> None:
    async with start_app() as (app, client):
        here, elsewhere = await made_for(client, "127.0.0.0/8"), await made_for(client, "203.0.113.0/24", "::/0")
        for token, status in ((here, 200), (elsewhere, 403)):
            headers = {"authorization": f"Bearer {token}"}
            answer = await client.post("/graphql", json={"query": "{ __typename }"}, headers=headers)
            assert answer.status_code == status
        (error,) = answer.json()["errors"]
        assert (error["extensions"]["code"], error["message"]) == (
            "FORBIDDEN",
            "The API key may not be used from 127.0.0.1.",
        )
        forged = {"authorization": f"Bearer {elsewhere}", "x-forwarded-for": "203.0.113.7"}
        assert (await client.post("/graphql", json={"query": "{ __typename }"}, headers=forged)).status_code == 403
        # The client of this test names no address.
        async with connected(app) as socket:
            await socket.send(type="connection_init", payload={"authorization": f"Bearer {here}"})
            assert (await socket.closed()).code == 4403


async def test_behind_a_trusted_proxy_the_forwarded_address_counts(start_app: StartApp) -> None:
    async with start_app(trusted_proxies="127.0.0.1") as (_, client):
        token = await made_for(client, "203.0.113.0/24")
        for forwarded, status in (("203.0.113.7", 200), ("203.0.113.7, 198.51.100.1", 403), ("", 403)):
            headers = {"authorization": f"Bearer {token}", "x-forwarded-for": forwarded}
            answer = await client.post("/graphql", json={"query": "{ __typename }"}, headers=headers)
            assert answer.status_code == status, forwarded
        # A session is of its key, and so are its networks.
        del client.headers["authorization"]
        inside = {"x-forwarded-for": "203.0.113.7"}
        assert (await client.post("/auth/sign-in", json={"key": token}, headers=inside)).status_code == 200
        for forwarded, status in (("203.0.113.7", 200), ("198.51.100.1", 403)):
            headers = {"x-forwarded-for": forwarded}
            answer = await client.post("/graphql", json={"query": "{ __typename }"}, headers=headers)
            assert answer.status_code == status, forwarded


@pytest.mark.long
async def test_the_fast_path_compares_the_address_of_each_connection(serve: Serve) -> None:
    async with serve() as serving:
        token = await made_for(serving.client, "127.0.0.1/32")
        talk = await serving.talk()
        talk.token = token
        before = await serving.warm()
        await talk.warm_up(PEOPLE, n="Ada")
        assert await serving.warm() > before
        key_id = "UPDATE fieldstone.api_key SET networks = '{203.0.113.0/24}' WHERE networks <> '{}'"
        async with (await serving.app.runtime.ready()).foundation.database.session() as connection:
            await connection.execute(key_id)
        while (answer := await talk.ask(PEOPLE, n="Ada")).status == 200:
            pass
        assert answer.status == 403


async def test_behind_proxies_the_ordinary_path_decides(serve: Serve) -> None:
    async with serve(trusted_proxies="127.0.0.1") as serving:
        talk = await serving.talk()
        talk.token = await made_for(serving.client, "203.0.113.0/24")
        before = await serving.warm()
        for forwarded, status in (("203.0.113.7", 200), ("198.51.100.1", 403)) * 4:
            assert (await talk.ask(PEOPLE, more=f"X-Forwarded-For: {forwarded}\r\n", n="Ada")).status == status
        assert await serving.warm() == before


async def test_a_rotation_over_the_api(client: httpx.AsyncClient) -> None:
    token = await made_for(client)
    headers = {"authorization": f"Bearer {token}"}
    listed = (
        await client.post("/metadata", json={"query": "{ apiKeys { edges { node { id name networks } } } }"})
    ).json()
    (key,) = [edge["node"] for edge in listed["data"]["apiKeys"]["edges"] if edge["node"]["name"] == "bound"]
    text = "mutation ($id: UUID!, $s: Int) { rotateApiKey(id: $id, overlapSeconds: $s) { id name token } }"
    answer = await client.post("/metadata", json={"query": text, "variables": {"id": key["id"], "s": 60}})
    rotated = answer.json()["data"]["rotateApiKey"]
    assert (rotated["id"], rotated["name"], rotated["token"] != token) == (key["id"], "bound", True)
    assert (await client.post("/graphql", json={"query": "{ __typename }"}, headers=headers)).status_code == 200
    await client.post("/metadata", json={"query": text, "variables": {"id": key["id"]}})
    assert (await client.post("/graphql", json={"query": "{ __typename }"}, headers=headers)).status_code == 401
    answer = await client.post("/metadata", json={"query": text, "variables": {"id": key["id"], "s": -1}})
    assert answer.json()["errors"][0]["extensions"] == {"code": "BAD_USER_INPUT", "field": "overlapSeconds"}


async def test_a_key_gives_no_token_that_could_be_used_from_elsewhere(start_app: StartApp) -> None:
    make = 'mutation ($n: [String!]) { createApiKey(input: { name: "made", networks: $n }) { id token networks } }'
    rotate = "mutation ($id: UUID!) { rotateApiKey(id: $id) { token networks } }"

    async with start_app() as (_, client):
        headers = {"authorization": f"Bearer {await made_for(client, '127.0.0.0/8', '2001:db8::/32')}"}

        async def send(text: str, **variables: Any) -> Any:
            asked = {"query": text, "variables": variables}
            return (await client.post("/metadata", json=asked, headers=headers)).json()

        free = (await client.post("/metadata", json={"query": make})).json()["data"]["createApiKey"]
        assert free["networks"] == []
        nothing: list[Any] = [None, []]
        for given in nothing:
            inherited = (await send(make, n=given))["data"]["createApiKey"]
            assert inherited["networks"] == ["127.0.0.0/8", "2001:db8::/32"]
        for narrower in (["127.0.0.1/32"], ["127.0.0.0/8"], ["2001:db8:1::/48", "127.1.0.0/16"]):
            assert (await send(make, n=narrower))["data"]["createApiKey"]["networks"] == narrower
        for wider in (["0.0.0.0/0"], ["127.0.0.1/32", "203.0.113.0/24"], ["::/0"], ["126.0.0.0/7"]):
            (error,) = (await send(make, n=wider))["errors"]
            assert error["extensions"] == {"code": "FORBIDDEN", "field": "networks"}
        (error,) = (await send(make, n=["elsewhere"]))["errors"]
        assert error["extensions"] == {"code": "BAD_USER_INPUT", "field": "networks"}
        (error,) = (await send(rotate, id=free["id"]))["errors"]
        assert error["extensions"] == {"code": "FORBIDDEN", "field": "id"}
        # The refused rotation has not ended the token.
        held = {"authorization": f"Bearer {free['token']}"}
        assert (await client.post("/graphql", json={"query": "{ __typename }"}, headers=held)).status_code == 200
        assert (await send(rotate, id=inherited["id"]))["data"]["rotateApiKey"]["networks"] == inherited["networks"]
        listed = await send("{ apiKeys { edges { node { networks } } } }")
        assert len(listed["data"]["apiKeys"]["edges"]) == 1 + 1 + 1 + 2 + 3
