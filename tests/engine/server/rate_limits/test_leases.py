"""Rate limits that processes share by a real Redis: leases of windows, and a Redis that goes away."""

import asyncio
from collections.abc import Iterator
from contextlib import AsyncExitStack
from typing import Any

import pytest
from limits.aio.storage.redis.redispy import RedispyBridge

from fieldstone.engine.server.rate_limits import leases as leasing
from fieldstone.engine.server.rate_limits.leases import Leases, open_leases
from fieldstone.engine.server.rate_limits.redis_counts import open_redis_counts
from fieldstone.engine.settings import ConfigurationError, load_settings
from tests.engine.server.conftest import StartApp
from tests.engine.server.fast_path.conftest import serve
from tests.engine.server.fast_path.talking import PEOPLE, Serve
from tests.redis_server import RedisServer, running_redis
from tests.waiting import leave_room, until_true

__all__ = ["serve"]

PING = {"query": "{ __typename }"}
LONG = 1e9
"""Seconds of a window that ends in no test: they begin at multiples of their length."""


@pytest.fixture
def redis(monkeypatch: pytest.MonkeyPatch) -> Iterator[RedisServer]:
    """A Redis that is waited for on a busy machine, too."""
    monkeypatch.setattr(leasing, "_TIMEOUT", 30)
    with running_redis() as server:
        yield server


async def test_two_processes_grant_the_limit_together_and_no_more(redis: RedisServer) -> None:
    async with AsyncExitStack() as stack:
        both = [await stack.enter_async_context(open_leases(redis.url, length=LONG)) for _ in range(2)]
        one, other = both
        assert one is not None
        assert other is not None
        granted = [0, 0]
        for turn in range(300):
            granted[turn % 2] += (await both[turn % 2].take(7, 100)).granted  # type: ignore[union-attr]
        assert sum(granted) == 100
        # Most operations ask nobody.
        asked = sum(one_.counters.granted + one_.counters.empty for one_ in (one, other))
        assert asked < 60
        # Another number is counted by itself.
        assert (await one.take(8, 100)).remaining == 99


@pytest.mark.parametrize("url", ["redis://localhost", "redis://:secret@[::1]/1", "redis:///0", "rediss://h?db=2"])
async def test_an_address_without_a_port_is_that_of_redis(url: str) -> None:
    async with open_redis_counts(url, time_limit=1.0) as counts:
        bridge = counts._storage.bridge
        assert isinstance(bridge, RedispyBridge)
        options = bridge.storage.connection_pool.connection_kwargs
        assert options.get("port", 6379) == 6379
        assert options.get("host", "localhost") in {"localhost", "::1", "h"}


async def test_many_at_once_are_granted_the_limit_and_no_more(redis: RedisServer) -> None:
    async with AsyncExitStack() as stack:
        processes = [await stack.enter_async_context(open_leases(redis.url, length=LONG)) for _ in range(4)]
        asked = [one.take(7, 150) for _ in range(100) for one in processes if one is not None]
        found = await asyncio.gather(*asked)
    assert sum(allowance.granted for allowance in found) == 150


async def test_a_process_that_stops_asking_keeps_little_from_the_others(redis: RedisServer) -> None:
    async with open_leases(redis.url, length=LONG) as quiet, open_leases(redis.url, length=LONG) as busy:
        assert quiet is not None
        assert busy is not None
        await quiet.take(7, 100)
        granted = 0
        while (await busy.take(7, 100)).granted:
            granted += 1
    assert 95 <= granted <= 99


async def test_operations_that_are_refused_together_stay_for_the_others(redis: RedisServer) -> None:
    async with open_leases(redis.url, length=LONG) as one, open_leases(redis.url, length=LONG) as other:
        assert one is not None
        assert other is not None
        assert not (await one.take(7, 100, 101)).granted
        assert (await other.take(7, 100, 60)).granted
        assert not (await one.take(7, 100, 60)).granted
        assert (await one.take(7, 100, 35)).granted


async def test_a_window_ends_for_all_processes(redis: RedisServer) -> None:
    async with open_leases(redis.url, length=60) as one:
        assert one is not None
        now = 1_000_000.25
        one._clock = lambda: now
        used = [await one.take(7, 2) for _ in range(3)]
        assert [allowance.granted for allowance in used] == [True, True, False]
        assert used[0].reset == 1_000_020
        now = 1_000_020.0
        assert one.take_held(7, 2) is None
        assert [(await one.take(7, 2)).granted for _ in range(3)] == [True, True, False]


async def test_the_fast_path_takes_from_the_lease(serve: Serve, redis: RedisServer) -> None:
    async with serve(rate_limit=1_000, rate_limit_store="redis", rate_limit_url=redis.url) as serving:
        leave_room(5, period=60)
        talk = await serving.talk()
        await talk.warm_up(PEOPLE, n="Ada")
        limiter = (await serving.app.runtime.ready()).limiter
        before, asked = await serving.warm(), limiter.leases.counters.granted
        left = [int((await talk.ask(PEOPLE, n="Ada")).header(b"x-ratelimit-remaining") or -1) for _ in range(30)]
        assert left == list(range(left[0], left[0] - 30, -1))
        assert await serving.warm() == before + 30
        assert limiter.leases.counters.granted == asked
        page = (await serving.client.get("/metrics")).text
        assert f'fieldstone_rate_limit_leases_total{{outcome="granted"}} {float(asked)}' in page


async def test_two_apps_share_a_limit_with_their_headers(start_app: StartApp, redis: RedisServer) -> None:
    shared: dict[str, Any] = {
        "rate_limit": 40,
        "rate_window_ms": 3_600_000,
        "rate_limit_store": "redis",
        "broadcast_url": redis.url,
    }
    leave_room(20, period=3_600)
    async with start_app(**shared) as (_, one), start_app(**shared) as (_, other):
        other.headers["authorization"] = one.headers["authorization"]
        answers = [await client.post("/graphql", json=PING) for _ in range(30) for client in (one, other)]
        assert [answer.status_code for answer in answers].count(200) == 40
        assert answers[0].headers["x-ratelimit-limit"] == "40"
        assert answers[0].headers["x-ratelimit-remaining"] == "39"
        refused = answers[-1]
        assert refused.status_code == 429
        assert 1 <= int(refused.headers["retry-after"]) <= 3_600


async def test_without_redis_each_process_counts_by_itself_until_it_is_back(
    start_app: StartApp, redis: RedisServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(leasing, "AWAY_FOR", 0.2)
    async with start_app(rate_limit=10, rate_limit_store="redis", rate_limit_url=redis.url) as (app, client):
        assert (await client.post("/graphql", json=PING)).status_code == 200
        limiter = (await app.runtime.ready()).limiter
        assert isinstance(limiter.leases, Leases)
        redis.stop()
        answers = [await client.post("/graphql", json=PING) for _ in range(15)]
        statuses = [answer.status_code for answer in answers]
        # The limit holds for the process, which may have held a lease of one operation.
        assert 10 <= statuses.count(200) <= 11
        assert statuses[-1] == 429

        async def is_apart(value: float) -> bool:
            await client.post("/graphql", json=PING)
            return f"fieldstone_rate_limits_apart {value}" in (await client.get("/metrics")).text

        # On a slow machine Redis may be due to be asked again in between.
        await until_true(lambda: is_apart(1.0))
        assert 'fieldstone_rate_limit_leases_total{outcome="failed"}' in (await client.get("/metrics")).text
        redis.start()
        await until_true(lambda: is_apart(0.0))
        assert (await client.post("/graphql", json=PING)).status_code == 200


def test_a_shared_limit_needs_a_redis() -> None:
    with pytest.raises(ConfigurationError, match="FIELDSTONE_RATE_LIMIT_URL"):
        load_settings(rate_limit_store="redis")
    assert load_settings(rate_limit_store="memory", broadcast_url="redis://a").shared_rate_limit_url is None
    assert load_settings(rate_limit_store="redis", broadcast_url="redis://a").shared_rate_limit_url == "redis://a"
