"""Rights that change through one server hold on another within a second, open sockets included, without messages."""

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from fieldstone.engine.access import new_roles
from fieldstone.engine.identity import watch
from fieldstone.engine.request.stored_documents import documents
from fieldstone.metadata import snapshot_watcher
from fieldstone.metadata.workspaces import denied_tokens, key_store, sessions
from tests.databases import Databases
from tests.engine.metadata_api.roles import CREATE, UPDATE
from tests.engine.server.prepared import migrate
from tests.ports import free_port
from tests.processes.serving import Served, serving
from tests.waiting import eventually

pytestmark = pytest.mark.long

PEOPLE = "{ people(orderBy: { email: AscNullsLast }) { edges { node { email city } } } }"
ADD = "mutation ($email: String!, $city: String!) { createPerson(data: { email: $email, city: $city }) { id } }"
MAKE_KEY = 'mutation { createApiKey(input: { name: "rep", role: "rep" }) { id token } }'
REVOKE = "mutation ($id: UUID!) { revokeApiKey(id: $id) { id } }"


def rule(city: str) -> list[Any]:
    return [{"object": "person", "read": {"rule": {"city": {"eq": city}}}}]


@pytest.fixture
def servers(databases: Databases) -> Iterator[tuple[Served, Served]]:
    """Two servers that do not hear each other."""
    nobody = f"redis://127.0.0.1:{free_port()}/0"
    with databases.clone(databases.template("default workspace", migrate)) as dsn:
        given = {"DATABASE_URL": dsn, "FIELDSTONE_BROADCAST_URL": nobody, "API_RATE_LIMITING_LIMIT": "0"}
        with serving(**given) as one, serving(**given) as other:
            yield one, other


def ask(client: httpx.Client, query: str, path: str = "/graphql", **variables: Any) -> Any:
    answer = client.post(path, json={"query": query, "variables": variables}).json()
    assert "errors" not in answer, answer
    return answer["data"]


class Open:
    """A socket of the key with a subscription and a live query, and all that it was sent."""

    def __init__(self, opened: ClientConnection) -> None:
        self.told: list[Any] = []
        self.code: int | None = None
        self._opened = opened
        opened.send(json.dumps({"type": "connection_init"}))
        for id_, query in (("created", "subscription { personCreated { email } }"), ("live", f"subscription {PEOPLE}")):
            opened.send(json.dumps({"type": "subscribe", "id": id_, "payload": {"query": query}}))
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def _read(self) -> None:
        try:
            for text in self._opened:
                self.told.append(json.loads(text))
        except ConnectionClosed:
            pass
        self.code = self._opened.close_code

    def close(self) -> None:
        self._opened.close()
        self._reader.join()

    def created(self) -> list[str]:
        """The addresses of the people that the subscription told of."""
        return [one["payload"]["data"]["personCreated"]["email"] for one in self._results("created")]

    def live(self) -> set[str]:
        """The cities in the last answer of the live query."""
        answers = [one["payload"]["data"]["people"]["edges"] for one in self._results("live")]
        return {edge["node"]["city"] for edge in answers[-1]} if answers else set()

    def has_ended(self, id_: str) -> bool:
        """Whether the subscription was ended."""
        return any(one["type"] in {"error", "complete"} and one["id"] == id_ for one in self.told)

    def _results(self, id_: str) -> list[Any]:
        return [one for one in self.told if one["type"] == "next" and one["id"] == id_]


class Streamed:
    """A subscription by Server-Sent Events, and all that it was sent."""

    def __init__(self, served: Served, token: str) -> None:
        self.text = ""
        self.is_over = False
        self._url = f"{served.url}/graphql"
        self._headers = {"authorization": f"Bearer {token}", "accept": "text/event-stream"}
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        sent = {"query": "subscription { personCreated { email } }"}
        with httpx.stream("POST", self._url, json=sent, headers=self._headers, timeout=60) as response:
            for text in response.iter_text():
                self.text += text
        self.is_over = True


@contextmanager
def opened(served: Served, token: str) -> Iterator[Open]:
    url = served.url.replace("http", "ws") + "/graphql"
    headers = {"authorization": f"Bearer {token}"}
    protocol: Any = ["graphql-transport-ws"]
    with connect(url, subprotocols=protocol, additional_headers=headers) as connection:
        found = Open(connection)
        try:
            yield found
        finally:
            found.close()


def test_a_changed_rule_and_a_revoked_key_hold_on_a_server_that_hears_nothing(servers: tuple[Served, Served]) -> None:
    one, other = servers
    with one.client() as admin:
        role_id = ask(admin, CREATE, "/metadata", input={"name": "rep", "label": "Rep", "grants": rule("Berlin")})[
            "createRole"
        ]["id"]
        key = ask(admin, MAKE_KEY, "/metadata")["createApiKey"]
        for city in ("Berlin", "Rome"):
            ask(admin, ADD, email=f"{city}@x.org", city=city)
        headers = {"authorization": f"Bearer {key['token']}"}
        with httpx.Client(base_url=other.url, headers=headers, timeout=30) as rep:
            # The role is new to this server, which does not hear of it, and looks for it.
            asked = {"query": PEOPLE}
            assert "errors" not in rep.post("/graphql", json=asked).json()
        with httpx.Client(base_url=other.url, headers=headers, timeout=30) as rep, opened(other, key["token"]) as held:
            warm = [ask(rep, PEOPLE) for _ in range(6)]
            assert all(answer == warm[0] for answer in warm)
            assert [edge["node"]["city"] for edge in warm[0]["people"]["edges"]] == ["Berlin"]
            eventually(lambda: held.live() == {"Berlin"}, "the live query has no answer")
            streamed = Streamed(other, key["token"])
            eventually(lambda: bool(streamed.text), "the stream does not begin")
            ask(admin, ADD, email="first@x.org", city="Berlin")
            eventually(lambda: held.created() == ["first@x.org"], "the subscription tells nothing")

            ask(admin, UPDATE, "/metadata", id=role_id, input={"grants": rule("Rome")})
            eventually(lambda: cities(rep) == {"Rome"}, "requests are served by the old rule")
            eventually(lambda: held.live() == {"Rome"}, "the live query is served by the old rule")
            ask(admin, ADD, email="hidden@x.org", city="Berlin")
            ask(admin, ADD, email="seen@x.org", city="Rome")
            eventually(lambda: held.created()[1:] == ["seen@x.org"], "the subscription is served by the old rule")

            eventually(lambda: "seen@x.org" in streamed.text, "the stream is served by the old rule")

            ask(admin, UPDATE, "/metadata", id=role_id, input={"grants": []})
            eventually(lambda: "errors" in rep.post("/graphql", json=asked).json(), "a role without rights is served")
            eventually(lambda: held.has_ended("live"), "the live query goes on without a right")
            eventually(lambda: held.has_ended("created"), "the subscription goes on without a right")
            eventually(lambda: streamed.is_over, "the stream goes on without a right")

            ask(admin, REVOKE, "/metadata", id=key["id"])
            eventually(lambda: rep.post("/graphql", json=asked).status_code == 401, "requests of the key are served")
            eventually(lambda: held.code == 4403, "the socket of the key stays open")
            assert "hidden@x.org" not in held.created()
            assert "hidden@x.org" not in streamed.text


def cities(client: httpx.Client) -> set[str]:
    return {edge["node"]["city"] for edge in ask(client, PEOPLE)["people"]["edges"]}


HELD: dict[str, tuple[float, ...]] = {
    "requests of a key": (key_store.FRESH_FOR,),
    "requests of a session": (sessions.FRESH_FOR,),
    "requests with a token": (denied_tokens.FRESH_FOR,),
    "a trusted document": (documents.FRESH_FOR,),
    "a role that is not found": (new_roles.ASKED_FOR,),
    "the rights of a role": (snapshot_watcher.POLL_INTERVAL,),
    # The look for changes finds the key, and wakes the watch.
    "connections of a key": (snapshot_watcher.POLL_INTERVAL, watch.LEAST_PAUSE),
    # The watch itself asks the database for them.
    "connections of a session or a token": (watch.INTERVAL,),
}
"""The times after which each cache of rights is compared with the database, one after the other."""


@pytest.mark.parametrize("times", HELD.values(), ids=HELD)
def test_rights_hold_for_no_longer_than_a_second(times: tuple[float, ...]) -> None:
    assert sum(times) <= 1
