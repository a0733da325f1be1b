"""engine/identity/key_sets.py"""

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

import httpx
import pytest

from fieldstone.engine.errors import ServiceUnavailable
from fieldstone.engine.identity import key_sets
from fieldstone.engine.identity.fetching import FETCH_LIMIT, Fetcher, open_fetcher
from fieldstone.engine.identity.key_sets import FRESH_FOR, PAUSE, RETRY, USABLE_FOR, FetchedKeys
from tests.clock import Clock
from tests.engine.identity.provider import Provider, new_key, provide
from tests.waiting import until

A, B = new_key("ES256", "a"), new_key("ES256", "b")

Open = Callable[[Provider], AbstractAsyncContextManager[tuple[FetchedKeys, Clock]]]


@asynccontextmanager
async def open_keys(provider: Provider) -> AsyncIterator[tuple[FetchedKeys, Clock]]:
    clock = Clock()
    async with open_fetcher() as fetcher:
        keys = FetchedKeys(provider.url, fetcher, clock=clock)
        try:
            yield keys, clock
        finally:
            await keys.close()


async def test_a_fetch_has_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    async def hang(_request: httpx.Request) -> httpx.Response:
        await asyncio.sleep(60)
        raise AssertionError("the fetch has gone on")

    assert FETCH_LIMIT == 3
    monkeypatch.setattr(key_sets, "FETCH_LIMIT", 0.05)
    async with httpx.AsyncClient(transport=httpx.MockTransport(hang)) as client, asyncio.timeout(10):
        keys = FetchedKeys("https://id.example/jwks", Fetcher(client))
        with pytest.raises(ServiceUnavailable):
            await keys.find("a", "ES256")


async def test_many_that_wait_cause_one_fetch() -> None:
    async with provide(A, B) as provider, open_keys(provider) as (keys, _):
        found = await asyncio.gather(*(keys.find(kid, "ES256") for kid in ("a", "b") * 50))
        assert {key.kid for key in found if key} == {"a", "b"}
        assert provider.requests == 1


async def test_an_unknown_id_causes_one_fetch_in_half_a_minute() -> None:
    async with provide(A) as provider, open_keys(provider) as (keys, clock):
        assert await keys.find("a", "ES256")
        clock.now += PAUSE
        assert {await keys.find(f"made up {n}", "ES256") for n in range(20)} == {None}
        assert provider.requests == 2
        clock.now += PAUSE - 1
        assert await keys.find("another", "ES256") is None
        assert provider.requests == 2
        clock.now += 1
        provider.keys = [A, B]
        assert await keys.find("b", "ES256")
        assert provider.requests == 3


async def test_an_unknown_id_may_be_a_new_one_while_the_set_cannot_be_fetched() -> None:
    async with provide(A) as provider, open_keys(provider) as (keys, clock):
        assert await keys.find("a", "ES256")
        provider.keys = [A, B]
        provider.answer = answer(b"", "502 Bad Gateway")
        clock.now += PAUSE
        for _ in range(5):
            with pytest.raises(ServiceUnavailable):
                await keys.find("b", "ES256")
        # A token of a known key is verified as before, and strangers cause no more fetches.
        assert await keys.find("a", "ES256")
        assert provider.requests == 2
        provider.answer = None
        clock.now += PAUSE
        assert await keys.find("b", "ES256")
        assert await keys.find("made up", "ES256") is None
        assert provider.requests == 3


@pytest.mark.long
async def test_a_fetch_for_an_unknown_id_holds_up_nobody_with_a_known_one() -> None:
    async with provide(A) as provider, open_keys(provider) as (keys, clock):
        await keys.find("a", "ES256")
        clock.now += PAUSE
        provider.delay = 2
        unknown = asyncio.create_task(keys.find("b", "ES256"))
        await until(lambda: provider.requests == 2)
        assert await keys.find("a", "ES256")
        assert not unknown.done()
        # One that leaves does not end the fetch.
        unknown.cancel()
        provider.keys = [B]
        assert await keys.find("b", "ES256")
        assert provider.requests == 2


async def test_an_old_set_serves_while_it_is_fetched_again() -> None:
    async with provide(A) as provider, open_keys(provider) as (keys, clock):
        await keys.find("a", "ES256")
        provider.keys = [B]
        clock.now += FRESH_FOR
        told: list[None] = []
        keys.changed.connect(lambda: told.append(None))
        found = await keys.find("a", "ES256")
        assert found is not None
        await until(lambda: bool(told))
        assert provider.requests == 2
        assert not keys.has(found)
        assert await keys.find("a", "ES256") is None


async def test_a_set_that_cannot_be_fetched_again_serves_for_a_day() -> None:
    async with provide(A) as provider, open_keys(provider) as (keys, clock):
        await keys.find("a", "ES256")
        provider.answer = b"HTTP/1.1 500 No\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"
        clock.now += USABLE_FOR - 1
        assert await keys.find("a", "ES256")
        await until(lambda: provider.requests == 2)
        clock.now += RETRY
        with pytest.raises(ServiceUnavailable):
            await keys.find("a", "ES256")


def answer(body: bytes, status: str = "200 OK", more: str = "") -> bytes:
    return f"HTTP/1.1 {status}\r\n{more}connection: close\r\ncontent-length: {len(body)}\r\n\r\n".encode() + body


def listed(*keys: Any) -> bytes:
    return json.dumps({"keys": list(keys)}).encode()


@pytest.mark.parametrize(
    "given",
    [
        pytest.param(answer(b"{}"), id="no set"),
        pytest.param(answer(b"[" * 50_000), id="brackets"),
        pytest.param(answer(b"not json"), id="no JSON"),
        pytest.param(answer(b'{"keys": 1}'), id="keys that are no list"),
        pytest.param(answer(listed(A.as_dict(private=False)) + b" " * (256 << 10)), id="too large"),
        pytest.param(answer(b"", "404 Not Found"), id="404"),
        pytest.param(answer(b"", "302 Found", "location: /other\r\n"), id="a redirect"),
        pytest.param(answer(b"\x1f\x8b", more="content-encoding: gzip\r\n"), id="compressed"),
        pytest.param(b"garbage\r\n\r\n", id="no HTTP"),
    ],
)
async def test_without_keys_it_says_so_and_tries_again_after_a_moment(given: bytes) -> None:
    async with provide(A) as provider, open_keys(provider) as (keys, clock):
        provider.answer = given
        for _ in range(5):
            with pytest.raises(ServiceUnavailable):
                await keys.find("a", "ES256")
        assert provider.requests == 1
        provider.answer = None
        clock.now += RETRY
        assert await keys.find("a", "ES256")


async def test_keys_that_cannot_verify_are_left_out() -> None:
    hostile = [
        7,
        {"kty": "oct", "k": "c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0c2VjcmV0", "kid": "s"},
        {"kty": "EC", "crv": "P-256", "x": "AA", "y": "AA", "kid": "x"},
        {"kty": "EC", "crv": "P-256", "x": [], "kid": "y"},
        {"kty": "OKP", "crv": "X25519", "x": "AA" * 16, "kid": "z"},
        {"kty": "RSA", "n": "AQ", "e": "AQAB", "kid": "r"},
        {"kty": "quantum", "kid": "q"},
        {**new_key("ES256", "enc").as_dict(private=False), "use": "enc"},
        {**new_key("ES256", "ops").as_dict(private=False), "key_ops": ["sign"]},
        {**new_key("ES256", "alg").as_dict(private=False), "alg": "ES512"},
        {**new_key("RS256", "kid").as_dict(private=False), "kid": 7},
        A.as_dict(private=False),
    ]
    async with provide() as provider, open_keys(provider) as (keys, _):
        provider.answer = answer(listed(*hostile))
        assert await keys.find("a", "ES256")
        for algorithm in ("HS256", "RS256", "ES256", "Ed25519"):
            for kid in ("s", "x", "y", "z", "r", "q", "enc", "ops", "alg"):
                assert await keys.find(kid, algorithm) is None


async def test_a_token_without_an_id_has_the_only_key_of_its_algorithm() -> None:
    async with provide(A) as provider, open_keys(provider) as (keys, clock):
        found = await keys.find(None, "ES256")
        assert found is not None
        assert found.kid == "a"
        assert await keys.find(None, "RS256") is None
        provider.keys = [A, B]
        clock.now += FRESH_FOR
        told: list[None] = []
        keys.changed.connect(lambda: told.append(None))
        await keys.find("a", "ES256")
        await until(lambda: bool(told))
        assert await keys.find(None, "ES256") is None
