"""Live queries under load: 2,000 subscribers in 20 groups, while records are written at a steady rate.

    python -m benchmarks.live [--seconds 60] [--subscribers 2000] [--rate 100] [--interval 1000]

Each write concerns one group's answer, and the columns that all groups read. At the end each subscriber must have the
answer that a fresh query gives. The statements are counted against groups x intervals, and the server's memory after a
third of the time against its memory at the end.
"""

import argparse
import asyncio
import contextlib
import json
import re
import time
from collections.abc import AsyncIterator
from functools import partial

from benchmarks.events import GROUPS, Received, Server, Subscriber, Writer, serving
from benchmarks.process_usage import process_usage

_STATEMENTS = re.compile(rb"^fieldstone_live_statements_total (\d+)", re.MULTILINE)
_SELECTION = "totalCount edges { node { id firstName lastName email createdAt company { name } } }"


class LiveSubscriber(Subscriber):
    """A client that keeps the data of the newest answer alone."""

    interval = 1000

    def __init__(self, server: Server, group: int, received: Received) -> None:
        super().__init__(server, group, received)
        self.data = b""

    def _take(self, message: bytes) -> None:
        if b'"next"' not in message[:40]:
            assert b"connection_ack" in message, message
            query = f"subscription {{ {root(self.group, f', interval: {self.interval}')} }}"
            self._send({"id": "1", "type": "subscribe", "payload": {"query": query}})
            self.ready.set_result(None)
            return
        self.data = message[message.index(b'"data":') : message.rindex(b',"extensions"')]
        self.received.count += 1
        self.received.arrived.set()


def root(group: int, more: str = "") -> str:
    """Return the root field of a group: its newest twenty people."""
    arguments = f'filter: {{ jobTitle: {{ eq: "g{group}" }} }}, orderBy: {{ createdAt: DESC }}, first: 20{more}'
    return f"g{group}: people({arguments}) {{ {_SELECTION} }}"


@contextlib.asynccontextmanager
async def subscribed(server: Server, count: int, received: Received) -> AsyncIterator[list[LiveSubscriber]]:
    """Hold so many subscribers, spread over the groups, each of which has its first answer."""
    loop = asyncio.get_running_loop()
    made: list[LiveSubscriber] = []
    for number in range(count):
        _, protocol = await loop.create_connection(
            partial(LiveSubscriber, server, number % GROUPS, received), server.host, server.port
        )
        made.append(protocol)
        if number % 50 == 49:
            await protocol.ready
    async with asyncio.timeout(60):
        while not all(protocol.data for protocol in made):
            received.arrived.clear()
            await received.arrived.wait()
    try:
        yield made
    finally:
        for protocol in made:
            protocol.transport.abort()


async def ask(server: Server, path: str, body: object = None) -> bytes:
    """Return the body of the answer to a request."""
    reader, writer = await asyncio.open_connection(server.host, server.port)
    sent = b"" if body is None else json.dumps(body).encode()
    writer.write(
        (
            f"{'GET' if body is None else 'POST'} {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {server.key}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(sent)}\r\nConnection: close\r\n\r\n"
        ).encode()
        + sent
    )
    answer = await reader.read()
    writer.close()
    return answer.partition(b"\r\n\r\n")[2]


async def statements(server: Server) -> int:
    """Return how many statements have answered live queries so far."""
    found = _STATEMENTS.search(await ask(server, "/metrics"))
    assert found is not None
    return int(found[1])


async def run(server: Server, *, seconds: float, subscribers: int, rate: float, interval: int) -> dict[str, float]:
    LiveSubscriber.interval = interval
    received = Received()
    async with subscribed(server, subscribers, received) as members:
        writer = Writer(server)
        await writer.open()
        before, answers = await statements(server), received.count
        begun, used = time.perf_counter(), process_usage(server.pid).cpu
        sent, memory = 0, 0.0
        while (elapsed := time.perf_counter() - begun) < seconds:
            if sent < elapsed * rate:
                await writer.create(sent % GROUPS)
                sent += 1
            else:
                await asyncio.sleep(0.001)
            if not memory and elapsed > seconds / 3:
                memory = process_usage(server.pid).memory
        took = time.perf_counter() - begun
        result = {
            "subscribers": subscribers,
            "groups": GROUPS,
            "interval_ms": interval,
            "seconds": took,
            "written": sent,
            "server_cpu": (process_usage(server.pid).cpu - used) / took,
            "server_mib_before": memory,
            "server_mib_after": process_usage(server.pid).memory,
        }
        await asyncio.sleep(2 * interval / 1000 + 2)
        result |= {
            "statements": await statements(server) - before,
            "statements_at_most": GROUPS * (took * 1000 / interval + 2),
            "answers": received.count - answers,
            "wrong": await _count_wrong(server, members),
        }
    return result


async def _count_wrong(server: Server, members: list[LiveSubscriber]) -> int:
    """Return how many subscribers have another answer than that of a fresh query."""
    fresh = [await ask(server, "/graphql", {"query": f"{{ {root(group)} }}"}) for group in range(GROUPS)]
    return sum(b"{" + member.data + b"}" != fresh[member.group] for member in members)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--subscribers", type=int, default=2_000)
    parser.add_argument("--rate", type=float, default=100)
    parser.add_argument("--interval", type=int, default=1000)
    given = parser.parse_args()
    with serving() as server:
        result = asyncio.run(
            run(
                server,
                seconds=given.seconds,
                subscribers=given.subscribers,
                rate=given.rate,
                interval=given.interval,
            )
        )
    for name, value in result.items():
        print(f"{name:30} {value:,.1f}")
    assert result["wrong"] == 0, "a subscriber has not the answer of a fresh query"
    assert result["statements"] <= result["statements_at_most"], "there were more statements than groups and bursts"


if __name__ == "__main__":
    main()
