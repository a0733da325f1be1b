"""Sends one event, signed, to one target and reports the outcome."""

import asyncio
import hmac
import time
from datetime import UTC, datetime
from functools import cached_property
from hashlib import sha256
from importlib.metadata import version
from ssl import SSLContext
from typing import TYPE_CHECKING, Final
from uuid import UUID

from fieldstone.engine.webhooks.sending.backoff import read_retry_after
from fieldstone.engine.webhooks.sending.look_ups import WORKSPACE, UnknownHost
from fieldstone.engine.webhooks.sending.ssrf_guard import RefusedTarget, Targets
from fieldstone.metadata.catalog.secret_box import SecretBox
from fieldstone.metadata.catalog.webhooks import WebhookTarget
from fieldstone.metadata.errors import SecretUnreadable
from fieldstone.sql.frozen import frozen

if TYPE_CHECKING:
    from fieldstone.engine.webhooks.sending.transport import EchoTransport, GuardedTransport

TIME_LIMIT: Final = 10.0
"""Seconds for one attempt by default."""
EXCERPT: Final = 1_000
"""Characters of an answer's body that are kept."""

ECHO_HOST: Final = "echo.fieldstone.invalid"
"""The host of a target that a development server answers by itself, as an example of one.

No name server knows a name below `invalid` (RFC 2606), so that elsewhere nothing is sent there.
"""

_MOST_READ = 65_536
"""Bytes of an answer's body that are read, so that the connection can be used again; a longer one costs it."""


@frozen
class Outcome:
    """The outcome of an attempt.

    Attributes:
        status: the HTTP status; None where there was no answer.
        body: the beginning of the answer's body.
        error: the reason of a failure; None after a success.
        duration_ms: the milliseconds that it took.
        retry_after: the seconds for which the target asks for no attempt.
    """

    status: int | None = None
    body: str | None = None
    error: str | None = None
    duration_ms: int
    retry_after: float | None = None


class Sender:
    """Sends to targets, of all webhooks.

    Args:
        targets: the guard of addresses.
        time_limit: seconds for an attempt, from the look-up of the name to the end of the answer.
        ssl_context: the trusted authorities; by default those of httpx.
        box: opens the secrets.
        echoes: whether `ECHO_HOST` is answered, with the body of each request, and without a connection.
    """

    def __init__(
        self,
        targets: Targets,
        *,
        time_limit: float = TIME_LIMIT,
        ssl_context: SSLContext | None = None,
        box: SecretBox | None = None,
        echoes: bool = False,
    ) -> None:
        self.targets = targets
        self.box = box or SecretBox()
        self.time_limit = time_limit
        self._ssl_context = ssl_context
        self._echoes = echoes

    @cached_property
    def _transport(self) -> "GuardedTransport":
        """Return the connections, made when something is first sent: they need the certificates of all authorities.

        No client stands above them that could follow a redirect, keep a cookie, read a proxy from the environment, or
        log a URL.
        """
        import httpx  # noqa: PLC0415 - as in `ssrf_guard.py`

        from fieldstone.engine.webhooks.sending.transport import GuardedTransport  # noqa: PLC0415

        return GuardedTransport(self.targets, self._ssl_context or httpx.create_ssl_context())

    @cached_property
    def _echo(self) -> "EchoTransport":
        from fieldstone.engine.webhooks.sending.transport import EchoTransport  # noqa: PLC0415

        return EchoTransport()

    async def close(self) -> None:
        """Close all connections."""
        if "_transport" in vars(self):
            await self._transport.aclose()
        self.targets.close()

    async def send(self, target: WebhookTarget, *, delivery_id: UUID, event: str, body: bytes) -> Outcome:
        """Post a body, signed at this moment, and return the outcome."""
        import httpx  # noqa: PLC0415 - as in `ssrf_guard.py`

        started = time.monotonic()
        answer: httpx.Response | None = None
        excerpt = bytearray()
        error: str | None = None
        try:
            request = httpx.Request(
                "POST",
                target.url,
                content=body,
                headers=_headers(self.box.open(target.secret), delivery_id, event, body) | self.further_headers(),
                extensions={
                    "timeout": httpx.Timeout(self.time_limit).as_dict(),
                    WORKSPACE: target.workspace_id,
                },
            )
            async with asyncio.timeout(self.time_limit):
                transport = self._echo if self._echoes and request.url.host == ECHO_HOST else self._transport
                answer = await transport.handle_async_request(request)
                try:
                    async for part in answer.aiter_raw():
                        excerpt += part
                        if len(excerpt) > _MOST_READ:
                            break
                finally:
                    await answer.aclose()
        except (RefusedTarget, UnknownHost, SecretUnreadable) as refused:
            # A delivery with a wrong signature would be lost to a receiver that checks it.
            error = str(refused)
        except (TimeoutError, httpx.TimeoutException):
            error = f"it took longer than {self.time_limit:g} seconds"
        except (httpx.HTTPError, httpx.InvalidURL) as failed:
            error = str(failed) or type(failed).__name__
        duration_ms = round((time.monotonic() - started) * 1000)
        if answer is None:
            return Outcome(error=error, duration_ms=duration_ms)
        # The head makes the answer; the body may be cut.
        error = _describe(answer.status_code)
        asked = None if error is None else answer.headers.get("retry-after")
        return Outcome(
            status=answer.status_code,
            body=_text(excerpt),
            error=error,
            duration_ms=duration_ms,
            retry_after=read_retry_after(asked, datetime.now(UTC)),
        )

    def further_headers(self) -> dict[str, str]:
        """Return the headers of each request besides those of the delivery."""
        return {}


def sign(secret: str, body: bytes, at: int) -> str:
    """Return the value of the signature header for a body sent at a time (Unix seconds): `t=SECONDS,v1=HEX`.

    HEX is the HMAC-SHA256 of the seconds, a point and the body, under the secret's UTF-8 bytes.
    """
    digest = hmac.new(secret.encode(), b"%d." % at + body, sha256).hexdigest()
    return f"t={at},v1={digest}"


def _headers(secret: str, delivery_id: UUID, event: str, body: bytes) -> dict[str, str]:
    return {
        "content-type": "application/json",
        "accept-encoding": "identity",
        "user-agent": f"Fieldstone/{version('fieldstone')}",
        "x-fieldstone-delivery": str(delivery_id),
        "x-fieldstone-event": event,
        "x-fieldstone-signature": sign(secret, body, int(time.time())),
    }


def _text(excerpt: bytearray) -> str:
    # PostgreSQL holds no NUL.
    return excerpt.decode("utf-8", "replace").replace("\0", "\N{REPLACEMENT CHARACTER}")[:EXCERPT]


def _describe(status: int) -> str | None:
    if 200 <= status < 300:
        return None
    return f"HTTP {status}" + (": redirects are not followed" if 300 <= status < 400 else "")
