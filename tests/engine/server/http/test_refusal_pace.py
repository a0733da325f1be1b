"""engine/server/http/refusal_pace.py: refusals beyond a rate are held back, each on its own connection."""

import asyncio

import pytest

from fieldstone.engine.server.http.refusal_pace import RefusalPace
from tests.clock import Clock
from tests.engine.server.conftest import StartApp, client_of
from tests.waiting import until


def test_ten_refusals_are_answered_at_once_and_the_next_ones_two_milliseconds_apart() -> None:
    pace = RefusalPace(Clock())
    assert [pace.take() for _ in range(10)] == [0.0] * 10
    assert [pace.take() for _ in range(4)][1:] == pytest.approx([0.022, 0.024, 0.026])


def test_a_client_that_waits_for_each_answer_is_refused_five_hundred_times_a_second() -> None:
    clock = Clock()
    pace = RefusalPace(clock)
    begun, refused = clock.now, 0
    while clock.now < begun + 2:
        # Thirty-two connections: each sends its next request as soon as it is refused.
        holds = [pace.take() for _ in range(32)]
        clock.now += max(*holds, 0.001)
        refused += 32
    assert 990 < refused < 1_080


def test_no_more_than_some_hundreds_are_held_and_all_others_are_answered_at_once() -> None:
    clock = Clock()
    pace = RefusalPace(clock)
    holds = [pace.take() for _ in range(10_000)]
    assert len([one for one in holds if one]) == pytest.approx(240, abs=2)
    assert max(holds) <= 0.5
    clock.now += 1
    assert [pace.take() for _ in range(10)] == [0.0] * 10


@pytest.mark.parametrize(("method", "path"), [("POST", "/graphql"), ("GET", "/rest/people"), ("POST", "/auth/sign-in")])
async def test_a_request_without_a_valid_key_is_refused_at_the_pace(
    start_app: StartApp, monkeypatch: pytest.MonkeyPatch, method: str, path: str
) -> None:
    async with start_app() as (app, client), client_of(app) as stranger:
        assert app.warm is not None
        asked: list[float] = []

        def take() -> float:
            asked.append(60.0)
            return 60.0

        monkeypatch.setattr(app.warm.refusals, "take", take)
        body = {"query": "{ __typename }", "key": "wrong"}
        refused = asyncio.create_task(stranger.request(method, path, json=body, headers={"Authorization": "Bearer x"}))
        await until(lambda: len(asked) == 1)
        # One that is carried out is not held, and the other one is still.
        assert (await client.post("/graphql", json=body)).status_code == 200
        assert (asked, refused.done()) == ([60.0], False)
        refused.cancel()
        await asyncio.gather(refused, return_exceptions=True)
        monkeypatch.setattr(app.warm.refusals, "take", lambda: 0.001)
        assert (await stranger.request(method, path, json=body)).status_code == 401
