"""Kills while the model changes: the next start has each change as a whole or not at all, and all acknowledged ones."""

import threading
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.processes.embedded_runs import kill_postmaster
from tests.processes.model_changes import Outcome, Series, Step
from tests.processes.serving import Served, close, run, serving, start, wait_until_ready
from tests.waiting import eventually

pytestmark = pytest.mark.long

ROUNDS = 2
ACKNOWLEDGED = 10
"""Changes of each round before the kill; the change under way then is another one."""


def ask(client: httpx.Client, path: str, query: str, **variables: Any) -> Any:
    answer = client.post(path, json={"query": query, "variables": variables})
    if answer.status_code == 503:
        raise httpx.ReadError(answer.text)
    assert "errors" not in answer.json(), (query, answer.text)
    return answer.json()["data"]


def object_ids(client: httpx.Client) -> dict[str, str]:
    found = ask(client, "/metadata", "{ objects(first: 4) { edges { node { id namePlural } } } }")
    return {edge["node"]["namePlural"]: edge["node"]["id"] for edge in found["objects"]["edges"]}


def kill(served: Served, data_dir: Path, victim: str) -> None:
    if victim != "server":
        kill_postmaster(data_dir)
    if victim != "postmaster":
        served.process.kill()


@pytest.mark.parametrize("victim", ["server", "postmaster", "both"])
def test_a_kill_leaves_whole_changes_and_all_that_were_acknowledged(data_dir: Path, victim: str) -> None:
    seen: list[Outcome] = []
    steps: Iterator[Step] = iter(())

    def change(served: Served) -> None:
        with served.client() as client:
            try:
                for step in steps:
                    seen.append(step(partial(ask, client, "/metadata")))  # noqa: PERF401 - it is watched meanwhile
            except httpx.TransportError:
                return

    for number in range(ROUNDS):
        served = start(FIELDSTONE_DATA_DIR=str(data_dir))
        try:
            wait_until_ready(served)
            if number == 0:
                with served.client() as client:
                    steps = Series(objects=object_ids(client)).steps()
            enough = len(seen) + ACKNOWLEDGED + 5 * number
            changing = threading.Thread(target=change, args=(served,))
            changing.start()
            eventually(lambda: len(seen) >= enough or not changing.is_alive(), "no change", limit=60)  # noqa: B023 - called here
            kill(served, data_dir, victim)
            changing.join()
            assert len(seen) >= enough
        finally:
            close(served)
    with serving(FIELDSTONE_DATA_DIR=str(data_dir)) as served, served.client() as client:
        for outcome in seen:
            ask(client, "/graphql", outcome.document)
        examined = run("doctor", FIELDSTONE_DATA_DIR=str(data_dir))
        assert examined.returncode == 0, examined.stdout
