"""benchmarks/swap: the workspaces that it makes are whole, and its report has the measures."""

import asyncio

import pytest

from benchmarks.swap.models import FIELDS, make_many, make_workspace
from benchmarks.swap.report import render
from benchmarks.swap.timing import middle, percentile
from fieldstone.engine.request.stored_documents.request import GraphQLRequest
from fieldstone.engine.server.composition import Services, assemble
from fieldstone.engine.settings import LogLevel, Settings
from fieldstone.metadata.json_text import loads
from fieldstone.metadata.model import Snapshot


async def _data(services: Services, token: str, query: str) -> object:
    principal = await services.keys.authenticate(token)
    assert principal is not None
    request = GraphQLRequest(query=query, operation_name=None, variables={})
    answer = loads((await services.core.execute(principal, request, allow_mutation=True)).body)
    assert "errors" not in answer, answer
    return answer["data"]


def test_a_large_model_is_served(empty_database: str) -> None:
    made = make_workspace(empty_database, "many", 4)

    async def ask() -> tuple[object, Snapshot]:
        async with assemble(Settings(database_url=empty_database, log_level=LogLevel.ERROR)) as services:
            workspace = await services.foundation.workspaces.find("many")
            await _data(services, made.token, 'mutation { createThing3(data: { text5: "x" }) { id } }')
            found = await _data(services, made.token, "{ thing3s { edges { node { name text5 } } totalCount } }")
            return found, await services.foundation.current.get(workspace.id)

    found, snapshot = asyncio.run(ask())
    assert found == {"thing3s": {"edges": [{"node": {"name": None, "text5": "x"}}], "totalCount": 1}}
    assert [len(object_.fields) for object_ in snapshot.objects.values()] == [FIELDS] * 4
    assert made.object_id == snapshot.by_singular["thing0"].id


@pytest.mark.long
def test_many_workspaces_are_served(empty_database: str) -> None:
    tokens = make_many(empty_database, 3)

    async def ask() -> tuple[list[object], list[Snapshot]]:
        async with assemble(Settings(database_url=empty_database, log_level=LogLevel.ERROR)) as services:
            answers = [
                await _data(services, token, "{ people { edges { node { id company { name } } } } }")
                for token in tokens
            ]
            found = [await services.foundation.workspaces.find(f"copy{number}") for number in range(3)]
            return answers, [await services.foundation.current.get(one.id) for one in found]

    answers, snapshots = asyncio.run(ask())
    assert answers == [{"people": {"edges": []}}] * 3
    assert len({snapshot.workspace.schema for snapshot in snapshots}) == 3
    for snapshot in snapshots:
        assert set(snapshot.by_singular) == {"company", "person", "opportunity", "activity"}
        assert len(snapshot.relations) == 5
        assert all(index.object_id in snapshot.objects for index in snapshot.indexes.values())


LOAD = {
    "swaps": 0,
    "requests": 1_234,
    "failed": 0,
    "p50_ms": 1.0,
    "p99_ms": 2.0,
    "p99_9_ms": 3.04,
    "swap_p50_ms": 20.0,
    "memory_mib": [80.0, 81.4],
}
SIZE = {
    "objects": 5_000,
    "create_field_ms": 30.0,
    "create_field_with_readers_ms": 40.0,
    "read_p50_ms": 1.0,
    "read_p99_ms": 2.0,
    "read_meanwhile_p50_ms": 3.0,
    "read_meanwhile_p99_ms": 4.0,
    "documents": 10,
    "types_built": 9,
    "plans_dropped": 1,
    "plans_renewed": 1,
}


@pytest.mark.parametrize(
    ("result", "line"),
    [
        (
            {"sizes": [SIZE | {"objects": 10, "create_field_ms": 25.0}, SIZE]},
            "| 5,000 | 30.0 | 1.20 | 40.0 | 1.0 / 2.0 | 3.0 / 4.0 | 9 | 1 of 10 | 1 |",
        ),
        (
            {"load": {"before": LOAD, "paced": LOAD, "during": LOAD | {"swaps": 1_000}, "after": LOAD}},
            "| with one after the other | 1,000 | 1,234 | 0 | 1.0 | 2.0 | 3.0 | 80 81 |",
        ),
        (
            {"large": {"objects": 1_000, "start_seconds": [1.0, 0.9, 2.0], "start_cpu_seconds": [0.8]}},
            "| start to ready with 1,000 objects, s | 1.00 |",
        ),
    ],
    ids=["sizes", "load", "start"],
)
def test_the_report_shows_what_was_measured(result: dict[str, object], line: str) -> None:
    assert line in render(result).splitlines()


def test_percentiles() -> None:
    assert (middle([]), percentile([], 0.99)) == (0.0, 0.0)
    assert middle([3.0, 1.0, 2.0]) == 2.0
    assert [percentile([4.0, 1.0, 3.0, 2.0], share) for share in (0.0, 0.5, 0.99, 1.0)] == [1.0, 3.0, 4.0, 4.0]
