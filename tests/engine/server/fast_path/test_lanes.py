"""Warm requests in lanes: several in one message to the database, each answered as on the ordinary path."""

import asyncio
import json
import random
from collections.abc import Awaitable, Callable, Mapping

import pytest

from fieldstone.engine.access import pace as turns
from fieldstone.metadata.snapshot_watcher import SnapshotWatch
from fieldstone.sql.driver import pace
from fieldstone.sql.driver.lanes import lane
from fieldstone.sql.driver.lanes import lanes as lanes_module
from tests.engine.server.conftest import StartApp
from tests.engine.server.fast_path.talking import PEOPLE, Answered, Serve, Serving, Talk, locked, until_waiting
from tests.sql.driver.lanes.asking import watch_messages
from tests.waiting import until, until_true

NAMES = "query ($n: String) { people(filter: {firstName: {contains: $n}}) { edges { node { firstName } } } }"
ONE = "query ($id: UUID!) { person(filter: {id: {eq: $id}}) { firstName } }"


@pytest.fixture
def messages(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Return the numbers of statements of the shared messages; nothing is taken for slow by the clock."""
    # While turns are long, few requests of one turn would begin together.
    monkeypatch.setattr(turns, "_LONG", 3600.0)
    monkeypatch.setattr(pace, "SHORT", 10**9)
    monkeypatch.setattr(pace, "LONGEST", 10**9)
    monkeypatch.setattr(lane, "SLOW", 3600.0)
    monkeypatch.setattr(lanes_module, "_PATIENCE", 3600.0)
    return watch_messages(monkeypatch)


async def ask_together(talks: list[Talk], requests: list[bytes]) -> list[Answered]:
    """Return the responses to requests that are sent in one turn, one on each connection."""
    for talk, request in zip(talks, requests, strict=True):
        talk.send(request)
    return list(await asyncio.gather(*(talk.receive() for talk in talks)))


async def warm_up(serving: Serving, *asks: Callable[[], Awaitable[Answered]]) -> None:
    """Ask until the statement of each request may share messages.

    A run counts for nothing where it meets a connection that has not prepared its statement yet.
    """
    paces = (await serving.app.runtime.ready()).foundation.database._lanes.paces

    async def are_short() -> bool:
        for ask in asks:
            assert (await ask()).status == 200
        return sum(pace.is_short for pace in paces._known.values()) == len(asks)

    await until_true(are_short)


async def test_any_requests_are_answered_as_on_the_ordinary_path(serve: Serve, messages: list[int]) -> None:
    drawn = random.Random(13)  # noqa: S311 - no secret
    async with serve(lanes=1, pool_size=1, max_response_bytes=1_000) as serving:
        first = await serving.talk()
        created = await first.ask("{ people(orderBy: {firstName: ASC}) { edges { node { id } } } }")
        ids = [edge["node"]["id"] for edge in created.json["data"]["people"]["edges"]]
        long = "x" * 2_000
        large = PEOPLE.replace("totalCount", f"{long}: totalCount")
        given: list[tuple[str, Mapping[str, str | None]]] = [
            *((PEOPLE, {"n": name}) for name in ("Ada", "Grace", "nobody", None)),
            *((NAMES, {"n": name}) for name in ("a", "A%", "")),
            *((ONE, {"id": id_}) for id_ in (*ids, "00000000-0000-7000-8000-000000000000")),
            (large, {"n": "Ada"}),
        ]
        expected = [await _ordinary(serving, query, variables) for query, variables in given]
        assert sum(b"errors" in one for one in expected) == 1
        talks = [await serving.talk() for _ in range(12)]
        for query, variables in given:
            for _ in range(6):
                await first.ask(query, **variables)
        for _ in range(10):
            places = [drawn.randrange(len(given)) for _ in talks]
            answers = await ask_together(
                talks, [talk.request(given[at][0], **given[at][1]) for talk, at in zip(talks, places, strict=True)]
            )
            assert [answer.body for answer in answers] == [expected[place] for place in places]
        assert sum(messages) > 60
        page = (await serving.client.get("/metrics")).text
        assert f'fieldstone_pool_events_total{{event="joined"}} {float(sum(messages))}' in page


async def test_a_changed_model_is_seen_by_all_requests_of_a_message(
    serve: Serve, start_app: StartApp, app_database: str, messages: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    # The change is heard of by the requests alone, however late they come.
    monkeypatch.setattr(SnapshotWatch, "hear", lambda *_: None)
    query = "{ people(orderBy: {firstName: ASC}) { edges { node { firstName nickname } } } }"
    async with serve(lanes=1, pool_size=2) as serving, start_app() as (_, elsewhere):
        first = await serving.talk()
        person = '{ objects(filter: {nameSingular: {eq: "person"}}) { edges { node { id } } } }'
        (edge,) = (await first.ask(person, path="/metadata")).json["data"]["objects"]["edges"]
        create = "mutation ($i: CreateFieldInput!) { createField(input: $i) { id } }"
        field = {"objectMetadataId": edge["node"]["id"], "type": "TEXT", "name": "nickname", "label": "Nickname"}
        created = (await first.ask(create, path="/metadata", i=field)).json["data"]["createField"]
        talks = [await serving.talk() for _ in range(6)]
        await warm_up(serving, lambda: first.ask(query), lambda: first.ask(PEOPLE, n="Ada"))
        messages.clear()
        delete = f'mutation {{ deleteField(id: "{created["id"]}") {{ id }} }}'
        assert "errors" not in (await elsewhere.post("/metadata", json={"query": delete})).json()
        requests = [
            talk.request(query) if place % 2 else talk.request(PEOPLE, n="Ada") for place, talk in enumerate(talks)
        ]
        lanes = (await serving.app.runtime.ready()).foundation.database._lanes
        async with locked(app_database):
            # Behind the first one the others wait for the lane, in however many turns they come.
            answering = asyncio.create_task(ask_together(talks, requests))
            await until(lambda: lanes.waiting >= 2)
        answers = await answering
        assert sum(messages) >= 2
        for place, answer in enumerate(answers):
            if place % 2:
                assert answer.json["errors"][0]["extensions"]["code"] == "GRAPHQL_VALIDATION_FAILED"
            else:
                assert answer.json["data"]["people"]["totalCount"] == 1


async def test_a_killed_lane_is_not_seen_by_its_clients(serve: Serve, app_database: str, messages: list[int]) -> None:
    async with serve(lanes=1, pool_size=2) as serving:
        talks = [await serving.talk() for _ in range(6)]
        await warm_up(serving, lambda: talks[0].ask(PEOPLE, n="Ada"))
        # As after a message with several: the next one waits for all requests of the turn.
        (await serving.app.runtime.ready()).foundation.database._lanes._is_crowded = True
        async with locked(app_database) as connection:
            for talk in talks:
                talk.send(talk.request(PEOPLE, n="Ada"))
            (pid,) = await until_waiting(app_database)
            await connection.execute("SELECT pg_terminate_backend(%s::int, 5000)", [pid])
        answers = await asyncio.gather(*(talk.receive() for talk in talks))
        assert [answer.json["data"]["people"]["totalCount"] for answer in answers] == [1] * 6
        assert sum(messages) >= 2


async def _ordinary(serving: Serving, query: str, variables: Mapping[str, str | None]) -> bytes:
    """Return the body of the answer without the fast path."""
    answer = await serving.client.post(
        "/graphql",
        content=json.dumps({"query": query, "variables": variables}),
        headers={"Content-Type": "application/json"},
    )
    return answer.content
