"""Queries whose answers would be enormous are refused before they run, and others do not notice them."""

import json
import threading
import time
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.processes.serving import SHEDDING, Served, serving

PEOPLE = 200
ATTACKERS = 8
QUERIES_EACH = 6


@pytest.fixture
def served(dsn: str) -> Iterator[Served]:
    """A server whose workspace has one company of so many people that each level multiplies by that."""
    with (
        serving(DATABASE_URL=dsn, **SHEDDING) as started,
        started.client() as client,
    ):
        company = ask(client, 'mutation { createCompany(data: {name: "Crowd"}) { id } }')["data"]["createCompany"]["id"]
        crowd = [{"email": f"{n}@example.com", "companyId": company} for n in range(PEOPLE)]
        created = ask(client, "mutation ($data: [PersonInput!]!) { createPeople(data: $data) { id } }", {"data": crowd})
        assert len(created["data"]["createPeople"]) == PEOPLE
        yield started


def ask(client: httpx.Client, query: str, variables: dict[str, Any] | None = None, path: str = "/graphql") -> Any:
    return client.post(path, json={"query": query, "variables": variables or {}}).json()


def people(page: int, below: str) -> str:
    return f"people(first: {page}) {{ edges {{ node {{ {below} }} }} }}"


def deep(levels: int, page: int) -> str:
    """People of a company of a person of a company, and so on."""
    below = "id"
    for _ in range(levels):
        below = f"company {{ {people(page, below)} }}"
    return f"{{ {people(page, below)} }}"


def wide(page: int) -> str:
    """Each of many people's company with all its people, many times side by side."""
    part = "a%d: company { people(first: %d) { edges { node { id email city jobTitle } } } }"
    return f"{{ {people(page, ' '.join(part % (n, page) for n in range(40)))} }}"


@pytest.mark.alone
def test_costly_queries_of_one_key_are_refused_while_another_reads(served: Served) -> None:
    with served.client() as client:
        made = ask(client, 'mutation { createApiKey(input: {name: "attacker"}) { token } }', path="/metadata")
        token = made["data"]["createApiKey"]["token"]
        codes: list[str] = []
        failures: list[str] = []

        def attack(number: int) -> None:
            with httpx.Client(
                base_url=served.url, headers={"authorization": f"Bearer {token}"}, timeout=60
            ) as attacker:
                for turn in range(QUERIES_EACH):
                    query = deep(2 + turn, 200) if number % 2 else wide(200 - turn)
                    answer = ask(attacker, query)
                    if answer.get("data") is not None:
                        failures.append(json.dumps(answer)[:200])
                    codes.extend(error["extensions"]["code"] for error in answer.get("errors", ()))

        attackers = [threading.Thread(target=attack, args=(number,)) for number in range(ATTACKERS)]
        begun = time.monotonic()
        for one in attackers:
            one.start()
        waits: list[float] = []
        while any(one.is_alive() for one in attackers) or not waits:
            before = time.monotonic()
            page = ask(client, "{ people(first: 5) { edges { node { email } } } }")
            waits.append(time.monotonic() - before)
            assert len(page["data"]["people"]["edges"]) == 5
        for one in attackers:
            one.join()
    assert not failures
    assert codes == ["QUERY_TOO_COMPLEX"] * (ATTACKERS * QUERIES_EACH)
    # One of these queries alone ran into the statement's limit of 15 s, and eight of them held the whole pool for that.
    assert time.monotonic() - begun < 10
    assert max(waits) < 2
