"""Many workspaces that are rebalanced over two places, while clients write and read them through two servers.

FIELDSTONE_TEST_CITUS=... python -m tests.rebalancing [--workspaces 1000]
python -m tests.rebalancing --cells [--workspaces 1000] [--minutes 3]
"""

import argparse
import asyncio
import contextlib
import io
import itertools
import re
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

import httpx
import psycopg

from fieldstone.engine.server.cells.settings import by_cell
from fieldstone.engine.server.cli.placement.open import open_places, rebalance
from fieldstone.engine.server.foundation import Foundation, open_foundation
from fieldstone.engine.settings import Settings, load_settings
from fieldstone.metadata.changes import Change, CreateField, CreateObject
from fieldstone.metadata.field_types import FieldType
from fieldstone.metadata.model import Snapshot
from tests.cells.clusters import fresh_cells, running_clusters, setting_of, settings_with
from tests.databases import add_extensions, running_databases
from tests.processes.event_clients import Server, servers

CLIENTS = 4
CREATE = "mutation ($text: String!) { createNote(data: { text: $text }) { id } }"
COUNT = "{ notes { totalCount } }"
_HOLDS_SHARDS = "SELECT citus_set_node_property('127.0.0.1', %s, 'shouldhaveshards', %s)"
_HELD = re.compile(r"the writes were held for (\d+) ms")


@dataclass(kw_only=True)
class Seen:
    """The requests of the clients, and the work of the rebalancing.

    Attributes:
        written: how many records each workspace must have.
        failed: requests without an answer, by status or kind of exception.
        wrong: reads that told another number of records.
        seconds: the times of the answers to writes and to reads.
        moves: how many workspaces were moved.
        held: the milliseconds for which each move between cells held the writes of its workspace.
        took: seconds of the rebalancing.
        places: how many workspaces each place has in the end.
    """

    written: Counter[str] = field(default_factory=Counter)
    failed: Counter[str] = field(default_factory=Counter)
    wrong: int = 0
    seconds: dict[str, list[float]] = field(default_factory=lambda: {CREATE: [], COUNT: []})
    moves: int = 0
    held: list[int] = field(default_factory=list)
    took: float = 0.0
    places: Counter[str] = field(default_factory=Counter)


async def rebalance_nodes(dsn: str, ports: Sequence[int], count: int) -> Seen:
    """Make `count` workspaces on the first of two nodes of Citus, rebalance them once, and return the outcome.

    Args:
        dsn: of an empty database of the coordinator.
        ports: those of the nodes.
        count: how many workspaces.
    """
    settings = load_settings(database_url=dsn, distribute="citus", log_level="error")
    _hold_shards(dsn, ports[1], is_holding=False)
    keys = await _make_workspaces(settings, count)
    _hold_shards(dsn, ports[1], is_holding=True)
    with servers(dsn, 2, FIELDSTONE_DISTRIBUTE="citus") as both:
        return await _rebalance(settings, both, keys, 0)


async def rebalance_cells(urls: dict[str, str], count: int, seconds: float) -> Seen:
    """Make `count` workspaces in the first of two cells, rebalance them again and again, and return the outcome.

    Args:
        urls: of an empty database for each cell.
        count: how many workspaces.
        seconds: no rebalancing begins later, and none behind one that has moved nothing.
    """
    settings = settings_with(urls)
    keys = await _make_workspaces(settings, count)
    with servers("", 2, FIELDSTONE_CELLS=setting_of(urls)) as both:
        return await _rebalance(settings, both, keys, seconds)


async def _rebalance(settings: Settings, both: Sequence[Server], keys: Mapping[str, str], seconds: float) -> Seen:
    seen, told = Seen(), io.StringIO()
    async with open_places(settings) as places:
        async with _clients(both, keys, seen):
            begun = time.monotonic()
            moved = 1
            with contextlib.redirect_stderr(told):
                while moved and (not seen.moves or time.monotonic() < begun + seconds):
                    moved = await rebalance(places)
                    seen.moves += moved
            seen.took = time.monotonic() - begun
        await _count_all(both[0], keys, seen)
        seen.places.update(one.place or "" for one in await places.list())
    seen.held = list(map(int, _HELD.findall(told.getvalue())))
    return seen


def _hold_shards(dsn: str, port: int, *, is_holding: bool) -> None:
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute(_HOLDS_SHARDS, [port, is_holding])


async def _make_workspaces(settings: Settings, count: int) -> Mapping[str, str]:
    """Make workspaces with one object each in the first place, and return keys of them by their names."""
    async with contextlib.AsyncExitStack() as stack:
        # The catalog of the other cell is made, too.
        opened = [await stack.enter_async_context(open_foundation(one)) for _, one in by_cell(settings)]
        return {f"w{number}": await _make_workspace(opened[0], f"w{number}") for number in range(count)}


async def _make_workspace(foundation: Foundation, name: str) -> str:
    made = await foundation.workspaces.create(name, actor="test", standard=False)
    note = CreateObject(name_singular="note", name_plural="notes", label_singular="Note", label_plural="Notes")
    text = CreateField(object_id=note.id, name="text", label="Text", type=FieldType.TEXT)
    await foundation.writer.change(made.workspace.id, partial(_changes, [note, text]), actor="test")
    return (await foundation.keys.create(made.workspace.id, "test")).token


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
    parser.add_argument("--cells", action="store_true", help="two cells instead of two nodes of Citus")
    parser.add_argument("--minutes", type=float, default=3.0, help="those in which cells begin to be rebalanced")
    given = parser.parse_args()
    with contextlib.ExitStack() as stack:
        if given.cells:
            urls = stack.enter_context(fresh_cells(stack.enter_context(running_clusters())))
            seen = asyncio.run(rebalance_cells(urls, given.workspaces, given.minutes * 60))
        else:
            databases = stack.enter_context(running_databases())
            dsn = stack.enter_context(databases.clone(databases.template("empty", add_extensions)))
            seen = asyncio.run(rebalance_nodes(dsn, [node.port for node in databases.cluster[1:]], given.workspaces))
    for name, times in (("writes", seen.seconds[CREATE]), ("reads", seen.seconds[COUNT]), ("held", seen.held)):
        _print_times(name, [one if name == "held" else one * 1000 for one in times])
    sys.stdout.write(f"failed: {dict(seen.failed)}, wrong: {seen.wrong}, places: {dict(seen.places)}\n")
    sys.stdout.write(f"{seen.moves} moves in {seen.took:.0f} s\n")


def _print_times(name: str, milliseconds: Sequence[float]) -> None:
    if times := sorted(milliseconds):
        median, late, longest = (times[int((len(times) - 1) * part)] for part in (0.5, 0.999, 1))
        sys.stdout.write(f"{len(times)} {name}: p50 {median:.0f}, p99.9 {late:.0f}, longest {longest:.0f} ms\n")


if __name__ == "__main__":
    main()
