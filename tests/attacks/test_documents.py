"""Documents and variables that take long to prepare keep nobody else from being served."""

import json
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx

from tests.processes.serving import Served, serving

PATIENCE = 1.0
"""Seconds; the documents below held everybody up for 1.4 to 10.5 each."""

LEVELS = "people { edges { node { company { people { edges { node { company { id name } } } } } } } }"


def many(count: int, text: str) -> str:
    return " ".join(text.replace("#", str(number)) for number in range(count))


FRAGMENTS = (
    f"{{ companies {{ edges {{ node {{ {many(250, '...F#')} }} }} }} }} "
    f"{many(250, f'fragment F# on Company {{ {LEVELS} }}')}"
)
REPEATS = f"{{ {many(99, f'companies {{ edges {{ node {{ {LEVELS} }} }} }}')} }}"
CREATE = "mutation ($data: [CompanyInput!]!) { createCompanies(data: $data) { id } }"
FIND = "query ($ids: [UUID!]) { companies(filter: {id: {in: $ids}}) { totalCount } }"


def worst_wait(served: Served, attack: Callable[[httpx.Client], Any], *, clients: int) -> float:
    """Return the longest that a read and a health check waited while so many clients attacked."""

    def run() -> None:
        with served.client() as client:
            attack(client)

    read = {"query": "{ companies(first: 1) { edges { node { id } } } }"}
    with served.client() as client, ThreadPoolExecutor(clients) as threads:
        for _ in range(3):
            assert "errors" not in client.post("/graphql", json=read).json()
        attackers = [threads.submit(run) for _ in range(clients)]
        worst, rounds = 0.0, 0
        while not all(one.done() for one in attackers) or not rounds:
            begun = time.monotonic()
            assert client.get("/healthz").status_code == 200
            assert client.post("/graphql", json=read).status_code == 200
            worst, rounds = max(worst, time.monotonic() - begun), rounds + 1
        for one in attackers:
            one.result()
    return worst


def test_documents_that_were_compared_pair_by_pair(dsn: str) -> None:
    def attack(client: httpx.Client) -> None:
        # Each is another text, so that none is known from before.
        batch = [{"query": f"{text} # {number}"} for number in range(3) for text in (FRAGMENTS, REPEATS)]
        answers = client.post("/graphql", json=batch, timeout=60).json()
        assert {code for answer in answers for code in codes(answer)} <= {"QUERY_TOO_COMPLEX"}

    with serving(DATABASE_URL=dsn) as served:
        assert worst_wait(served, attack, clients=2) < PATIENCE


def test_refused_documents_again_and_again(dsn: str) -> None:
    unknown = f"{{ {many(9_000, 'x#')} }}"

    def attack(client: httpx.Client) -> None:
        for _ in range(20):
            answers = client.post("/graphql", json=[{"query": unknown}] * 10, timeout=60).json()
            assert {code for answer in answers for code in codes(answer)} == {"GRAPHQL_VALIDATION_FAILED"}

    with serving(DATABASE_URL=dsn) as served:
        begun = time.monotonic()
        assert worst_wait(served, attack, clients=1) < PATIENCE
        # 200 of them would take the work thread some 60 s, if it looked at each.
        assert time.monotonic() - begun < 15


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
        assert worst_wait(served, attack, clients=2) < PATIENCE


def codes(answer: Any) -> list[str]:
    return [error["extensions"]["code"] for error in answer.get("errors", ())]
