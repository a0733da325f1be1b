"""A key that makes others: they raise no limit, and end with it where that is asked."""

import json
from collections.abc import Iterator

import httpx
import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from tests.processes.serving import Served, serving

pytestmark = pytest.mark.long

LIMIT = 60
MINT = 'mutation { createApiKey(input: { name: "minted" }) { id token } }'
PING = {"query": "{ companies { totalCount } }"}


@pytest.fixture
def served(dsn: str) -> Iterator[Served]:
    with serving(DATABASE_URL=dsn, API_RATE_LIMITING_LIMIT=str(LIMIT)) as running:
        yield running


def post(served: Served, token: str, query: str, *, path: str = "/metadata") -> httpx.Response:
    return httpx.post(f"{served.url}{path}", json={"query": query}, headers={"authorization": f"Bearer {token}"})


def mint(served: Served, token: str) -> dict[str, str]:
    made: dict[str, str] = post(served, token, MINT).json()["data"]["createApiKey"]
    return made


def test_keys_of_a_key_share_its_allowance(served: Served) -> None:
    tokens = [served.key]
    for _ in range(5):
        # Each is made by the one before.
        tokens.append(mint(served, tokens[-1])["token"])
    clients = [
        httpx.Client(base_url=served.url, headers={"authorization": f"Bearer {token}"}, timeout=30) for token in tokens
    ]
    statuses = [client.post("/graphql", json=PING).status_code for _ in range(LIMIT // 3) for client in clients]
    for client in clients:
        client.close()
    assert statuses.count(200) == LIMIT - 5
    assert set(statuses) == {200, 429}
    socket = connect(
        served.url.replace("http", "ws") + "/graphql",
        subprotocols=["graphql-transport-ws"],  # type: ignore[list-item]  # a NewType of str
        additional_headers={"authorization": f"Bearer {tokens[-1]}"},
    )
    with socket:
        socket.send(json.dumps({"type": "connection_init"}))
        socket.recv()
        socket.send(
            json.dumps({"type": "subscribe", "id": "a", "payload": {"query": "subscription { personCreated { id } }"}})
        )
        assert json.loads(socket.recv())["payload"][0]["extensions"]["code"] == "RATE_LIMIT_EXCEEDED"


def test_a_revocation_with_what_was_made_ends_keys_and_sockets(served: Served) -> None:
    child = mint(served, served.key)
    grandchild = mint(served, child["token"])
    listed = post(served, served.key, "{ apiKeys { edges { node { id createdByKey } } } }").json()
    makers = {edge["node"]["id"]: edge["node"]["createdByKey"] for edge in listed["data"]["apiKeys"]["edges"]}
    assert makers[grandchild["id"]] == child["id"]
    assert makers[makers[child["id"]]] is None
    socket = connect(
        served.url.replace("http", "ws") + "/graphql",
        subprotocols=["graphql-transport-ws"],  # type: ignore[list-item]  # a NewType of str
        additional_headers={"authorization": f"Bearer {grandchild['token']}"},
    )
    with socket:
        socket.send(json.dumps({"type": "connection_init"}))
        assert json.loads(socket.recv())["type"] == "connection_ack"
        assert post(served, grandchild["token"], PING["query"], path="/graphql").status_code == 200
        revoked = post(
            served, served.key, f'mutation {{ revokeApiKey(id: "{child["id"]}", withMade: true) {{ revokedAt }} }}'
        )
        assert revoked.json()["data"]["revokeApiKey"]["revokedAt"]
        assert post(served, grandchild["token"], PING["query"], path="/graphql").status_code == 401
        with pytest.raises(ConnectionClosed):
            socket.recv(timeout=60)
    assert post(served, served.key, PING["query"], path="/graphql").status_code == 200
