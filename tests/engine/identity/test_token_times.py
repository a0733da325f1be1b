"""The times of a token: seconds since 1970, of a year that can be shown."""

import time

import pytest

from tests.engine.identity.provider import claims, new_key, provide, sign
from tests.engine.server.conftest import StartApp

KEY = new_key("ES256", "es256")
ME = {"query": "{ me { expiresAt } }"}
LATER = int(time.time()) + 600


@pytest.mark.parametrize("name", ["exp", "nbf", "iat"])
@pytest.mark.parametrize("given", [LATER * 1_000, 1e300, -1e300, 253_402_300_799], ids=["ms", "far", "ago", "9999"])
async def test_a_time_that_is_none_in_seconds_is_refused(start_app: StartApp, name: str, given: float) -> None:
    """`me` was a 500, and a denial of the user did not hold for a token that was issued in far years."""
    async with provide(KEY) as provider, start_app(jwt=provider.setting()) as (_, client):
        token = sign(claims(**{name: given}), KEY, "ES256")
        answer = await client.post("/metadata", json=ME, headers={"authorization": f"Bearer {token}"})
        (error,) = answer.json()["errors"]
        assert (answer.status_code, error["extensions"]["code"]) == (401, "UNAUTHENTICATED")
        assert error["message"] == f"The token is not valid: '{name}' is no time in seconds."


async def test_the_latest_end_is_shown_with_the_leeway(start_app: StartApp) -> None:
    async with provide(KEY) as provider, start_app(jwt=provider.setting(leeway=300)) as (_, client):
        token = sign(claims(exp=253_370_764_799), KEY, "ES256")
        answer = await client.post("/metadata", json=ME, headers={"authorization": f"Bearer {token}"})
        assert answer.json() == {"data": {"me": {"expiresAt": "9999-01-01T00:04:59Z"}}}


async def test_a_token_that_says_it_has_expired_is_refused_without_the_key(start_app: StartApp) -> None:
    """It got 503 while the key set could not be fetched, so that its client kept it and got no other one."""
    async with provide(KEY) as provider, start_app(jwt=provider.setting()) as (_, client):
        provider.answer = b"HTTP/1.1 502 Bad Gateway\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"
        codes = []
        for end in (LATER, int(time.time()) - 600):
            headers = {"authorization": f"Bearer {sign(claims(exp=end), KEY, 'ES256')}"}
            answer = await client.post("/metadata", json=ME, headers=headers)
            codes.append((answer.status_code, answer.json()["errors"][0]["message"]))
        assert codes == [
            (503, "The keys of the token's issuer cannot be fetched: try again in a moment."),
            (401, "The token has expired."),
        ]
