"""More load than the database or the process can serve, and a neighbour of the workspace that sends it.

    python -m benchmarks.overload [--seconds 10] [--rows 5000] [--key-count 4] [--compiled]

An open loop: requests arrive at random at a given rate, whether or not those before are answered. First a closed loop
finds the saturating rate of a query that costs the database much, or, with `--compiled`, the process. At each multiple
of it: the answers within a second (the goodput, and its part of the peak), their times from the moment at which they
were due, the refusals, and the server's memory. At last another workspace reads single records by id at a low rate,
alone and beside the overload in turn, which a process of its own sends: six times each, since the speed of a machine
drifts. The times of these reads begin when they are sent, and where the system allows it their client has a real-time
priority: without it, the client waits for a processor as often as the server does, and its waits would be taken for
the server's.

Arrivals take a free connection or a new one, of which there are at most `--connections`; an arrival that finds none is
counted as unsent. All is bounded in time and number, and goes to 127.0.0.1 alone.
"""

import argparse
import asyncio
import contextlib
import json
import multiprocessing
import os
import random
import statistics
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

import httpx
import psycopg

from benchmarks.command import run_fieldstone
from benchmarks.events import Server, serving
from benchmarks.process_usage import process_usage

COSTLY = (
    "query ($x: String) { people(filter: { jobTitle: { like: $x } }, first: 1) { totalCount edges { node { id } } } }"
)
_FRESH = "FRESH"
"""A name that is another one in each request, so that no plan is at hand."""

COMPILED = (
    f"query ($x: String) {{ {_FRESH}: people(filter: {{ jobTitle: {{ neq: $x }} }}, first: 1) {{ edges {{ node {{ "
    + " ".join(f"f{n}: firstName l{n}: lastName c{n}: company {{ id name }}" for n in range(20))
    + " } } } }"
)
CHEAP = "query ($id: UUID) { person(id: $id) { id } }"
GOOD = 1.0
"""Seconds within which an answer is of use."""
_GIVE_UP = 15.0
_CLOSED, _NEIGHBOUR_RATE, _NEIGHBOUR_TIMES = 8, 50, 6


@dataclass(slots=True)
class Outcome:
    """The answers of one run: the seconds of those that were served, and the number of each status."""

    served: list[float] = field(default_factory=list)
    statuses: Counter[str] = field(default_factory=Counter)

    def good(self) -> int:
        """Return the number of answers within `GOOD` seconds."""
        return sum(one <= GOOD for one in self.served)

    def cut(self, percent: int) -> float:
        """Return a percentile of the served ones, in milliseconds."""
        if len(self.served) < 2:
            return 0.0
        return statistics.quantiles(self.served, n=100)[percent - 1] * 1_000


class Clients:
    """The connections of one key, lent to one request at a time."""

    def __init__(self, server: "Address", key: str, query: str, most: int) -> None:
        self._server = server
        self._query = query
        self._most = most
        self._head = (
            f"POST /graphql HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {key}\r\nContent-Type: application/json\r\n"
        )
        self._free: list[tuple[asyncio.StreamReader, asyncio.StreamWriter]] = []
        self._asked = 0
        self.opened = 0
        self.ended = 0

    async def ask(self, outcome: Outcome, due: float, **variables: object) -> None:
        """Send one request that was due at this time of the clock, and note its answer."""
        if not self._free and self.opened >= self._most:
            outcome.statuses["unsent"] += 1
            return
        with contextlib.suppress(IndexError):
            pair = self._free.pop()
            await self._talk(pair, outcome, due, variables)
            return
        self.opened += 1
        try:
            pair = await asyncio.open_connection(self._server.host, self._server.port)
        except OSError:
            outcome.statuses["no connection"] += 1
            return
        await self._talk(pair, outcome, due, variables)

    async def _talk(
        self,
        pair: tuple[asyncio.StreamReader, asyncio.StreamWriter],
        outcome: Outcome,
        due: float,
        variables: dict[str, object],
    ) -> None:
        reader, writer = pair
        self._asked += 1
        body = json.dumps({"query": self._query.replace(_FRESH, f"a{self._asked}x{id(self)}"), "variables": variables})
        writer.write(f"{self._head}Content-Length: {len(body)}\r\n\r\n{body}".encode())
        try:
            async with asyncio.timeout(_GIVE_UP):
                head = await reader.readuntil(b"\r\n\r\n")
                length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
                answer = await reader.readexactly(length)
        except (TimeoutError, OSError, asyncio.IncompleteReadError):
            outcome.statuses["ended"] += 1
            self.ended += 1
            writer.close()
            return
        status = head[9:12].decode()
        if status == "200" and b'"errors"' not in answer:
            outcome.served.append(time.perf_counter() - due)
        else:
            code = answer.partition(b'"code":')[2].split(b'"')[1].decode()
            status = f"{status} {code}"
        outcome.statuses[status] += 1
        self._free.append(pair)

    def close(self) -> None:
        """Close the connections."""
        for _, writer in self._free:
            writer.close()


async def closed_loop(clients: Sequence[Clients], seconds: float) -> float:
    """Return the rate that so many clients, one request each, get served."""
    outcome, ends = Outcome(), time.perf_counter() + seconds

    async def repeat(one: Clients) -> None:
        while (now := time.perf_counter()) < ends:
            await one.ask(outcome, now, x="%q%")

    await asyncio.gather(*[repeat(clients[number % len(clients)]) for number in range(_CLOSED)])
    return len(outcome.served) / seconds


async def open_loop(clients: Sequence[Clients], rate: float, seconds: float, **variables: object) -> Outcome:
    """Send requests at this mean rate, at random times, and return their outcome when all are answered.

    Their times begin when they are due, so that a wait for a free connection counts.
    """
    outcome, draw = Outcome(), random.Random(7)  # noqa: S311 - no secret
    due, number = time.perf_counter(), 0
    ends = due + seconds
    async with asyncio.TaskGroup() as tasks:
        while due < ends:
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
            tasks.create_task(clients[number % len(clients)].ask(outcome, due, **variables))
            number += 1
            due += draw.expovariate(rate)
    return outcome


@contextlib.contextmanager
def real_time() -> Iterator[None]:
    """Give this process a real-time priority within the block, if the system allows it; its children have none."""
    try:
        os.sched_setscheduler(0, os.SCHED_FIFO | os.SCHED_RESET_ON_FORK, os.sched_param(1))
    except OSError:
        print("no real-time priority: the waits of the neighbour's client for a processor are among its times")
    try:
        yield
    finally:
        os.sched_setscheduler(0, os.SCHED_OTHER, os.sched_param(0))


async def neighbour_reads(client: Clients, outcome: Outcome, seconds: float, id_: str) -> None:
    """Read a record by id at a low rate, at random times; the times of the reads begin when they are sent."""
    draw, ends = random.Random(), time.perf_counter() + seconds  # noqa: S311 - no secret
    async with asyncio.TaskGroup() as tasks:
        while (now := time.perf_counter()) < ends:
            tasks.create_task(client.ask(outcome, now, id=id_))
            await asyncio.sleep(draw.expovariate(_NEIGHBOUR_RATE))


class Address(Protocol):
    """The place of a server."""

    @property
    def host(self) -> str:
        """Return the name or address to connect to."""
        ...

    @property
    def port(self) -> int:
        """Return the port."""
        ...


class _Load(NamedTuple):
    """An overload that a process of its own sends, so that its work delays nobody else's clock."""

    host: str
    port: int
    keys: tuple[str, ...]
    query: str
    most: int
    rate: float
    seconds: float


def send(load: _Load) -> None:
    """Send an overload."""
    clients = [Clients(load, key, load.query, load.most) for key in load.keys]
    asyncio.run(open_loop(clients, load.rate, load.seconds, x="%q%"))


def fill(dsn: str, schema: str, rows: int) -> None:
    """Put the people into a workspace."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute(
            f'INSERT INTO "{schema}".person (id, email, "jobTitle") SELECT gen_random_uuid(), n || $$@x$$, md5(n::text)'  # noqa: S608 - a constant
            " FROM generate_series(1, %s) AS n",
            [rows],
        )
        connection.execute(f'VACUUM ANALYZE "{schema}".person')


def make_keys(dsn: str, workspace: str, count: int) -> list[str]:
    """Return new keys of a workspace."""
    made = [
        run_fieldstone(
            "api-key", "create", "--workspace", workspace, "--name", f"load {number}", environment={"DATABASE_URL": dsn}
        )
        for number in range(count)
    ]
    return [one.splitlines()[-1] for one in made]


def show(name: str, outcome: Outcome, seconds: float, peak: float, memory: float) -> None:
    """Print the line of a run."""
    good = outcome.good() / seconds
    others = ", ".join(f"{number} {status}" for status, number in sorted(outcome.statuses.items()) if status != "200")
    times = f"{outcome.cut(50):>8.0f}{outcome.cut(99):>8.0f}"
    print(f"{name:<26}{good:>9.0f}{good / peak:>7.2f}{times}{memory:>9.1f}   {others}", flush=True)


def show_neighbour(name: str, outcome: Outcome) -> None:
    """Print the times of the neighbour's reads."""
    times = "".join(f"{outcome.cut(percent):>8.1f}" for percent in (50, 95, 99))
    print(f"{name:<26}{'':>8}{times}   {dict(outcome.statuses)}", flush=True)


async def measure(server: Server, seconds: float, rows: int, key_count: int, connections: int, query: str) -> None:
    """Measure the rates, and print a line of each."""
    run_fieldstone("workspace", "create", "neighbour", environment={"DATABASE_URL": server.dsn})
    await asyncio.to_thread(fill, server.dsn, "workspace_default", rows)
    with psycopg.connect(server.dsn) as connection:
        found = connection.execute("SELECT schema_name FROM fieldstone.workspace WHERE name = 'neighbour'").fetchone()
    assert found is not None
    await asyncio.to_thread(fill, server.dsn, found[0], 1_000)
    keys = make_keys(server.dsn, "default", key_count)
    clients = [Clients(server, key, query, connections // key_count) for key in keys]
    other = Clients(server, make_keys(server.dsn, "neighbour", 1)[0], CHEAP, 100)
    with psycopg.connect(server.dsn) as connection:
        id_ = str((connection.execute(f'SELECT id FROM "{found[0]}".person LIMIT 1').fetchone() or [""])[0])  # noqa: S608
    await closed_loop(clients, 2)
    peak = await closed_loop(clients, seconds)
    print(f"the peak is {peak:.0f} a second in a closed loop of {_CLOSED}; {key_count} keys of one workspace")
    print(f"{'open loop':<26}{'good/s':>9}{'part':>7}{'p50':>8}{'p99':>8}{'MiB':>9}   others")
    for times in (0.7, 1, 2, 4):
        outcome = await open_loop(clients, times * peak, seconds, x="%q%")
        show(f"{times} times the peak", outcome, seconds, peak, process_usage(server.pid).memory)
    load = _Load(server.host, server.port, tuple(keys), query, connections // key_count, 2 * peak, seconds + 1)
    alone, beside = Outcome(), Outcome()
    for _ in range(_NEIGHBOUR_TIMES):
        with real_time():
            await neighbour_reads(other, alone, seconds, id_)
        sending = multiprocessing.get_context("spawn").Process(target=send, args=(load,))
        sending.start()
        await asyncio.sleep(1)
        with real_time():
            await neighbour_reads(other, beside, seconds, id_)
        await asyncio.to_thread(sending.join)
    print(f"{'':<34}{'p50':>8}{'p95':>8}{'p99':>8}")
    show_neighbour("neighbour, alone", alone)
    show_neighbour("neighbour, beside 2 times", beside)
    print(f"the 99th percentile beside it is {beside.cut(99) / alone.cut(99):.2f} times the one alone")
    print(f"connections: {sum(one.opened for one in clients)} opened, {sum(one.ended for one in clients)} ended")
    key = {"Authorization": f"Bearer {keys[0]}"}
    async with httpx.AsyncClient(base_url=f"http://{server.host}:{server.port}", headers=key) as asking:
        page = (await asking.get("/metrics")).text
    print(
        "\n".join(
            line
            for line in page.splitlines()
            if line.startswith(("fieldstone_overload_refused_t", "fieldstone_pool_refused_t"))
        )
    )
    for one in (*clients, other):
        one.close()


def main() -> None:
    """Run the measurement."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--rows", type=int, default=5_000)
    parser.add_argument("--key-count", type=int, default=4)
    parser.add_argument("--connections", type=int, default=1_000)
    parser.add_argument("--compiled", action="store_true", help="load the process with documents that are all new")
    given = parser.parse_args()
    with serving() as server:
        query = COMPILED if given.compiled else COSTLY
        asyncio.run(measure(server, given.seconds, given.rows, given.key_count, given.connections, query))


if __name__ == "__main__":
    main()
