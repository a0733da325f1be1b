"""Fetches a document of an identity provider, within limits."""

from typing import Final

import httpx

LARGEST: Final = 256 << 10
"""Bytes of an answer."""


async def fetch(client: httpx.AsyncClient, request: httpx.Request) -> bytes:
    """Return the body of an answer with the status 200; `client` follows no redirects, and the caller sets a deadline.

    Raises:
        httpx.HTTPError: there is no answer.
        ValueError: the answer has another status, or is too large.
    """
    request.headers["accept"] = "application/json"
    # A compression could turn a few bytes into gigabytes.
    request.headers["accept-encoding"] = "identity"
    answer = await client.send(request, stream=True)
    try:
        if answer.status_code != httpx.codes.OK:
            raise ValueError(f"the answer has the status {answer.status_code}")
        body = b""
        async for part in answer.aiter_raw():
            body += part
            if len(body) > LARGEST:
                raise ValueError(f"the answer has more than {LARGEST} bytes")
        return body
    finally:
        await answer.aclose()
        # One person's sign-in must carry nothing into another's.
        client.cookies.clear()
