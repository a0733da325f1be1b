"""More operations than the database serves: those that would wait too long are refused unread, and all recovers."""

import asyncio
import logging
from uuid import uuid4

import pytest

from fieldstone.engine.server.fast_path.http_protocol import FieldstoneProtocol, HeldRefusal
from tests.clock import Clock
from tests.engine.server.fast_path.overload import PATIENCE, overloaded, share_of_only_key, stand_still
from tests.engine.server.fast_path.talking import PEOPLE, Serve, Serving, locked
from tests.waiting import until


async def test_operations_that_would_wait_too_long_are_refused_unread_and_all_recovers(
    serve: Serve, app_database: str, caplog: pytest.LogCaptureFixture
) -> None:
    async with serve(pool_size=2, max_queue_ms=PATIENCE) as serving:
        talks = [await serving.talk() for _ in range(5)]
        await talks[0].warm_up(PEOPLE, n="Ada")
        waiting, (warm, cold) = talks[:3], talks[3:]
        known = warm.request(PEOPLE, n="Ada")
        body = known.partition(b"\r\n\r\n")[2]
        async with locked(app_database) as lock:
            await stand_still(serving, app_database, waiting)
            before = await serving.warm()
            # The body is no JSON at all: it is not read.
            warm.send(known.replace(body, b"?" * len(body)))
            cold.send(cold.request(PEOPLE, more="X-Other: 1\r\n", n="Ada").replace(body, b"?" * len(body)))
            refused = [await warm.receive(), await cold.receive()]
            assert await serving.warm() == before + 1
            for answer in refused:
                assert (answer.status, answer.header(b"retry-after")) == (503, b"1")
                assert overloaded(answer.json) == "OVERLOADED"
                assert answer.header(b"x-request-id")
            batch = await serving.client.post("/graphql", json=[{"query": "{ __typename }"}])
            rest = await serving.client.get("/rest/people", headers={"Accept": "application/problem+json"})
            for response in (batch, rest):
                assert (response.status_code, response.headers["retry-after"]) == (503, "1")
                assert overloaded(response.json()) == "OVERLOADED"
            page = (await serving.client.get("/metrics")).text
            assert "\nfieldstone_overload_refused_total 4.0\n" in page
            assert "\nfieldstone_pool_refused_total 0.0\n" in page
            # The server's own statements go first.
            assert (await serving.client.get("/readyz")).status_code == 200
            await lock.commit()
        answers = [await talk.receive() for talk in waiting]
        assert [answer.status for answer in answers] == [200] * 3
        assert (await warm.ask(PEOPLE, n="Ada")).status == (await cold.ask(PEOPLE, n="Ada")).status == 200
    lines = [one for one in caplog.records if "overloaded" in one.getMessage()]
    assert [one.levelno for one in lines] == [logging.WARNING]


async def test_another_workspace_is_served_meanwhile(serve: Serve, app_database: str) -> None:
    async with serve(pool_size=4, max_queue_ms=PATIENCE) as serving:
        services = await serving.app.runtime.ready()
        talks = [await serving.talk() for _ in range(6)]
        await talks[0].warm_up(PEOPLE, n="Ada")
        async with locked(app_database) as lock:
            other = await services.foundation.workspaces.create("quiet", actor="test")
            quiet = await serving.talk()
            quiet.token = (await services.keys.create(other.workspace.id, "quiet")).token
            await quiet.warm_up(PEOPLE, n="Ada")
            for talk in talks:
                talk.send(talk.request(PEOPLE, n="Ada"))
            share = share_of_only_key(services.foundation)
            database = services.foundation.database
            await until(lambda: database.is_late(share, 0, PATIENCE / 1000, is_first=True))
            for _ in range(5):
                assert (await quiet.ask(PEOPLE, n="Ada")).json["data"]["people"]["totalCount"] == 0
            assert services.foundation.shedding.count == 0
            await lock.commit()
        assert [(await talk.receive()).status for talk in talks] == [200] * 6


async def test_with_0_nothing_is_refused(serve: Serve, app_database: str) -> None:
    async with serve(pool_size=2, max_queue_ms=0) as serving:
        talks = [await serving.talk() for _ in range(4)]
        await talks[0].warm_up(PEOPLE, n="Ada")
        async with locked(app_database) as lock:
            await stand_still(serving, app_database, talks[:3])
            talks[3].send(talks[3].request(PEOPLE, n="Ada"))
            database = (await serving.app.runtime.ready()).foundation.database
            await until(lambda: database.stats().waiting == 3)
            await lock.commit()
        assert [(await talk.receive()).status for talk in talks] == [200] * 4


async def test_beside_others_new_documents_beyond_a_workspaces_share_are_refused_and_known_ones_served(
    serve: Serve,
) -> None:
    async with serve(pool_size=2, max_queue_ms=PATIENCE) as serving:
        foundation = (await serving.app.runtime.ready()).foundation
        talk = await serving.talk()
        await talk.warm_up(PEOPLE, n="Ada")
        foundation.database._pool.note_short(uuid4().int)
        assert foundation.database.is_shared
        share, processor = foundation.share, Clock()
        share._processor, share._clock = processor, Clock()
        share.measure(foundation.default.workspace.id, lambda: setattr(processor, "now", 10.0))
        new = "{ companies { totalCount } }"
        fast = await talk.ask(new)
        assert (fast.status, fast.header(b"retry-after"), overloaded(fast.json)) == (503, b"1", "OVERLOADED")
        rest = await serving.client.get("/rest/companies", headers={"Accept": "application/problem+json"})
        model = await serving.client.post("/metadata", json={"query": "{ objects { totalCount } }"})
        for response in (rest, model):
            assert (response.status_code, response.headers["retry-after"]) == (503, "1")
            assert overloaded(response.json()) == "OVERLOADED"
        batch = await serving.client.post("/graphql", json=[{"query": new}, {"query": "{ __typename }"}])
        assert [overloaded(one) for one in batch.json()] == ["OVERLOADED"] * 2
        assert (await talk.ask(PEOPLE, n="Grace")).status == 200
        assert foundation.shedding.count == 5


async def test_a_warm_refusal_is_held_on_its_own_connection(
    serve: Serve, app_database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with serve(pool_size=2, max_queue_ms=PATIENCE) as serving:
        assert serving.app.warm is not None
        talks = [await serving.talk() for _ in range(5)]
        await talks[0].warm_up(PEOPLE, n="Ada")
        async with locked(app_database) as lock:
            await stand_still(serving, app_database, talks[:3])
            holds = iter([60.0, 60.0, 0.001, 0.0])
            monkeypatch.setattr(serving.app.warm.refusals, "take", lambda: next(holds))
            held, gone = talks[3], await serving.talk()
            for talk in (held, gone):
                talk.send(talk.request(PEOPLE, n="Ada"))
            await until(lambda: len(held_refusals(serving)) == 2)
            timers = held_refusals(serving)
            # Another connection is refused at its own time, and goes on.
            for _ in range(2):
                answer = await talks[4].ask(PEOPLE, n="Ada")
                assert (answer.status, overloaded(answer.json)) == (503, "OVERLOADED")
            # A client that leaves takes its timer along.
            gone.writer.close()
            await until(lambda: len(held_refusals(serving)) == 1)
            (left,) = held_refusals(serving)
            assert [one.cancelled() for one in timers if one is not left] == [True]
            assert not left.cancelled()
            await lock.commit()
        assert [(await talk.receive()).status for talk in talks[:3]] == [200] * 3
        held.writer.close()
        await until(lambda: not held_refusals(serving))


def held_refusals(serving: Serving) -> list[asyncio.TimerHandle]:
    """Return the timers of the connections whose refusal is held back."""
    requests = [one._request for one in serving.server.server_state.connections if isinstance(one, FieldstoneProtocol)]
    return [one._timer for one in requests if isinstance(one, HeldRefusal)]
