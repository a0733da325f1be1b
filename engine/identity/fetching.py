"""Fetches a document of an identity provider, within limits."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from http import HTTPStatus
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    import httpx

LARGEST: Final = 256 << 10
"""Bytes of an answer."""
FETCH_LIMIT: Final = 3.0
"""Seconds for one fetch."""


class Unreachable(Exception):
    """An identity provider does not answer."""


class Fetcher:
    """Fetches documents; the caller sets the deadline of each.

    Args:
        client: sends the requests; it follows no redirects.
    """

    def __init__(self, client: "httpx.AsyncClient") -> None:
        self._client = client

    async def fetch(
        self, url: str, *, form: Mapping[str, str] | None = None, user: tuple[str, str] | None = None
    ) -> bytes:
        """Return the body of an answer with the status 200.

        Args:
            url: the address.
            form: is posted, if it is given.
            user: a name and a password for HTTP's basic authentication.

        Raises:
            Unreachable: there is no answer.
            ValueError: the answer has another status, or is too large.
        """
        # With its own libraries a tenth of a start, which a server without providers does without.
        import httpx  # noqa: PLC0415

        try:
            request = self._client.build_request("GET" if form is None else "POST", url, data=form)
            if user is not None:
                request = next(httpx.BasicAuth(*user).auth_flow(request))
            return await self._send(request)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise Unreachable(str(error) or type(error).__name__) from error

    async def _send(self, request: "httpx.Request") -> bytes:
        request.headers["accept"] = "application/json"
        # A compression could turn a few bytes into gigabytes.
        request.headers["accept-encoding"] = "identity"
        answer = await self._client.send(request, stream=True)
        try:
            if answer.status_code != HTTPStatus.OK:
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
            self._client.cookies.clear()


@asynccontextmanager
async def open_fetcher() -> AsyncIterator[Fetcher]:
    """Open the connections to identity providers for the length of the block."""
    import httpx  # noqa: PLC0415 - as above

    # Nothing of an answer may lead the request elsewhere.
    async with httpx.AsyncClient(timeout=FETCH_LIMIT, follow_redirects=False) as client:
        yield Fetcher(client)
