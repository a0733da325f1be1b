"""The history of records, as principals see it, and its way out of the log."""

from datetime import timedelta
from itertools import chain, repeat
from typing import Any

import httpx
import psycopg
import pytest

from fieldstone.engine.events.log.history import index_partitions, trim_history
from fieldstone.engine.events.log.partitions import Partitions, Retention
from fieldstone.engine.record_history import reading
from tests.engine.rest.asking import ask, create
from tests.engine.rest.exports.exporting import key_of_role
from tests.engine.server.conftest import StartApp
from tests.waiting import until_found, until_true

EVENTS = """query ($filter: RecordEventFilter, $first: Int, $before: String) {
  events(filter: $filter, first: $first, before: $before) {
    edges { cursor node { id action object recordId at actor { kind name } record changes { field before after } } }
    pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
  }
}"""


async def page(client: httpx.AsyncClient, headers: Any = None, **variables: Any) -> Any:
    answer = await client.post("/metadata", json={"query": EVENTS, "variables": variables}, headers=headers)
    assert "errors" not in answer.json(), answer.text
    return answer.json()["data"]["events"]


async def events(client: httpx.AsyncClient, count: int, headers: Any = None, **variables: Any) -> Any:
    """The events, as soon as there are so many: they reach the log behind their writes."""
    found: Any = None

    async def are_there() -> bool:
        nonlocal found
        found = [edge["node"] for edge in (await page(client, headers, **variables))["edges"]]
        return len(found) == count

    await until_true(are_there)
    return found


async def error_of(client: httpx.AsyncClient, **variables: Any) -> Any:
    answer = (await client.post("/metadata", json={"query": EVENTS, "variables": variables})).json()
    return answer["errors"][0]


async def test_the_history_of_a_record(client: httpx.AsyncClient) -> None:
    person = await create(client, "people", email="a@x", city="Bonn")
    other = await create(client, "people", email="b@x")
    await ask(client, "PATCH", f"people/{person['id']}", json={"city": "Rome", "jobTitle": "Lead"})
    await ask(client, "DELETE", f"people/{person['id']}?soft_delete=true")
    await ask(client, "DELETE", f"people/{person['id']}")
    destroyed, deleted, updated, created = await events(client, 4, filter={"recordId": person["id"]})
    assert [one["action"] for one in (destroyed, deleted, updated, created)] == [
        "DESTROYED",
        "DELETED",
        "UPDATED",
        "CREATED",
    ]
    assert updated["changes"] == [
        {"field": "jobTitle", "before": None, "after": "Lead"},
        {"field": "city", "before": "Bonn", "after": "Rome"},
    ]
    assert (created["changes"], created["object"], created["recordId"]) == ([], "person", person["id"])
    assert (created["record"]["city"], destroyed["record"]["city"]) == ("Bonn", "Rome")
    assert created["actor"] == {"kind": "API_KEY", "name": "test"}
    assert len(await events(client, 5, filter={"object": "person"})) == 5
    assert len(await events(client, 2, filter={"actions": ["CREATED"]})) == 2
    (only,) = await events(client, 1, filter={"recordId": other["id"], "since": created["at"]})
    assert only["recordId"] == other["id"]
    assert await events(client, 0, filter={"until": created["at"]}) == []
    assert await events(client, 0, filter={"object": "company"}) == []


@pytest.mark.long
async def test_pages_go_back_in_time(client: httpx.AsyncClient) -> None:
    for number in range(25):
        await create(client, "people", email=f"{number}@x")
    await events(client, 25)
    found: list[str] = []
    before = None
    while True:
        one = await page(client, first=10, before=before)
        assert one["pageInfo"]["hasPreviousPage"] is (before is not None)
        assert one["pageInfo"]["startCursor"] == one["edges"][0]["cursor"]
        found += [edge["node"]["record"]["email"] for edge in one["edges"]]
        before = one["pageInfo"]["endCursor"]
        if not one["pageInfo"]["hasNextPage"]:
            break
    assert found == [f"{number}@x" for number in reversed(range(25))]
    empty = await page(client, first=0)
    assert (empty["edges"], empty["pageInfo"]["startCursor"]) == ([], None)


async def test_a_role_sees_its_fields_and_its_records(client: httpx.AsyncClient) -> None:
    rule = {"city": {"eq": "Bonn"}}
    grants = [{"object": "person", "read": {"fields": {"only": ["email", "city"]}, "rule": rule}}]
    headers = await key_of_role(client, grants=grants)
    person = await create(client, "people", email="a@x", city="Rome", jobTitle="Clerk")
    await create(client, "companies", name="Acme")
    await ask(client, "PATCH", f"people/{person['id']}", json={"city": "Bonn"})
    await ask(client, "PATCH", f"people/{person['id']}", json={"jobTitle": "Lead"})
    await ask(client, "PATCH", f"people/{person['id']}", json={"email": "b@x"})
    await ask(client, "PATCH", f"people/{person['id']}", json={"city": "Oslo"})
    await events(client, 6)
    renamed, moved = await events(client, 2, headers)
    assert renamed["changes"] == [{"field": "email", "before": "a@x", "after": "b@x"}]
    # It did not see the record before.
    assert moved["changes"] == [{"field": "city", "before": None, "after": "Bonn"}]
    assert set(moved["record"]) == {"id", "email", "city"}
    refused = await client.post(
        "/metadata", json={"query": EVENTS, "variables": {"filter": {"object": "company"}}}, headers=headers
    )
    assert refused.json()["errors"][0]["extensions"]["code"] == "BAD_USER_INPUT"


async def test_hidden_events_are_not_told_by_their_number(client: httpx.AsyncClient) -> None:
    headers = await key_of_role(client, grants=[{"object": "person", "read": {"rule": {"city": {"eq": "Bonn"}}}}])
    secret = await create(client, "people", email="secret@x", city="Rome")
    for email in ("a@x", "b@x"):
        await ask(client, "POST", "batch/people", 201, json=[{"email": f"{number}.{email}"} for number in range(60)])
        await create(client, "people", email=email, city="Bonn")
    for number in range(60):
        await ask(client, "PATCH", f"people/{secret['id']}", json={"jobTitle": f"{number}"})
    await events(client, 60, first=100, filter={"recordId": secret["id"], "actions": ["UPDATED"]})
    newest = await page(client, headers, first=1)
    assert [edge["node"]["record"]["email"] for edge in newest["edges"]] == ["b@x"]
    assert newest["pageInfo"]["hasNextPage"] is True
    oldest = await page(client, headers, first=1, before=newest["pageInfo"]["endCursor"])
    assert [edge["node"]["record"]["email"] for edge in oldest["edges"]] == ["a@x"]
    assert oldest["pageInfo"]["hasNextPage"] is False
    for filter_ in ({"recordId": secret["id"]}, {"until": oldest["edges"][0]["node"]["at"]}):
        none = await page(client, headers, first=1, filter=filter_)
        assert (none["edges"], none["pageInfo"]["hasNextPage"], none["pageInfo"]["endCursor"]) == ([], False, None)


async def test_a_page_that_ran_out_of_time_is_followed_by_the_rest(
    client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    headers = await key_of_role(client, grants=[{"object": "person", "read": {"rule": {"city": {"eq": "Bonn"}}}}])
    await create(client, "people", email="seen@x", city="Bonn")
    await ask(client, "POST", "batch/people", 201, json=[{"email": f"{number}@x"} for number in range(20)])
    await events(client, 21)
    with monkeypatch.context() as patched:
        patched.setattr(reading, "monotonic", chain([0, 0], repeat(10**6)).__next__)
        cut = await page(client, headers, first=5)
    assert (cut["edges"], cut["pageInfo"]["hasNextPage"]) == ([], True)
    rest = await page(client, headers, first=5, before=cut["pageInfo"]["endCursor"])
    assert [edge["node"]["record"]["email"] for edge in rest["edges"]] == ["seen@x"]
    assert rest["pageInfo"]["hasNextPage"] is False


async def test_a_role_sees_the_values_from_before_options_went(
    client: httpx.AsyncClient,
) -> None:
    ways = [{"fields": {"only": ["name"]}}, {"rule": {"name": {"startsWith": "Open"}}}]
    headers = await key_of_role(client, grants=[{"object": "opportunity", "read": ways}])
    for name in ("Open", "Secret"):
        made = await create(client, "opportunities", name=name, stage="MEETING")
        await ask(client, "PATCH", f"opportunities/{made['id']}", json={"stage": "NEW"})
    found = await client.post("/metadata", json={"query": "{ fields(first: 200) { edges { node { id name } } } }"})
    (stage,) = (one["node"]["id"] for one in found.json()["data"]["fields"]["edges"] if one["node"]["name"] == "stage")
    shorter = "mutation ($id: UUID!, $input: UpdateFieldInput!) { updateField(id: $id, input: $input) { id } }"
    options = {"options": [{"value": "NEW", "label": "New"}], "defaultValue": "NEW"}
    await client.post("/metadata", json={"query": shorter, "variables": {"id": stage, "input": options}})
    secret, updated, created = await events(client, 3, headers)
    assert (secret["record"]["name"], secret["record"]["stage"]) == ("Secret", None)
    assert (created["record"]["stage"], updated["record"]["stage"]) == ("MEETING", "NEW")
    assert updated["changes"] == [{"field": "stage", "before": "MEETING", "after": "NEW"}]


@pytest.mark.parametrize(
    ("variables", "field"),
    [
        ({"first": -1}, "first"),
        ({"first": 101}, "first"),
        ({"before": "x"}, "before"),
        ({"before": "0" * 20}, "before"),
        ({"filter": {"object": "nobody"}}, "filter"),
    ],
)
async def test_refusals(client: httpx.AsyncClient, variables: dict[str, Any], field: str) -> None:
    error = await error_of(client, **variables)
    assert (error["extensions"]["code"], error["extensions"]["field"]) == ("BAD_USER_INPUT", field)


@pytest.mark.long
async def test_partitions_that_leave_the_log_are_history(start_app: StartApp, app_database: str) -> None:
    async with start_app() as (app, client):
        database = (await app.runtime.ready()).foundation.database
        partitions = Partitions(database)
        person = await create(client, "people", email="a@x", city="Bonn")
        await events(client, 1)
        async with await psycopg.AsyncConnection.connect(app_database, autocommit=True) as connection:
            # The next event is the first one of the second partition.
            await connection.execute("UPDATE fieldstone.log_head SET position = 50000")
            await partitions.cover(100_000)
            await connection.execute(
                "UPDATE fieldstone.event_log SET at = at - interval '80 hours', position = 50000"
                " WHERE position = (SELECT max(position) FROM fieldstone.event_log)"
            )
            await ask(client, "PATCH", f"people/{person['id']}", json={"city": "Rome"})
            await events(client, 2)
            assert [one.start for one in await index_partitions(database)] == [1]
            assert await index_partitions(database) == []
            await until_found(connection, "SELECT 1 FROM fieldstone.log_consumer WHERE position > 50000")
            retention = Retention(window=timedelta(hours=72), count=0, history=timedelta(days=90))
            assert [one.start for one in await partitions.trim(retention)] == [1]
            kept = await (await connection.execute("SELECT position FROM fieldstone.record_history")).fetchall()
            assert kept == [(50_000,)]
            updated, created = await events(client, 2, filter={"recordId": person["id"]})
            assert updated["changes"] == [{"field": "city", "before": "Bonn", "after": "Rome"}]
            assert created["record"]["city"] == "Bonn"
            assert await trim_history(database, timedelta(days=90)) == []
            assert await trim_history(database, timedelta(hours=79)) == ["record_history_1_50001"]
            (left,) = await events(client, 1, filter={"recordId": person["id"]})
            assert left["action"] == "UPDATED"
