"""Connections to targets, each to an address that was checked a moment before."""

from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from ssl import SSLContext
from uuid import UUID

import httpcore
import httpx

from fieldstone.engine.webhooks.sending.look_ups import WORKSPACE
from fieldstone.engine.webhooks.sending.ssrf_guard import Targets

_IDLE = 5.0
"""Seconds that a connection is kept for the next event."""

_MOST_IDLE = 64

_WORKSPACE: ContextVar[UUID | None] = ContextVar("_WORKSPACE", default=None)
"""The id of the workspace whose request opens a connection, which the interface of the network does not hand on."""


class GuardedTransport(httpx.AsyncBaseTransport):
    """HTTP/1.1 without proxies, only to addresses that the targets' rules allow.

    A name is resolved for each connection, which goes to the addresses that passed: a later change of the name does not
    matter. TLS and the Host header keep the name.
    """

    def __init__(self, targets: Targets, ssl_context: SSLContext) -> None:
        self._pool = httpcore.AsyncConnectionPool(
            ssl_context=ssl_context,
            max_connections=None,
            max_keepalive_connections=_MOST_IDLE,
            keepalive_expiry=_IDLE,
            network_backend=_GuardedNetwork(targets),
        )

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request."""
        content = request.stream
        if not isinstance(content, httpx.AsyncByteStream):
            msg = "an asynchronous client's requests have asynchronous streams"
            raise TypeError(msg)
        asked = httpcore.Request(
            method=request.method,
            url=httpcore.URL(
                scheme=request.url.raw_scheme,
                host=request.url.raw_host,
                port=request.url.port,
                target=request.url.raw_path,
            ),
            headers=request.headers.raw,
            content=content,
            extensions=request.extensions,
        )
        # The pool opens a connection in the task of the request that needs it.
        asking = _WORKSPACE.set(request.extensions.get(WORKSPACE))
        try:
            with _httpx_errors():
                answered = await self._pool.handle_async_request(asked)
        finally:
            _WORKSPACE.reset(asking)
        return httpx.Response(
            status_code=answered.status,
            headers=answered.headers,
            stream=_Stream(answered),
            extensions=answered.extensions,
        )

    async def aclose(self) -> None:
        """Close all connections."""
        await self._pool.aclose()


class EchoTransport(httpx.AsyncBaseTransport):
    """Answers each request with its own body, and opens no connection."""

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Return the answer."""
        return httpx.Response(200, stream=httpx.ByteStream(await request.aread()))


class _Stream(httpx.AsyncByteStream):
    def __init__(self, response: httpcore.Response) -> None:
        self._response = response

    async def __aiter__(self) -> AsyncIterator[bytes]:
        with _httpx_errors():
            async for part in self._response.aiter_stream():
                yield part

    async def aclose(self) -> None:
        # As httpcore 1.0 has it. Another version that hides it elsewhere has each connection closed behind its answer.
        pooled = getattr(self._response.stream, "_stream", None)
        connection = getattr(pooled, "_connection", None)
        state = getattr(connection, "_h11_state", None)
        await self._response.aclose()
        # Bytes behind an answer would be taken for the answer of the next request on the connection.
        if connection is None or state is None:
            await self._response.extensions["network_stream"].aclose()
        elif state.trailing_data[0]:
            await connection.aclose()


class _GuardedNetwork(httpcore.AsyncNetworkBackend):
    def __init__(self, targets: Targets) -> None:
        self._targets = targets
        self._network = httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,  # noqa: ASYNC109 - httpcore's signature
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        failure: Exception | None = None
        for address in await self._targets.resolve(host, port, _WORKSPACE.get()):
            try:
                return await self._network.connect_tcp(address, port, timeout, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failure = error
        raise httpcore.ConnectError(f"no connection to {host}, port {port}") from failure

    async def sleep(self, seconds: float) -> None:
        await self._network.sleep(seconds)


@contextmanager
def _httpx_errors() -> Iterator[None]:
    """Translate httpcore's errors into those of httpx."""
    try:
        yield
    except httpcore.TimeoutException as error:
        raise httpx.TimeoutException(str(error)) from error
    except httpcore.ProtocolError as error:
        raise httpx.RemoteProtocolError(str(error)) from error
    except httpcore.NetworkError as error:
        raise httpx.NetworkError(str(error) or "the connection was closed or reset") from error
