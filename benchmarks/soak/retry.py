"""A client that retries as docs/reference/errors.md allows, and counts the operations that failed all the same."""

import asyncio
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import httpx

_FIRST_PAUSE = 0.1
_LONGEST_PAUSE = 10.0
_PATIENCE = 60.0
"""Seconds for which one operation is sent again."""


@dataclass(slots=True)
class Tally:
    """The outcome of the operations: how many of each kind were answered, the failures, how many were sent again."""

    answered: Counter[str] = field(default_factory=Counter)
    failures: list[str] = field(default_factory=list)
    retries: int = 0
    longest: float = 0.0

    def fail(self, kind: str, reason: object) -> None:
        """Note that an operation has failed for good."""
        self.failures.append(f"{kind}: {reason}")


class RetryingClient:
    """Sends operations; None is the answer to one that failed, which the tally has."""

    def __init__(self, url: str, key: str, tally: Tally) -> None:
        self._http = httpx.AsyncClient(base_url=url, headers={"authorization": f"Bearer {key}"}, timeout=30)
        self._tally = tally

    async def close(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def send(
        self,
        kind: str,
        query: str,
        variables: dict[str, Any] | None = None,
        *,
        path: str = "/graphql",
        is_done: str | None = None,
    ) -> dict[str, Any] | None:
        """Return the data of an operation.

        Args:
            kind: the kind that it counts as.
            query: its document.
            variables: their values.
            path: the API's.
            is_done: the code that says, where it was sent again, that the first time it was done and its answer lost;
                then there is no data.
        """
        begin, pause, was_sent = time.monotonic(), _FIRST_PAUSE, False
        while True:
            found, asked = await self._try(query, variables, path)
            errors = found.get("errors")
            if errors is None:
                break
            code = errors[0]["extensions"]["code"]
            if was_sent and code == is_done:
                break
            if code not in {"SERVICE_UNAVAILABLE", "OVERLOADED"} or time.monotonic() - begin > _PATIENCE:
                self._tally.fail(kind, errors)
                return None
            was_sent = True
            self._tally.retries += 1
            await asyncio.sleep(max(pause, asked))
            pause = min(2 * pause, _LONGEST_PAUSE)
        self._tally.answered[kind] += 1
        self._tally.longest = max(self._tally.longest, time.monotonic() - begin)
        return dict(found.get("data") or {})

    async def _try(self, query: str, variables: dict[str, Any] | None, path: str) -> tuple[dict[str, Any], float]:
        """Return the answer, and the seconds that it asks to wait; a lost connection counts as an answer."""
        try:
            answer = await self._http.post(path, json={"query": query, "variables": variables or {}})
        except httpx.HTTPError as error:
            return {"errors": [{"message": repr(error), "extensions": {"code": "SERVICE_UNAVAILABLE"}}]}, 0.0
        return dict(answer.json()), float(answer.headers.get("retry-after", 0))
