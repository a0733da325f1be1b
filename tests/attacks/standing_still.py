"""Work through two servers, one of which comes to stand still: writes that go on, changes of the model."""

import threading
import time
from typing import Any, Self

import httpx
import psycopg

from fieldstone.metadata.catalog.queries import QUERIES
from tests.processes.event_clients import Client, Server, Writing
from tests.waiting import eventually

CREATE_FIELD = """mutation ($of: UUID!, $name: String!) { createField(input: {
    objectMetadataId: $of, name: $name, label: $name, type: TEXT }) { id } }"""


def ask_model(url: str, key: str, query: str, **variables: Any) -> Any:
    """Return the response of an operation of the Metadata API."""
    return httpx.post(
        f"{url}/metadata",
        json={"query": query, "variables": variables},
        headers={"authorization": f"Bearer {key}"},
        timeout=60,
    ).json()


def person_of(url: str, key: str) -> str:
    """Return the id of the object `person`."""
    found = ask_model(url, key, '{ objects(filter: { nameSingular: { eq: "person" } }) { edges { node { id } } } }')
    return str(found["data"]["objects"]["edges"][0]["node"]["id"])


def fields_of(url: str, key: str, object_id: str) -> set[str]:
    """Return the names of an object's fields as a server has them."""
    query = """query ($of: UUID!) { fields(filter: { objectMetadataId: { eq: $of } }, first: 200) {
        edges { node { name } } } }"""
    found = ask_model(url, key, query, of=object_id)
    return {edge["node"]["name"] for edge in found["data"]["fields"]["edges"]}


def eventually_told(reader: Client, writing: Writing, limit: float) -> None:
    """Return when a subscriber has got all that has been answered by now."""
    answered = set(writing.answered)
    eventually(
        lambda: answered <= {result["personCreated"]["email"] for result in reader.results},
        f"not every written record is delivered within {limit} s",
        limit,
    )


class Changing:
    """A thread that creates fields through a server, one after the other, until it is told to stop.

    Attributes:
        answered: the names of those whose creation was answered.
        refusals: the codes of the errors.
    """

    def __init__(self, of: Server, key: str, object_id: str, most: int = 150) -> None:
        self._server = of
        self._key = key
        self._object_id = object_id
        self._most = most
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._change)
        self.answered: list[str] = []
        self.refusals: list[str] = []

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()

    def _change(self) -> None:
        for number in range(self._most):
            if self._ended.is_set():
                return
            name = f"extra{number}"
            try:
                answer = ask_model(self._server.url, self._key, CREATE_FIELD, of=self._object_id, name=name)
            except httpx.TransportError as error:
                self.refusals.append(type(error).__name__)
                continue
            if "errors" in answer:
                self.refusals.append(answer["errors"][0]["extensions"]["code"])
            else:
                self.answered.append(name)


def holder_at_rest(dsn: str, workspace_id: object) -> int | None:
    """Return the process of the session that has the turn of a model's changes and waits for its client; None if none.

    A statement that it runs at this moment is let run to its end.
    """
    with psycopg.connect(dsn, autocommit=True) as looking:
        end = time.monotonic() + 5
        while time.monotonic() < end:
            row = looking.execute(QUERIES["turn_holder"], {"workspace_id": workspace_id}).fetchone()
            if row is None:
                return None
            pid, _, _, state, _ = row
            if state == "idle in transaction":
                return int(pid)
    return None


def is_changing(looking: psycopg.Connection[Any], workspace_id: object) -> bool:
    """Tell whether the model is being changed by anybody."""
    return looking.execute(QUERIES["turn_holder"], {"workspace_id": workspace_id}).fetchone() is not None


def workspace_of(dsn: str) -> object:
    """Return the id of the workspace `default`."""
    with psycopg.connect(dsn) as looking:
        row = looking.execute("SELECT id FROM fieldstone.workspace WHERE name = 'default'").fetchone()
    assert row is not None
    return row[0]
