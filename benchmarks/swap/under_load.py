"""Swaps one after the other under readers and writers: every failed request is counted."""

import asyncio
import itertools
import re
import time
from dataclasses import dataclass, field

from benchmarks.process_usage import process_usage
from benchmarks.swap.server import Client, SwapServer, connected, is_right
from benchmarks.swap.sizes import CREATE_FIELD
from benchmarks.swap.timing import middle, percentile

_CLIENTS = 8
_ID = re.compile(rb'"id":"([0-9a-f-]{36})"')
_PERSON = '{ objects(filter: { nameSingular: { eq: "person" } }) { edges { node { id } } } }'
_UPDATE = 'mutation ($id: UUID!) { updateField(id: $id, input: { description: "changed" }) { id } }'
_DELETE = "mutation ($id: UUID!) { deleteField(id: $id) { id } }"
_PAGE = """
query ($contains: String) {
  people(filter: { jobTitle: { contains: $contains } }, orderBy: { createdAt: DESC }, first: 10) {
    edges { node { id firstName email company { id name } } cursor } pageInfo { hasNextPage } totalCount
  }
}
"""
_ONE = "query ($id: UUID!) { person(id: $id) { id firstName lastName company { name } } }"
_WRITE = 'mutation ($email: String!) { createPerson(data: { email: $email, firstName: "Ada" }) { id updatedAt } }'
_COUNT = "{ companies(first: 5) { edges { node { name people { totalCount } } } } }"


@dataclass(slots=True, kw_only=True)
class Load:
    """The outcome of a load; times in milliseconds.

    Attributes:
        failed: the answers to the requests that failed.
        memory: of the server in MiB, from time to time.
    """

    swaps: int = 0
    seconds: float = 0.0
    requests: int = 0
    failed: list[str] = field(default_factory=list)
    latencies: list[float] = field(default_factory=list)
    swap_times: list[float] = field(default_factory=list)
    memory: list[float] = field(default_factory=list)

    def summary(self) -> dict[str, object]:
        """Return the figures that a report shows."""
        return {
            "swaps": self.swaps,
            "seconds": self.seconds,
            "requests": self.requests,
            "failed": len(self.failed),
            "failures": self.failed[:5],
            "rate": self.requests / self.seconds,
            "p50_ms": middle(self.latencies),
            "p99_ms": percentile(self.latencies, 0.99),
            "p99_9_ms": percentile(self.latencies, 0.999),
            "swap_p50_ms": middle(self.swap_times),
            "swap_p99_ms": percentile(self.swap_times, 0.99),
            "memory_mib": self.memory,
        }


async def measure_load(
    server: SwapServer, token: str, *, swaps: int, mark: str, seconds: float = 0.0, pause: float = 0.0
) -> Load:
    """Return the outcome of a load of `_CLIENTS` connections during so many swaps, or for so many seconds without.

    Args:
        server: the server that gets the requests.
        token: of the workspace with the standard objects.
        swaps: changes of the model, one after the other; 0 for none.
        mark: makes names and addresses differ from those of other loads.
        seconds: how long the load lasts where there are none.
        pause: seconds between two of them.
    """
    load = Load()
    over = asyncio.Event()
    begun = time.perf_counter()
    async with asyncio.TaskGroup() as group:
        for number in range(_CLIENTS):
            group.create_task(_work(server, token, load, over, f"{mark}{number}"))
        async with connected(server, token) as client:
            if swaps:
                await _swap(client, server, load, swaps, mark, pause)
            else:
                await asyncio.sleep(seconds)
        over.set()
    load.seconds = time.perf_counter() - begun
    load.memory.append(round(process_usage(server.pid).memory, 1))
    return load


async def _work(server: SwapServer, token: str, load: Load, over: asyncio.Event, mark: str) -> None:
    async with connected(server, token) as client:
        created = _first_id(await client.ask("/graphql", _WRITE, {"email": f"{mark}@example.com"}))
        for number in itertools.count():
            if over.is_set():
                return
            match number % 10:
                case 0:
                    query, variables = _WRITE, {"email": f"{mark}.{number}@example.com"}
                case 1 | 2 | 3:
                    query, variables = _PAGE, {"contains": f"{number % 7}"}
                case 4:
                    query, variables = _COUNT, {}
                case _:
                    query, variables = _ONE, {"id": created}
            begun = time.perf_counter()
            status, body = await client.send("/graphql", query, variables)
            load.latencies.append((time.perf_counter() - begun) * 1000)
            load.requests += 1
            if not is_right(status, body):
                load.failed.append(f"{status}: {body[:300].decode()}")


async def _swap(client: Client, server: SwapServer, load: Load, swaps: int, mark: str, pause: float) -> None:
    """Create, change and delete fields of `person` in turn."""
    person = _first_id(await client.ask("/metadata", _PERSON))
    field_id = ""
    for number in range(swaps):
        if number % max(1, swaps // 5) == 0:
            load.memory.append(round(process_usage(server.pid).memory, 1))
        await asyncio.sleep(pause)
        match number % 3:
            case 0:
                query, variables = CREATE_FIELD, {"object": person, "name": f"{mark}{number}"}
            case 1:
                query, variables = _UPDATE, {"id": field_id}
            case _:
                query, variables = _DELETE, {"id": field_id}
        begun = time.perf_counter()
        status, body = await client.send("/metadata", query, variables)
        load.swap_times.append((time.perf_counter() - begun) * 1000)
        if not is_right(status, body):
            load.failed.append(f"{status}: {body[:300].decode()}")
            continue
        field_id = _first_id(body)
        load.swaps += 1


def _first_id(body: bytes) -> str:
    found = _ID.search(body)
    assert found is not None, body
    return found[1].decode()
