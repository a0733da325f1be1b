"""The keys of issuers: fixed ones, and key sets that are fetched and kept."""

import asyncio
import logging
import time
from collections.abc import Callable
from typing import Final, Protocol

from fieldstone.engine.errors import ServiceUnavailable
from fieldstone.engine.identity.fetching import FETCH_LIMIT, Fetcher, Unreachable
from fieldstone.engine.identity.issuer import Issuer
from fieldstone.engine.identity.signatures.keys import SigningKey
from fieldstone.metadata.json_text import loads
from fieldstone.sql.concurrency.signal import Signal
from fieldstone.sql.concurrency.tasks import end_tasks, start_reported
from fieldstone.sql.frozen import frozen

_LOG = logging.getLogger(__name__)

FRESH_FOR: Final = 300.0
"""Seconds after which a key set is fetched again, while the old one serves."""
USABLE_FOR: Final = 86_400.0
"""Seconds after which a key set that cannot be fetched again serves no longer."""
PAUSE: Final = 30.0
"""Seconds between two fetches that unknown key ids cause: anyone can make one up."""
RETRY: Final = 5.0
"""Seconds between two fetches while there are no keys at all."""
_NOT_FETCHED: Final = "The keys of the token's issuer cannot be fetched: try again in a moment."


class IssuerKeys(Protocol):
    """The keys of one issuer.

    Attributes:
        changed: called when keys have left or come.
    """

    changed: Signal[[]]

    async def find(self, kid: str | None, algorithm: str) -> SigningKey | None:
        """Return the key for a token with this key id and algorithm; raises ServiceUnavailable if there may be one."""

    def has(self, key: SigningKey) -> bool:
        """Return whether the issuer still has this key."""

    async def close(self) -> None:
        """End a fetch in progress."""


class FixedKey:
    """The one key of an issuer, which the settings give."""

    def __init__(self, key: SigningKey) -> None:
        self.changed: Signal[[]] = Signal()
        self._key = key

    async def find(self, _kid: str | None, algorithm: str) -> SigningKey | None:
        """Return the key if it is for the algorithm, whatever id a token gives it."""
        return self._key if algorithm in self._key.algorithms else None

    def has(self, key: SigningKey) -> bool:
        """Return whether this is the key."""
        return key == self._key

    async def close(self) -> None:
        """Do nothing."""


class FetchedKeys:
    """A key set at an address.

    A known key is found without a wait. An unknown key id has the set fetched once for all that wait, and then not for
    30 seconds. If that fetch has failed, nobody knows whether the key is one of the issuer's new ones.

    Args:
        url: the address of the key set.
        fetcher: fetches it.
        clock: seconds that never go back.
    """

    def __init__(self, url: str, fetcher: Fetcher, *, clock: Callable[[], float] = time.monotonic) -> None:
        self.changed: Signal[[]] = Signal()
        self._url = url
        self._fetcher = fetcher
        self._clock = clock
        self._keys: tuple[SigningKey, ...] = ()
        self._fetched_at: float | None = None
        self._asked_at = float("-inf")
        self._has_failed = False
        self._fetch: asyncio.Task[object] | None = None

    async def find(self, kid: str | None, algorithm: str) -> SigningKey | None:
        """Return the key with this id, or the only one for the algorithm where a token names none.

        Raises:
            ServiceUnavailable: the keys could not be fetched.
        """
        age = float("inf") if self._fetched_at is None else self._clock() - self._fetched_at
        if age >= USABLE_FOR:
            await self._renew(RETRY)
            if self._fetched_at is None or self._clock() - self._fetched_at >= USABLE_FOR:
                raise ServiceUnavailable(_NOT_FETCHED)
        elif age >= FRESH_FOR and self._may_ask(PAUSE):
            self._begin()
        found = self._match(kid, algorithm)
        if found is None and kid is not None:
            await self._renew(PAUSE)
            found = self._match(kid, algorithm)
            if found is None and self._has_failed:
                raise ServiceUnavailable(_NOT_FETCHED)
        return found

    def has(self, key: SigningKey) -> bool:
        """Return whether the key set lists the key."""
        return key in self._keys

    async def close(self) -> None:
        """End a fetch in progress."""
        if self._fetch is not None:
            await end_tasks(self._fetch)

    def _match(self, kid: str | None, algorithm: str) -> SigningKey | None:
        fitting = [key for key in self._keys if algorithm in key.algorithms and (kid is None or key.kid == kid)]
        return fitting[0] if fitting and (kid is not None or len(fitting) == 1) else None

    def _may_ask(self, pause: float) -> bool:
        return self._fetch is None and self._clock() - self._asked_at >= pause

    async def _renew(self, pause: float) -> None:
        """Wait for the fetch in progress, or for one that begins now if the last one is long enough ago."""
        if self._may_ask(pause):
            self._begin()
        if self._fetch is not None:
            # One waiter that leaves must not end the fetch of the others.
            await asyncio.wait({self._fetch})

    def _begin(self) -> None:
        self._asked_at = self._clock()
        self._fetch = start_reported(self._load())
        self._fetch.add_done_callback(self._end)

    def _end(self, _fetch: "asyncio.Task[object]") -> None:
        self._fetch = None

    async def _load(self) -> None:
        from fieldstone.engine.identity.signatures.reading import read_key_set  # noqa: PLC0415 - as its issuer does

        try:
            async with asyncio.timeout(FETCH_LIMIT):
                keys = read_key_set(loads(await self._fetcher.fetch(self._url)))
        except (TimeoutError, Unreachable, ValueError, RecursionError) as error:
            _LOG.warning("the key set at %s cannot be fetched: %s", self._url, str(error) or type(error).__name__)
            self._has_failed = True
            return
        self._has_failed = False
        before, self._keys, self._fetched_at = self._keys, keys, self._clock()
        if before != keys:
            self.changed()


@frozen
class TrustedIssuer:
    """An issuer with its keys."""

    issuer: Issuer
    keys: IssuerKeys


def trust(issuer: Issuer, fetcher: Fetcher) -> TrustedIssuer:
    """Return the issuer with its keys, of which a key set is fetched at the first token."""
    keys = issuer.keys
    return TrustedIssuer(issuer=issuer, keys=FetchedKeys(keys, fetcher) if isinstance(keys, str) else FixedKey(keys))
