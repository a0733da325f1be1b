"""The limit of credentials that fail: beyond it, an address has none verified by itself for a while."""

import math
import time
from collections.abc import Callable
from ipaddress import IPv6Address
from typing import Final

from fieldstone.engine.errors import RateLimitExceeded
from fieldstone.engine.server.rate_limits.limiter import Header
from fieldstone.engine.server.rate_limits.windows import Windows
from fieldstone.metadata.roles.networks import Address

MOST: Final = 200
"""Credentials of an address that may fail in a window: a signature costs up to 0.4 ms of the event loop."""
WINDOW: Final = 10.0
"""Seconds of a window."""
MOST_SIGN_INS: Final = 20
"""Sign-ins of an address that may fail in a window of theirs."""
SIGN_IN_WINDOW: Final = 60.0
"""Seconds of such a window."""

_UNKNOWN = -1
_NETWORK_BITS = 64


class FailedTokens:
    """Counts the credentials that failed, by the address that sent them; an IPv6 client is its network of 64 bits.

    Args:
        most: those that may fail in a window.
        window: its length in seconds.
        noun: the word for them in the refusal.
        clock: Unix time in seconds.
    """

    def __init__(
        self,
        *,
        most: int = MOST,
        window: float = WINDOW,
        noun: str = "credentials",
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._most = most
        self._window = window
        self._noun = noun
        self._windows = Windows(length=window, clock=clock)
        self._clock = clock

    def begin(self, address: Address | None, headers: list[Header] | None = None) -> None:
        """Count a credential as failed before it is verified, so that those that come together are all counted.

        Raises:
            RateLimitExceeded: too many credentials of the address failed; `headers` has the time to wait.
        """
        allowance = self._windows.take(_number(address), self._most)
        if allowance.granted:
            return
        if headers is not None:
            headers[:] = [(b"retry-after", b"%d" % max(1, math.ceil(allowance.reset - self._clock())))]
        raise RateLimitExceeded(
            f"{self._most} {self._noun} of this address have failed within {self._window:g} seconds: wait until the"
            " time in resetAt.",
            extensions={"resetAt": math.ceil(allowance.reset * 1000)},
        )

    def end(self, address: Address | None) -> None:
        """Undo a `begin`: the credential has not failed."""
        self._windows.give_back(_number(address))


def _number(address: Address | None) -> int:
    if address is None:
        return _UNKNOWN
    # The networks of IPv6 stand above all addresses of IPv4.
    return (1 << _NETWORK_BITS) | int(address) >> _NETWORK_BITS if isinstance(address, IPv6Address) else int(address)
