"""The cache of verified tokens: the time for which one is kept, and their number."""

import time
from typing import Any

import pytest

from fieldstone.engine.identity.tokens import FRESH_FOR, LIMIT
from tests.clock import Clock
from tests.engine.identity.provider import Provider, claims, new_key, sign
from tests.engine.server.conftest import StartApp


async def test_a_token_is_verified_again_after_a_minute_and_so_many_are_kept(
    start_app: StartApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert (FRESH_FOR, LIMIT) == (60, 10_000)
    key = new_key("ES256", "es256")
    setting = Provider().setting(jwksUrl=None, key=key.as_dict(private=False))
    async with start_app(jwt=setting) as (app, _):
        tokens = (await app.runtime.ready()).identity.tokens
        assert tokens._limit == LIMIT
        clock, verify, verified = Clock(), tokens.verify, []

        async def count(token: str) -> Any:
            verified.append(token)
            return await verify(token)

        monkeypatch.setattr(tokens, "_clock", clock)
        monkeypatch.setattr(tokens, "_limit", 2)
        monkeypatch.setattr(tokens, "verify", count)
        ada, bob, eve = (sign(claims(sub=name, exp=time.time() + 600), key, "ES256") for name in ("ada", "bob", "eve"))
        for seconds, times in ((0, 1), (FRESH_FOR - 1, 1), (1, 2)):
            clock.now += seconds
            await tokens.authenticate(ada)
            assert verified == [ada] * times
        for token in (bob, eve, bob, ada):
            await tokens.authenticate(token)
        assert verified[2:] == [bob, eve, ada]
        assert len(tokens._kept) == 2
