"""engine/server/http/refusal_pace.py: refusals beyond a rate are held back, each on its own connection."""

import asyncio
from typing import TYPE_CHECKING

import pytest

from fieldstone.engine.errors import RateLimitExceeded
from fieldstone.engine.server.http.middleware import ErrorBoundary, RequestLog
from fieldstone.engine.server.http.refusal_pace import RefusalPace
from fieldstone.engine.server.http.responses import build_error_reply
from fieldstone.engine.server.log_lines import Log
from fieldstone.engine.server.metrics.counts import Requests
from tests.clock import Clock
from tests.engine.server.conftest import StartApp, client_of
from tests.waiting import until

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send


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


async def _refuse(_scope: "Scope", _receive: "Receive", _send: "Send") -> None:
    raise RateLimitExceeded("Too many.")


async def _wait_for_ever(_scope: "Scope", _receive: "Receive", _send: "Send") -> None:
    await asyncio.Event().wait()


class Logged:
    """An app between the outermost layers, the statuses that it has sent, and the seconds of its lines in the log."""

    def __init__(self, app: "ASGIApp", refusals: RefusalPace) -> None:
        self.sent: list[int] = []
        self.seconds: list[float] = []
        boundary = ErrorBoundary(app, Log(print, is_json=True), lambda _, error: build_error_reply(error))
        self._app = RequestLog(
            boundary,
            write_line=lambda *facts: self.seconds.append(facts[-1]),
            counts=Requests(),
            refusals=refusals,
        )

    async def ask(self) -> None:
        async def receive() -> "Message":
            raise AssertionError

        async def send(message: "Message") -> None:
            if message["type"] == "http.response.start":
                self.sent.append(message["status"])

        await self._app({"type": "http", "method": "GET", "path": "/", "headers": []}, receive, send)


async def test_the_answer_of_a_request_that_the_server_ends_is_not_held(monkeypatch: pytest.MonkeyPatch) -> None:
    refusals = RefusalPace()
    monkeypatch.setattr(refusals, "take", lambda: 60.0)
    logged = Logged(_wait_for_ever, refusals)
    ended = asyncio.create_task(logged.ask())
    await asyncio.sleep(0)
    ended.cancel()
    await asyncio.wait([ended], timeout=30)
    assert ended.cancelled()
    assert logged.sent == [503]


async def test_the_time_of_a_request_is_without_that_for_which_its_refusal_was_held(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    refusals = RefusalPace()
    monkeypatch.setattr(refusals, "take", lambda: 0.3)
    logged = Logged(_refuse, refusals)
    await logged.ask()
    assert logged.sent == [429]
    assert [one < 0.3 for one in logged.seconds] == [True]
