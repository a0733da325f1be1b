"""Documents and variables that take long to prepare keep nobody else from being served."""

import json
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from tests.engine.long_documents import many
from tests.processes.serving import Served, serving

pytestmark = pytest.mark.alone

PATIENCE = 1.0
"""Seconds; the documents below held everybody up for 1.4 to 10.5 each."""

HICCUPS = 2
"""Waits that may be longer: the machine has other work at times, and each attack has more documents than these."""

LEVELS = "people { edges { node { company { people { edges { node { company { id name } } } } } } } }"


FRAGMENTS = (
    f"{{ companies {{ edges {{ node {{ {many(250, '...F#')} }} }} }} }} "
    f"{many(250, f'fragment F# on Company {{ {LEVELS} }}')}"
)
REPEATS = f"{{ {many(99, f'companies {{ edges {{ node {{ {LEVELS} }} }} }}')} }}"
CREATE = "mutation ($data: [CompanyInput!]!) { createCompanies(data: $data) { id } }"
FIND = "query ($ids: [UUID!]) { companies(filter: {id: {in: $ids}}) { totalCount } }"


def long_wait(served: Served, attack: Callable[[httpx.Client], Any], *, clients: int) -> float:
    """Return how long a read and a health check waited, all hiccups apart, while so many clients attacked."""

    def run() -> None:
        with served.client() as client:
            attack(client)

    read = {"query": "{ companies(first: 1) { edges { node { id } } } }"}
    with served.client() as client, ThreadPoolExecutor(clients) as threads:
        for _ in range(3):
            assert "errors" not in client.post("/graphql", json=read).json()
        attackers = [threads.submit(run) for _ in range(clients)]
        waits: list[float] = []
        while not all(one.done() for one in attackers) or not waits:
            begun = time.monotonic()
            assert client.get("/healthz").status_code == 200
            assert client.post("/graphql", json=read).status_code == 200
            waits.append(time.monotonic() - begun)
        for one in attackers:
            one.result()
    return sorted(waits)[-HICCUPS - 1 :][0]


def test_documents_that_were_compared_pair_by_pair(dsn: str) -> None:
    def attack(client: httpx.Client) -> None:
        # Each is another text, so that none is known from before.
        batch = [{"query": f"{text} # {number}"} for number in range(3) for text in (FRAGMENTS, REPEATS)]
        answers = client.post("/graphql", json=batch, timeout=60).json()
        assert {code for answer in answers for code in codes(answer)} <= {"QUERY_TOO_COMPLEX"}

    with serving(DATABASE_URL=dsn) as served:
        assert long_wait(served, attack, clients=2) < PATIENCE


def test_refused_documents_again_and_again(dsn: str) -> None:
    unknown = f"{{ {many(9_000, 'x#')} }}"

    def attack(client: httpx.Client) -> None:
        for _ in range(20):
            answers = client.post("/graphql", json=[{"query": unknown}] * 10, timeout=60).json()
            assert {code for answer in answers for code in codes(answer)} == {"GRAPHQL_VALIDATION_FAILED"}

    with serving(DATABASE_URL=dsn) as served, served.client() as client:
        begun = time.monotonic()
        assert "errors" in client.post("/graphql", json={"query": f"{unknown} # once"}, timeout=60).json()
        once = time.monotonic() - begun
        assert long_wait(served, attack, clients=1) < PATIENCE
        # The work thread does not look at each of the 200.
        assert time.monotonic() - begun < 50 * once


def test_variables_of_megabytes(dsn: str) -> None:
    def attack(client: httpx.Client) -> None:
        for query, variables in (
            (CREATE, {"data": [{"name": f"Company {n}" + "x" * 200} for n in range(10_000)]}),
            (FIND, {"ids": [[]] * 400_000}),
            (FIND, {"ids": ["0191d2a4-7c1e-7b0a-9d2e-3f5a6b7c8d9e"] * 100_000}),
        ):
            body = json.dumps({"query": query, "variables": variables}, separators=(",", ":"))
            assert len(body) > 1_000_000
            answer = client.post(
                "/graphql", content=body, headers={"content-type": "application/json"}, timeout=60
            ).json()
            assert codes(answer) in ([], ["BAD_USER_INPUT"])

    with serving(DATABASE_URL=dsn, FIELDSTONE_MAX_BODY_BYTES=str(8 << 20)) as served:
        assert long_wait(served, attack, clients=2) < PATIENCE


def codes(answer: Any) -> list[str]:
    return [error["extensions"]["code"] for error in answer.get("errors", ())]
