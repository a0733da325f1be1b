"""Clients that write people and read each of them again, and the damage that they see."""

import itertools
import threading
import time
from collections import Counter
from collections.abc import Sequence
from typing import Self

import httpx

from tests.processes.event_clients import Server
from tests.waiting import eventually

WRITERS = 6
PATIENCE = 90.0
CREATE = "mutation ($email: String!) { createPerson(data: { email: $email }) { id } }"
FIND = "query ($email: String!) { people(filter: { email: { eq: $email } }) { totalCount } }"


class Load:
    """Threads with a kept connection each, which write through one server each until they are told to stop.

    Attributes:
        acknowledged: the emails of the people whose creation was answered.
        failed: how often a request failed, by its status or the kind of its exception.
        requests: how many there were.
        slowest: the longest time of an answer in seconds.
        stale: reads that did not find the record which their client had written before.
    """

    def __init__(self, servers: Sequence[Server], key: str) -> None:
        self.acknowledged: list[str] = []
        self.failed: Counter[str] = Counter()
        self.requests = 0
        self.slowest = 0.0
        self.stale = 0
        self._written_at: list[float] = []
        self._ended = threading.Event()
        self._key = key
        self._threads = [
            threading.Thread(target=self._work, args=(servers[number % len(servers)], number))
            for number in range(WRITERS)
        ]

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        for thread in self._threads:
            thread.join()

    @property
    def standstill(self) -> float:
        """The longest time between two acknowledged writes in seconds, of whichever clients."""
        times = sorted(self._written_at)
        return max((after - before for before, after in itertools.pairwise(times)), default=0.0)

    def first_write_after(self, moment: float) -> float:
        """Return the seconds from a moment of the monotonic clock to the next acknowledged write."""
        return min(at for at in self._written_at if at > moment) - moment

    def go_on(self) -> None:
        """Return when each client has written some more, on average."""
        before = len(self.acknowledged)
        eventually(lambda: len(self.acknowledged) > before + 20 * WRITERS, "nothing is written", PATIENCE)

    def _work(self, server: Server, number: int) -> None:
        count = 0
        with httpx.Client(timeout=PATIENCE, headers={"authorization": f"Bearer {self._key}"}) as http:
            while not self._ended.is_set():
                count += 1
                email = f"{number}-{count}@example.com"
                if self._ask(http, server, CREATE, email) is None:
                    # As a client does that waits before it tries again.
                    self._ended.wait(0.05)
                    continue
                self.acknowledged.append(email)
                self._written_at.append(time.monotonic())
                found = self._ask(http, server, FIND, email)
                self.stale += found is not None and found["people"]["totalCount"] != 1

    def _ask(self, http: httpx.Client, server: Server, query: str, email: str) -> dict[str, dict[str, int]] | None:
        begun = time.monotonic()
        self.requests += 1
        try:
            response = http.post(f"{server.url}/graphql", json={"query": query, "variables": {"email": email}})
        except httpx.TransportError as error:
            self.failed[type(error).__name__] += 1
            return None
        finally:
            self.slowest = max(self.slowest, time.monotonic() - begun)
        body = response.json()
        if response.status_code == httpx.codes.OK and "errors" not in body:
            data: dict[str, dict[str, int]] = body["data"]
            return data
        self.failed[f"{response.status_code} {body['errors'][0]['extensions']['code']}"] += 1
        return None
