"""createField at models of different sizes, in turn on one server: alone, and with readers whose latency is noted."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, field

from benchmarks.swap.models import Made
from benchmarks.swap.server import SwapServer, connected
from benchmarks.swap.timing import middle, percentile
from fieldstone.engine.request.path import GraphQLApi
from fieldstone.engine.request.stored_documents.request import GraphQLRequest
from fieldstone.engine.schema.lazy import built_types
from fieldstone.engine.server.composition import assemble
from fieldstone.engine.settings import LogLevel, Settings
from fieldstone.metadata.ids import new_id
from fieldstone.metadata.roles.principal import Principal
from fieldstone.metadata.roles.role import ADMIN

CREATE_FIELD = """
mutation ($object: UUID!, $name: String!) {
  createField(input: { objectMetadataId: $object, name: $name, label: $name, type: TEXT }) { id name }
}
"""
_READERS = 2
_QUIET = 0.25
"""Seconds of reading before each change."""
_DOCUMENTS = 10


@dataclass(slots=True, kw_only=True)
class Size:
    """The measures at one size; times in milliseconds.

    Attributes:
        alone: createField's times where nothing else is asked.
        loaded: the same with readers.
        quiet: the latencies of the readers between the changes.
        meanwhile: those of the requests that were under way during one.
        noted: when the requests of the last readers began and ended, by the clock.
        documents: different operations that were prepared before the counted change.
        types: built for the first operation after it.
        dropped, renewed: plans, by it.
    """

    objects: int
    alone: list[float] = field(default_factory=list)
    loaded: list[float] = field(default_factory=list)
    quiet: list[float] = field(default_factory=list)
    meanwhile: list[float] = field(default_factory=list)
    noted: list[tuple[float, float]] = field(default_factory=list)
    documents: int = 0
    types: int = 0
    dropped: int = 0
    renewed: int = 0

    def summary(self) -> dict[str, float]:
        """Return the figures that a report shows."""
        return {
            "objects": self.objects,
            "create_field_ms": middle(self.alone),
            "create_field_p90_ms": percentile(self.alone, 0.9),
            "create_field_with_readers_ms": middle(self.loaded),
            "read_p50_ms": middle(self.quiet),
            "read_p99_ms": percentile(self.quiet, 0.99),
            "read_meanwhile_p50_ms": middle(self.meanwhile),
            "read_meanwhile_p99_ms": percentile(self.meanwhile, 0.99),
            "documents": self.documents,
            "types_built": self.types,
            "plans_dropped": self.dropped,
            "plans_renewed": self.renewed,
        }


async def measure_sizes(server: SwapServer, workspaces: Sequence[tuple[int, Made]], rounds: int) -> list[Size]:
    """Return the measurements of all sizes, each round of which has every size once."""
    sizes = [Size(objects=objects) for objects, _ in workspaces]
    for _, made in workspaces:
        await _create_field(server, made, "warm")  # loads the model
    for round_ in range(rounds):
        for size, (_, made) in zip(sizes, workspaces, strict=True):
            begun, ended = await _create_field(server, made, f"alone{round_}")
            size.alone.append((ended - begun) * 1000)
    for round_ in range(rounds):
        for size, (_, made) in zip(sizes, workspaces, strict=True):
            async with _reading(server, made, size):
                await asyncio.sleep(_QUIET)
                begun, ended = await _create_field(server, made, f"loaded{round_}")
            size.loaded.append((ended - begun) * 1000)
            _sort(size, begun, ended)
    return sizes


async def _create_field(server: SwapServer, made: Made, name: str) -> tuple[float, float]:
    """Return when the request was sent, and when it was answered."""
    # The server closes a connection that nothing is asked on for a while, as until its next turn.
    async with connected(server, made.token) as client:
        begun = time.perf_counter()
        await client.ask("/metadata", CREATE_FIELD, {"object": str(made.object_id), "name": name})
        return begun, time.perf_counter()


@contextlib.asynccontextmanager
async def _reading(server: SwapServer, made: Made, size: Size) -> AsyncIterator[None]:
    """Read the object that is changed, and another, until the block ends; `_sort` takes the noted times."""
    over = False
    noted: list[tuple[float, float]] = []

    async def read(number: int) -> None:
        async with connected(server, made.token) as client:
            query = f"{{ thing{number}s(first: 10) {{ edges {{ node {{ id text0 text1 }} }} totalCount }} }}"
            while not over:
                begun = time.perf_counter()
                await client.ask("/graphql", query)
                noted.append((begun, time.perf_counter()))

    async with asyncio.TaskGroup() as group:
        for number in range(_READERS):
            group.create_task(read(number))
        yield
        over = True
    size.noted = noted


def _sort(size: Size, begun: float, ended: float) -> None:
    for first, last in size.noted:
        under_way = first < ended and last > begun
        (size.meanwhile if under_way else size.quiet).append((last - first) * 1000)


async def count_swap(dsn: str, made: Made, size: Size) -> None:
    """Count in this process the cost of one change: the types that are built after it, and the plans that it drops."""
    settings = Settings(database_url=dsn, model_cache_mb=512, log_level=LogLevel.ERROR)
    async with assemble(settings) as services:
        workspace = await services.foundation.workspaces.find(made.name)
        principal = Principal(
            subject_id=new_id(), rate_key=new_id(), name="benchmark", workspace_id=workspace.id, role=ADMIN
        )
        documents = [
            f'{{ thing{number}s(first: 10, filter: {{ text0: {{ eq: "x" }} }}) {{ edges {{ node {{ id text1 }} }} }} }}'
            for number in range(min(_DOCUMENTS, size.objects))
        ]
        for document in documents:
            await _run(services.core, principal, document)
        counters = services.core.compiler.plans.counters
        dropped, renewed = counters.drops, counters.renewals
        name = f"counted{new_id().hex[-8:]}"
        await _run(services.metadata, principal, CREATE_FIELD, {"object": str(made.object_id), "name": name})
        snapshot = await services.foundation.current.get(workspace.id)
        await _run(services.core, principal, f"{{ thing0s(first: 10) {{ edges {{ node {{ {name} }} }} }} }}")
        size.types = built_types(services.core.compiler.schemas.get(snapshot))
        for document in documents:
            await _run(services.core, principal, document)
        size.documents = len(documents)
        size.dropped, size.renewed = counters.drops - dropped, counters.renewals - renewed


async def _run(api: GraphQLApi, principal: Principal, query: str, variables: dict[str, str] | None = None) -> None:
    request = GraphQLRequest(query=query, operation_name=None, variables=variables or {})
    answer = await api.execute(principal, request, allow_mutation=True)
    assert not answer.body.startswith(b'{"errors"'), answer.body
