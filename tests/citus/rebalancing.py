"""Many workspaces that are rebalanced over two nodes, while clients write and read them through two servers.

FIELDSTONE_TEST_CITUS=... python -m tests.citus.rebalancing [--workspaces 1000]
"""

import argparse
import asyncio
import contextlib
import itertools
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

import httpx
import psycopg

from fieldstone.engine.server.cli.placement.citus import NodesOfCitus
from fieldstone.engine.server.foundation import Foundation, open_foundation
from fieldstone.engine.settings import load_settings
from fieldstone.metadata.changes import Change, CreateField, CreateObject
from fieldstone.metadata.field_types import FieldType
from fieldstone.metadata.model import Snapshot
from fieldstone.metadata.workspaces.distribution import list_placements
from tests.databases import add_extensions, running_databases
from tests.processes.event_clients import Server, servers

CLIENTS = 4
CREATE = "mutation ($text: String!) { createNote(data: { text: $text }) { id } }"
COUNT = "{ notes { totalCount } }"
_HOLDS_SHARDS = "SELECT citus_set_node_property('127.0.0.1', %s, 'shouldhaveshards', %s)"


@dataclass(kw_only=True)
class Seen:
    """The requests of the clients, and the work of the rebalancing.

    Attributes:
        written: how many records each workspace must have.
        failed: requests without an answer, by status or kind of exception.
        wrong: reads that told another number of records.
        seconds: the times of the answers to writes and to reads.
        moves: how many workspaces were moved.
        took: seconds of the rebalancing.
        places: how many workspaces each node has in the end.
    """

    written: Counter[str] = field(default_factory=Counter)
    failed: Counter[str] = field(default_factory=Counter)
    wrong: int = 0
    seconds: dict[str, list[float]] = field(default_factory=lambda: {CREATE: [], COUNT: []})
    moves: int = 0
    took: float = 0.0
    places: Counter[str] = field(default_factory=Counter)


async def rebalance_under_load(dsn: str, ports: Sequence[int], count: int, busy: int) -> Seen:
    """Make `count` workspaces on the first of two nodes, rebalance them under load, and return the outcome.

    Args:
        dsn: of an empty database of the coordinator.
        ports: those of the nodes.
        count: how many workspaces.
        busy: how many of them the clients write and read.
    """
    seen = Seen()
    settings = load_settings(database_url=dsn, distribute="citus", log_level="error")
    _hold_shards(dsn, ports[1], is_holding=False)
    async with open_foundation(settings) as foundation:
        keys = await _make_workspaces(foundation, count, busy)
        _hold_shards(dsn, ports[1], is_holding=True)
        with servers(dsn, 2, FIELDSTONE_DISTRIBUTE="citus") as both:
            async with _clients(both, keys, seen):
                begun = time.monotonic()
                seen.moves = await NodesOfCitus(foundation).rebalance()
                seen.took = time.monotonic() - begun
            await _count_all(both[0], keys, seen)
        async with foundation.database.session() as connection:
            seen.places.update(one.place or "" for one in await list_placements(connection))
    return seen


def _hold_shards(dsn: str, port: int, *, is_holding: bool) -> None:
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute(_HOLDS_SHARDS, [port, is_holding])


async def _make_workspaces(foundation: Foundation, count: int, busy: int) -> Mapping[str, str]:
    """Make workspaces with one object each, and return keys of the busy ones by their names."""
    keys = {}
    for number in range(count):
        made = await foundation.workspaces.create(f"w{number}", actor="test", standard=False)
        id_ = made.workspace.id
        note = CreateObject(name_singular="note", name_plural="notes", label_singular="Note", label_plural="Notes")
        text = CreateField(object_id=note.id, name="text", label="Text", type=FieldType.TEXT)
        await foundation.writer.change(id_, partial(_changes, [note, text]), actor="test")
        if number < busy:
            keys[made.workspace.name] = (await foundation.keys.create(id_, "test")).token
    return keys


def _changes(changes: Sequence[Change], _: Snapshot) -> Sequence[Change]:
    return changes


@contextlib.asynccontextmanager
async def _clients(both: Sequence[Server], keys: Mapping[str, str], seen: Seen) -> AsyncIterator[None]:
    """Have clients write and read by turns; each has workspaces of its own, and sends through both servers."""
    is_over = asyncio.Event()
    async with httpx.AsyncClient(timeout=60) as http:

        async def work(own: Sequence[str]) -> None:
            for turn, name in enumerate(itertools.cycle(own)):
                if is_over.is_set():
                    return
                if await _ask(http, both[turn % 2], keys[name], seen, CREATE, text=str(turn)) is not None:
                    seen.written[name] += 1
                found = await _ask(http, both[turn // 2 % 2], keys[name], seen, COUNT)
                seen.wrong += found is not None and found["notes"]["totalCount"] != seen.written[name]

        names = list(keys)
        async with asyncio.TaskGroup() as clients:
            for number in range(min(CLIENTS, len(names))):
                clients.create_task(work(names[number::CLIENTS]))
            try:
                yield
            finally:
                is_over.set()


async def _count_all(server: Server, keys: Mapping[str, str], seen: Seen) -> None:
    async with httpx.AsyncClient(timeout=60) as http:
        for name, key in keys.items():
            found = await _ask(http, server, key, seen, COUNT)
            seen.wrong += found is None or found["notes"]["totalCount"] != seen.written[name]


async def _ask(
    http: httpx.AsyncClient, server: Server, key: str, seen: Seen, query: str, **variables: str
) -> dict[str, dict[str, int]] | None:
    begun = time.monotonic()
    try:
        headers = {"authorization": f"Bearer {key}"}
        body = {"query": query, "variables": variables}
        response = await http.post(f"{server.url}/graphql", json=body, headers=headers)
    except httpx.TransportError as error:
        seen.failed[type(error).__name__] += 1
        return None
    seen.seconds[query].append(time.monotonic() - begun)
    answer = response.json()
    if response.status_code == httpx.codes.OK and "errors" not in answer:
        data: dict[str, dict[str, int]] = answer["data"]
        return data
    seen.failed[f"{response.status_code} {answer['errors'][0]['message']}"] += 1
    return None


def main() -> None:
    """Print the outcome."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--workspaces", type=int, default=1000)
    count = parser.parse_args().workspaces
    with running_databases() as databases:
        with databases.clone(databases.template("empty", add_extensions)) as dsn:
            ports = [node.port for node in databases.cluster[1:]]
            seen = asyncio.run(rebalance_under_load(dsn, ports, count, count))
        databases.drop_templates()
    for name, query in (("writes", CREATE), ("reads", COUNT)):
        times = sorted(seen.seconds[query])
        median, late, longest = (times[int((len(times) - 1) * part)] * 1000 for part in (0.5, 0.999, 1))
        sys.stdout.write(f"{len(times)} {name}: p50 {median:.0f}, p99.9 {late:.0f}, longest {longest:.0f} ms\n")
    sys.stdout.write(f"failed: {dict(seen.failed)}, wrong: {seen.wrong}, nodes: {dict(seen.places)}\n")
    sys.stdout.write(f"{seen.moves} moves in {seen.took:.0f} s\n")


if __name__ == "__main__":
    main()
