"""The attacks of test_all_at_once in a process of their own, so that the measuring client does not pay their cost.

`python -m tests.attacks.attackers URL KEY PERSON SECONDS` runs them for so many seconds at most.
"""

import asyncio
import contextlib
import json
import sys
import time
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import urlsplit

import httpx
from websockets.asyncio.client import connect
from websockets.typing import Subprotocol

SLOW = 200
SUBSCRIPTIONS = 24
REFUSED = "{ companies(first: 200) { edges { node { people(first: 200) { edges { node { company { \
people(first: 200) { edges { node { id } } } } } } } } } } }"
COUNTED = 'people(filter: { jobTitle: { contains: "x" } }, first: 0) { totalCount }'
ALLOWED = f"{{ people(first: 200) {{ edges {{ node {{ company {{ a: {COUNTED} b: {COUNTED} c: {COUNTED} }} }} }} }} }}"
"""Half a second of PostgreSQL for a short answer."""
HEAVY = """subscription {{ a{number}: personUpdated {{ company {{ people(first: 100) {{ edges {{ node {{
    company {{ people(first: 10) {{ edges {{ node {{ email }} }} }} }} }} }} }} }} }} }}"""


@contextlib.asynccontextmanager
async def connected(url: str) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    """Hold a connection for the block; it is reset at its end."""
    address = urlsplit(url)
    reader, writer = await asyncio.open_connection(address.hostname, address.port)
    try:
        yield reader, writer
    finally:
        writer.transport.abort()
        with contextlib.suppress(ConnectionError):
            await writer.wait_closed()


async def drip(url: str) -> None:
    """Hold a connection with a head that comes a byte at a time, and open another where it is closed."""
    while True:
        async with connected(url) as (reader, writer):
            with contextlib.suppress(ConnectionError):
                for byte in b"GET /healthz HTTP/1.1\r\nHost: a\r\nX-Slow: " + b"s" * 1_000:
                    writer.write(bytes((byte,)))
                    await writer.drain()
                    await asyncio.sleep(1)
                    if reader.at_eof():
                        break


async def send_heads(url: str) -> None:
    """Send heads of a header of 100 MiB, as far as the server takes them."""
    while True:
        async with connected(url) as (_, writer):
            with contextlib.suppress(ConnectionError):
                writer.write(b"GET /healthz HTTP/1.1\r\nHost: a\r\nX-Big: ")
                for _ in range(1_600):
                    writer.write(b"x" * (64 << 10))
                    await writer.drain()
        await asyncio.sleep(0.2)


async def query(http: httpx.AsyncClient, text: str) -> None:
    """Send an operation again and again, whatever is answered."""
    while True:
        answer = await http.post("/graphql", json={"query": text})
        assert answer.status_code in {200, 400, 503}, answer.text[:200]
        await asyncio.sleep(0.05)


async def update(http: httpx.AsyncClient, id_: str) -> None:
    """Move a person three times a second."""
    while True:
        answer = await http.post(
            "/graphql",
            json={
                "query": f'mutation {{ updatePerson(id: "{id_}", data: {{ city: "{time.monotonic()}" }}) {{ id }} }}'
            },
        )
        assert answer.status_code in {200, 503}, answer.text[:200]
        await asyncio.sleep(0.33)


def heavy(number: int) -> dict[str, Any]:
    """Return the message that begins a heavy subscription."""
    return {"id": f"{number}", "type": "subscribe", "payload": {"query": HEAVY.format(number=number)}}


async def subscribe(url: str, key: str) -> None:
    """Hold the heavy subscriptions on one socket, and leave their events unread."""
    async with connect(
        url.replace("http", "ws") + "/graphql", subprotocols=[Subprotocol("graphql-transport-ws")], max_size=None
    ) as socket:
        await socket.send(json.dumps({"type": "connection_init", "payload": {"authorization": f"Bearer {key}"}}))
        for number in range(SUBSCRIPTIONS):
            await socket.send(json.dumps(heavy(number)))
        async for text in socket:
            message = json.loads(text)
            if message["type"] == "error":
                # Its own queries have the workspace overloaded.
                assert message["payload"][0]["extensions"]["code"] == "OVERLOADED", text[:200]
                await asyncio.sleep(0.2)
                await socket.send(json.dumps(heavy(int(message["id"]))))


async def main(url: str, key: str, person: str, seconds: float) -> None:
    """Run all attacks at once until the time is over, or one of them fails."""
    headers = {"authorization": f"Bearer {key}"}
    limits = httpx.Limits(max_connections=None)
    async with httpx.AsyncClient(base_url=url, headers=headers, timeout=60, limits=limits) as http:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds), asyncio.TaskGroup() as attacks:
                for _ in range(SLOW):
                    attacks.create_task(drip(url))
                for _ in range(3):
                    attacks.create_task(send_heads(url))
                for text in (REFUSED, ALLOWED) * 4:
                    attacks.create_task(query(http, text))
                attacks.create_task(subscribe(url, key))
                attacks.create_task(update(http, person))


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], sys.argv[2], sys.argv[3], float(sys.argv[4])))
