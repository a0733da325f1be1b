"""Subscriptions under load: 2,000 subscribers in 20 groups, beside the naive way of one query for each of them.

    python -m benchmarks.events [--seconds 60] [--subscribers 2000] [--rate 100]

In one run: writes at a steady rate, each of which concerns one group, for the delay from the write to the client;
then a burst of writes, for the events delivered in a second; then the naive way on the same database.
"""

import argparse
import asyncio
import base64
import contextlib
import json
import os
import re
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial

from benchmarks.paths import ROOT, WORK
from benchmarks.process_usage import process_usage
from fieldstone.sql import embedded
from fieldstone.sql.executor import Database
from fieldstone.sql.identifiers import quote_table
from fieldstone.sql.plan.elements import Table
from fieldstone.sql.pool_settings import PoolSettings
from fieldstone.sql.statement import Statement

GROUPS = 20
_KEY = re.compile(r"Bearer (fs_\S+?)'")
_ADDRESS = re.compile(r"ready at http://([\d.]+):(\d+)")
_STAMP = re.compile(rb'"createdAt":"([^"]+)"')
_POSITION = re.compile(rb'"position":"(\d+)"')


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """A server to talk to; `pid` is its process."""

    host: str
    port: int
    key: str
    dsn: str
    pid: int


@contextlib.contextmanager
def serving() -> Iterator[Server]:
    """Start PostgreSQL on a folder of its own, and one server process on it."""
    folder = WORK / "events"
    shutil.rmtree(folder, ignore_errors=True)
    database = embedded.start(folder)
    environment = os.environ | {
        "DATABASE_URL": database.dsn,
        "FIELDSTONE_ENV": "development",
        "FIELDSTONE_LOG_LEVEL": "warning",
        "API_RATE_LIMITING_LIMIT": "0",
    }
    process = subprocess.Popen(
        [sys.executable, "-m", "fieldstone.engine", "serve", "--port", "0"],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        address = key = None
        for line in process.stdout:
            address = _ADDRESS.search(line) or address
            if key := _KEY.search(line):
                break
        assert address is not None
        assert key is not None
        yield Server(host=address[1], port=int(address[2]), key=key[1], dsn=database.dsn, pid=process.pid)
    finally:
        process.terminate()
        process.wait()
        embedded.stop(database)
        shutil.rmtree(folder, ignore_errors=True)


@dataclass(slots=True)
class Received:
    """The results of all subscribers: how many, their delays in seconds, how many were out of order or twice."""

    count: int = 0
    wrong: int = 0
    delays: list[float] = field(default_factory=list)
    arrived: asyncio.Event = field(default_factory=asyncio.Event)

    async def until(self, count: int, limit: float) -> None:
        """Return when there are so many, within so many seconds."""
        async with asyncio.timeout(limit):
            while self.count < count:
                self.arrived.clear()
                await self.arrived.wait()


class Subscriber(asyncio.Protocol):
    """A client of graphql-transport-ws that costs as little as one can: it reads frames and looks for two members."""

    def __init__(self, server: Server, group: int, received: Received) -> None:
        self.server = server
        self.group = group
        self.received = received
        self.ready = asyncio.get_running_loop().create_future()
        self.last = 0
        self._data = b""
        self._is_open = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        nonce = base64.b64encode(os.urandom(16)).decode()
        transport.write(
            (
                f"GET /graphql HTTP/1.1\r\nHost: {self.server.host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                f"Sec-WebSocket-Key: {nonce}\r\nSec-WebSocket-Version: 13\r\n"
                "Sec-WebSocket-Protocol: graphql-transport-ws\r\n\r\n"
            ).encode()
        )

    def data_received(self, data: bytes) -> None:
        self._data += data
        if not self._is_open:
            head, end, rest = self._data.partition(b"\r\n\r\n")
            if not end:
                return
            assert b" 101 " in head, head
            self._is_open, self._data = True, rest
            payload = {"authorization": f"Bearer {self.server.key}"}
            self._send({"type": "connection_init", "payload": payload})
        while len(self._data) >= 2:
            length, start = self._data[1] & 127, 2
            if length == 126:
                length, start = int.from_bytes(self._data[2:4]), 4
            elif length == 127:
                length, start = int.from_bytes(self._data[2:10]), 10
            if len(self._data) < start + length:
                return
            opcode, message = self._data[0] & 15, self._data[start : start + length]
            self._data = self._data[start + length :]
            if opcode == 9:
                self._frame(10, message)
            elif opcode == 8:
                raise ConnectionError(f"the server closed a socket: {message[2:]!r}")
            else:
                self._take(message)

    def _take(self, message: bytes) -> None:
        if b'"next"' not in message[:40]:
            assert b"connection_ack" in message, message
            query = (
                f'subscription {{ g{self.group}: personCreated(filter: {{ jobTitle: {{ eq: "g{self.group}" }} }})'
                " { id firstName lastName email createdAt company { name } } }"
            )
            self._send({"id": "1", "type": "subscribe", "payload": {"query": query}})
            self.ready.set_result(None)
            return
        received = self.received
        stamp, position = _STAMP.search(message), _POSITION.search(message)
        assert stamp is not None
        assert position is not None
        received.count += 1
        received.arrived.set()
        received.wrong += int(position[1]) <= self.last
        self.last = int(position[1])
        received.delays.append(time.time() - datetime.fromisoformat(stamp[1].decode()).timestamp())

    def _send(self, message: object) -> None:
        self._frame(1, json.dumps(message).encode())

    def _frame(self, opcode: int, data: bytes) -> None:
        # The mask of zeros leaves the data as it is.
        size = len(data)
        head = bytes([128 | opcode, 128 | size]) if size < 126 else bytes([128 | opcode, 254]) + size.to_bytes(2)
        self.transport.write(head + bytes(4) + data)


class Writer:
    """Sends mutations over one connection."""

    def __init__(self, server: Server) -> None:
        self.server = server
        self.number = 0

    async def open(self) -> None:
        self.reader, self.writer = await asyncio.open_connection(self.server.host, self.server.port)

    async def create(self, group: int, count: int = 1) -> None:
        data = []
        for _ in range(count):
            self.number += 1
            data.append({"firstName": "Ada", "email": f"{self.number}@example.com", "jobTitle": f"g{group}"})
        query = "mutation ($data: [PersonInput!]!) { createPeople(data: $data) { id } }"
        body = json.dumps({"query": query, "variables": {"data": data}}).encode()
        self.writer.write(
            (
                f"POST /graphql HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {self.server.key}\r\n"
                f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
            ).encode()
            + body
        )
        head = await self.reader.readuntil(b"\r\n\r\n")
        length = re.search(rb"content-length: (\d+)", head)
        assert length is not None
        answer = await self.reader.readexactly(int(length[1]))
        assert b'"errors"' not in answer, answer


@contextlib.asynccontextmanager
async def subscribed(server: Server, count: int, received: Received) -> AsyncIterator[None]:
    """Hold so many subscribers, spread over the groups."""
    loop = asyncio.get_running_loop()
    made = []
    for number in range(count):
        _, protocol = await loop.create_connection(
            partial(Subscriber, server, number % GROUPS, received), server.host, server.port
        )
        made.append(protocol)
        if number % 50 == 49:
            await protocol.ready
    await asyncio.gather(*(protocol.ready for protocol in made))
    await asyncio.sleep(1)
    try:
        yield
    finally:
        for protocol in made:
            protocol.transport.abort()


async def measure_naive(server: Server, seconds: float) -> float:
    """Return how many events a second reach subscribers where each event is a query for each of them."""
    database = Database.connect(server.dsn, settings=PoolSettings(connections=8))
    await database.open()
    async with database.session() as connection:
        cursor = await connection.execute("SELECT schema_name FROM fieldstone.workspace")
        ((schema,),) = await cursor.fetchall()
        cursor = await connection.execute(f'SELECT id FROM "{schema}".person LIMIT 1'.encode())  # noqa: S608 - our own name
        ((id_,),) = await cursor.fetchall()
    person, company = (quote_table(Table(schema=schema, name=name)) for name in ("person", "company"))
    statement = Statement(
        text="SELECT jsonb_build_object('id', p.id, 'email', p.email, 'company', c.name)::text"  # noqa: S608 - quoted names
        f" FROM {person} AS p LEFT JOIN {company} AS c"
        ' ON c.id = p."companyId" WHERE p.id = $1::uuid AND p."jobTitle" = $2::text'
    )
    queries = 0
    end = time.perf_counter() + seconds

    async def work(offset: int) -> None:
        nonlocal queries
        while time.perf_counter() < end:
            await database.read(statement, [str(id_).encode(), b"g%d" % (offset % GROUPS)], share=None)
            queries += 1

    await asyncio.gather(*(work(number) for number in range(8)))
    await database.close()
    # Of the subscribers asked for, those of one group are concerned.
    return queries / seconds / GROUPS


async def run(server: Server, *, seconds: float, subscribers: int, rate: float) -> dict[str, float]:
    received = Received()
    result: dict[str, float] = {"subscribers": subscribers, "groups": GROUPS, "rate": rate, "seconds": seconds}
    writer = Writer(server)
    await writer.open()
    async with subscribed(server, subscribers, received):
        each = subscribers // GROUPS
        for group in range(GROUPS):
            await writer.create(group)
        await received.until(GROUPS * each, 30)
        memory = process_usage(server.pid).memory
        received.delays.clear()
        begun, used = time.perf_counter(), process_usage(server.pid).cpu
        sent = 0
        while (elapsed := time.perf_counter() - begun) < seconds:
            if sent < elapsed * rate:
                await writer.create(sent % GROUPS)
                sent += 1
            else:
                await asyncio.sleep(0.001)
        expected = (GROUPS + sent) * each
        await received.until(expected, 30)
        delays = sorted(received.delays)
        result |= {
            "written": sent,
            "delivered": len(delays),
            "delivered_per_second_at_rate": len(delays) / seconds,
            "delay_p50_ms": statistics.median(delays) * 1000,
            "delay_p99_ms": delays[int(len(delays) * 0.99)] * 1000,
            "server_cpu": (process_usage(server.pid).cpu - used) / seconds,
            "server_mib_before": memory,
            "server_mib_after": process_usage(server.pid).memory,
        }
        begun = time.perf_counter()
        for number in range(GROUPS):
            await writer.create(number, 100)
        expected += GROUPS * 100 * each
        await received.until(expected, 120)
        result["delivered_per_second"] = GROUPS * 100 * each / (time.perf_counter() - begun)
        result["wrong"] = received.wrong
        assert received.count == expected, "a subscriber got an event that was not its own"
    result["naive_per_second"] = await measure_naive(server, min(10, seconds))
    result["times_naive"] = result["delivered_per_second"] / result["naive_per_second"]
    return result


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--subscribers", type=int, default=2_000)
    parser.add_argument("--rate", type=float, default=100)
    given = parser.parse_args()
    with serving() as server:
        result = asyncio.run(run(server, seconds=given.seconds, subscribers=given.subscribers, rate=given.rate))
    for name, value in result.items():
        print(f"{name:30} {value:,.1f}")


if __name__ == "__main__":
    main()
