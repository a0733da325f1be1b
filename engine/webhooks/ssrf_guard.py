"""The guard at the door: what a URL must be, and which addresses its host may have."""

import asyncio
import socket
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

import httpx

from fieldstone.engine.webhooks.addresses import Network, describe_refused, is_allowed, read_address
from fieldstone.metadata.json_text import unstorable

LONGEST_URL = 2_048
_LOOK_UP_LIMIT = 5.0
"""Seconds that the name of a new target may take to be resolved."""
_LOOK_UPS = 32
_HIGHEST_PORT = 65_535

LookUp = Callable[[str, int], Sequence[str]]
"""Yields the addresses of a host, as texts; raises OSError. It may block."""


class RefusedTarget(Exception):
    """Nothing may be sent there; the sentence says which rule stands against it."""


class UnknownHost(Exception):
    """The host's name cannot be resolved."""


def look_up(host: str, port: int) -> list[str]:
    """Return the addresses that this machine finds for a host.

    Raises:
        OSError: it finds none.
    """
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


class Targets:
    """Decides where events may be sent.

    Args:
        allowed: networks that are not public and yet may be sent to.
        look_up: finds a host's addresses.
    """

    def __init__(self, allowed: Sequence[Network] = (), *, look_up: LookUp = look_up) -> None:
        self._allowed = tuple(allowed)
        self._look_up = look_up
        # Of its own: a name server that does not answer must not hold up others who need a thread.
        self._threads = ThreadPoolExecutor(_LOOK_UPS, thread_name_prefix="webhook host")

    def close(self) -> None:
        """Look nothing up any more."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def check(self, url: str) -> None:
        """Check the URL of a new target; a host that nobody knows yet is checked when something is sent.

        Raises:
            RefusedTarget: nothing may be sent there.
        """
        parsed = parse(url)
        try:
            async with asyncio.timeout(_LOOK_UP_LIMIT):
                await self.resolve(parsed.raw_host.decode("ascii"), parsed.port or 443)
        except (UnknownHost, TimeoutError):
            return

    async def resolve(self, host: str, port: int) -> list[str]:
        """Return the addresses of a host that may be sent to.

        Of a host that the operator allows by one of its addresses, those not allowed are left out: `localhost` is often
        at two.

        Raises:
            RefusedTarget: one of them may not.
            UnknownHost: there are none.
        """
        loop = asyncio.get_running_loop()
        try:
            texts = await loop.run_in_executor(self._threads, self._look_up, host, port)
        except (OSError, UnicodeError) as error:
            raise UnknownHost(f"the host {host} cannot be resolved: {error}") from error
        addresses = [read_address(text) for text in texts]
        refused = {address: kind for address in addresses if (kind := describe_refused(address, self._allowed))}
        if refused and not any(is_allowed(address, self._allowed) for address in addresses):
            address, kind = next(iter(refused.items()))
            at = "" if host == str(address) else f"at {address}, "
            raise RefusedTarget(
                f"{host} is {at}{kind} address, where nothing is sent;"
                " FIELDSTONE_WEBHOOK_ALLOW lists the networks that are exempt, such as 10.1.2.0/24"
            )
        return [str(address) for address in addresses if address not in refused]


def parse(url: str) -> httpx.URL:
    """Return the URL of a target.

    Raises:
        RefusedTarget: it is none.
    """
    if len(url) > LONGEST_URL:
        raise RefusedTarget(f"it must have at most {LONGEST_URL} characters")
    if reason := unstorable(url):
        raise RefusedTarget(f"it {reason}")
    try:
        parsed = httpx.URL(url)
    except httpx.InvalidURL as error:
        raise RefusedTarget(f"it must be a URL such as https://example.com/hooks: {error}") from None
    if parsed.scheme not in {"http", "https"} or not parsed.host:
        raise RefusedTarget("it must be an http or https URL with a host, such as https://example.com/hooks")
    if parsed.port is not None and not 0 < parsed.port <= _HIGHEST_PORT:
        raise RefusedTarget(f"its port must be from 1 to {_HIGHEST_PORT}")
    if parsed.userinfo:
        raise RefusedTarget("it must not have a user or a password in it; what is sent is signed")
    return parsed
