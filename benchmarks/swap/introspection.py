"""The whole schema of a large model: the first time, again, and after a change, and how long others wait for it."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator

from graphql import get_introspection_query

from benchmarks.swap.models import Made
from benchmarks.swap.server import Client, SwapServer, connected
from benchmarks.swap.sizes import CREATE_FIELD
from benchmarks.swap.timing import middle, percentile

_ASK = get_introspection_query(
    specified_by_url=True, directive_is_repeatable=True, schema_description=True, input_value_deprecation=True
)
_AGAIN = 5


async def measure_introspection(server: SwapServer, made: Made) -> dict[str, object]:
    """Return the times in milliseconds from the request to the last byte, compressed and plain."""
    async with connected(server, made.token) as client:
        waits: list[float] = []
        async with _pinging(server, made, waits):
            await asyncio.sleep(0.5)
            quiet, waits[:] = list(waits), []
            first, compressed = await _ask(client, encoding="deflate")
        again = [(await _ask(client, encoding="deflate"))[0] for _ in range(_AGAIN)]
        after = []
        for number in range(_AGAIN):
            await client.ask("/metadata", CREATE_FIELD, {"object": str(made.object_id), "name": f"seen{number}"})
            after.append((await _ask(client, encoding="deflate"))[0])
        plain_times, plain = [], 0
        for _ in range(_AGAIN):
            took, plain = await _ask(client, encoding="identity")
            plain_times.append(took)
    return {
        "compressed_bytes": compressed,
        "plain_bytes": plain,
        "first_ms": first,
        "again_ms": middle(again),
        "after_a_change_ms": middle(after),
        "plain_ms": middle(plain_times),
        "others_p50_ms": middle(quiet),
        "others_meanwhile_p50_ms": middle(waits),
        "others_meanwhile_max_ms": percentile(waits, 1.0),
    }


async def _ask(client: Client, *, encoding: str) -> tuple[float, int]:
    begun = time.perf_counter()
    body = await client.ask("/graphql", _ASK, encoding=encoding)
    return (time.perf_counter() - begun) * 1000, len(body)


@contextlib.asynccontextmanager
async def _pinging(server: SwapServer, made: Made, waits: list[float]) -> AsyncIterator[None]:
    """Ask something small again and again, and note how long it takes."""
    over = False

    async def ping() -> None:
        async with connected(server, made.token) as client:
            while not over:
                begun = time.perf_counter()
                await client.ask("/graphql", "{ thing1s(first: 1) { edges { node { id } } } }")
                waits.append((time.perf_counter() - begun) * 1000)

    async with asyncio.TaskGroup() as group:
        group.create_task(ping())
        yield
        over = True
