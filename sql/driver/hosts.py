"""The hosts of an address, which are tried beside each other: one that does not answer holds no other up.

libpq and psycopg try them one after the other, each for the whole `connect_timeout`. After a failover the former
primary may be the first one, and silent: each connection to the new one would take two seconds.
"""

import asyncio
import contextlib
import random
from collections.abc import Mapping, Sequence
from typing import Any, Generic, TypeVar

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo

_HEAD_START = 0.25
"""Seconds that a host has to accept a connection before the next one is tried too."""
_AGAIN = 0.25
"""Seconds until a host that has refused is asked again, while another one is silent: it may be promoted meanwhile."""

_Connection = TypeVar("_Connection", bound=psycopg.AsyncConnection[Any])


class Hosts:
    """The hosts of a connection string; the one that has accepted a connection last is tried first."""

    def __init__(self, conninfo: str) -> None:
        self._attempts = _split(conninfo)
        self._is_random = conninfo_to_dict(conninfo).get("load_balance_hosts") == "random"

    async def connect(self, kind: type[_Connection], **options: Any) -> tuple[_Connection, str]:
        """Return a connection to one of the hosts, and the connection string of that one alone.

        Args:
            kind: the class of the connection.
            options: those of its `connect`.

        Raises:
            psycopg.OperationalError: each host has refused it, or was silent for the `connect_timeout`.
        """
        if len(self._attempts) == 1:
            return await kind.connect(self._attempts[0], **options), self._attempts[0]
        order = random.sample(self._attempts, len(self._attempts)) if self._is_random else tuple(self._attempts)
        connection, chosen = await _Race(kind, order, options).run()
        self._attempts.remove(chosen)
        self._attempts.insert(0, chosen)
        return connection, chosen


class _Race(Generic[_Connection]):
    """Several hosts that are asked for one connection."""

    def __init__(self, kind: type[_Connection], attempts: Sequence[str], options: Mapping[str, Any]) -> None:
        self._kind = kind
        self._attempts = attempts
        self._options = options
        self._refused = [asyncio.Event() for _ in attempts]
        self._errors: dict[str, psycopg.OperationalError] = {}

    async def run(self) -> tuple[_Connection, str]:
        """Return the first connection and its connection string; all others are ended."""
        tasks = [asyncio.create_task(self._try(place)) for place in range(len(self._attempts))]
        try:
            ended, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in tasks:
                task.cancel()
            answers = await asyncio.gather(*tasks, return_exceptions=True)
            made = [
                (answer, conninfo)
                for answer, conninfo in zip(answers, self._attempts, strict=True)
                if not isinstance(answer, BaseException)
            ]
            for connection, _ in made[1:]:
                await connection.close()
        return made[0] if made else (ended.pop().result(), "")

    async def _try(self, place: int) -> _Connection:
        """Return a connection to one host.

        Raises:
            psycopg.OperationalError: this was the last host that had not refused one.
        """
        if place:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_HEAD_START * place):
                    await self._refused[place - 1].wait()
        conninfo = self._attempts[place]
        while True:
            try:
                return await self._kind.connect(conninfo, **self._options)
            except psycopg.OperationalError as error:
                self._errors[conninfo] = error
                self._refused[place].set()
                if len(self._errors) == len(self._attempts):
                    reasons = "; ".join(str(one).strip() for one in self._errors.values())
                    raise psycopg.OperationalError(reasons) from None
                await asyncio.sleep(_AGAIN)


def _split(conninfo: str) -> list[str]:
    """Return a connection string for each host; lists of different lengths are left to libpq, which refuses them."""
    given = {name: str(value) for name, value in conninfo_to_dict(conninfo).items() if value is not None}
    lists = {name: given[name].split(",") for name in ("host", "hostaddr", "port") if name in given}
    count = max((len(lists[name]) for name in ("host", "hostaddr") if name in lists), default=1)
    if len(lists.get("port", "")) == 1:
        lists["port"] *= count
    if count == 1 or any(len(values) != count for values in lists.values()):
        return [conninfo]
    # A host that is named twice is asked once: it cannot refuse for both.
    return [
        *dict.fromkeys(
            make_conninfo("", **given | {name: values[place] for name, values in lists.items()})
            for place in range(count)
        )
    ]
