"""Subscribers: some that stay, each of which must hear of every company once, and some that come and go."""

import asyncio
import json
from collections import Counter
from collections.abc import Collection
from typing import Any

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake
from websockets.typing import Subprotocol

from benchmarks.soak.retry import Tally

_PAUSE = 0.5
_CREATED = "subscription ($after: String) { companyCreated(after: $after) { id } }"
_UPDATED = 'subscription { companyUpdated(filter: { name: { startsWith: "again" } }) { id name } }'


class Subscriber:
    """Follows the companies that are created, over one socket after another where one is closed.

    Attributes:
        heard: how often each company was told of.
        sockets: how many it took.
    """

    def __init__(self, url: str, key: str, tally: Tally) -> None:
        self.heard: Counter[str] = Counter()
        self.sockets = 0
        self.is_listening = asyncio.Event()
        self._url = _socket_url(url)
        self._key = key
        self._tally = tally
        self._position: str | None = None
        self._news = asyncio.Event()

    async def run(self) -> None:
        """Follow until cancelled."""
        while True:
            try:
                async with connect(self._url, subprotocols=[Subprotocol("graphql-transport-ws")]) as socket:
                    self.sockets += 1
                    await _begin(socket, self._key, _CREATED, {"after": self._position})
                    self.is_listening.set()
                    async for text in socket:
                        if not self._take(json.loads(text)):
                            break
            except (ConnectionClosed, InvalidHandshake, OSError):
                pass
            await asyncio.sleep(_PAUSE)

    async def until_heard(self, ids: Collection[str]) -> None:
        """Return when it has heard of all of these."""
        while any(id_ not in self.heard for id_ in ids):
            self._news.clear()
            await self._news.wait()

    def _take(self, message: dict[str, Any]) -> bool:
        """Return whether the subscription goes on."""
        if message["type"] == "next":
            self.heard[message["payload"]["data"]["companyCreated"]["id"]] += 1
            self._position = message["payload"]["extensions"]["position"]
            self._news.set()
        elif message["type"] == "error" and not _may_be_sent_again(message):
            self._tally.fail("subscription", message)
        return bool(message["type"] != "error")


async def come_and_go(url: str, key: str, tally: Tally, is_over: asyncio.Event) -> None:
    """Open a socket, hear of a change, close it, again and again."""
    while not is_over.is_set():
        try:
            async with connect(_socket_url(url), subprotocols=[Subprotocol("graphql-transport-ws")]) as socket:
                await _begin(socket, key, _UPDATED, {})
                async with asyncio.timeout(60):
                    message = json.loads(await socket.recv())
            if message["type"] == "next":
                tally.answered["socket"] += 1
            elif _may_be_sent_again(message):
                tally.retries += 1
            else:
                tally.fail("socket", message)
        except (ConnectionClosed, InvalidHandshake, OSError):
            tally.retries += 1
        except TimeoutError:
            tally.fail("socket", "nothing was heard in a minute")
        await asyncio.sleep(_PAUSE)


async def _begin(socket: ClientConnection, key: str, query: str, variables: dict[str, Any]) -> None:
    await socket.send(json.dumps({"type": "connection_init", "payload": {"authorization": f"Bearer {key}"}}))
    await socket.recv()
    payload = {"query": query, "variables": variables}
    await socket.send(json.dumps({"type": "subscribe", "id": "1", "payload": payload}))


def _may_be_sent_again(message: dict[str, Any]) -> bool:
    return bool(message["payload"][0]["extensions"]["code"] in {"SERVICE_UNAVAILABLE", "OVERLOADED"})


def _socket_url(url: str) -> str:
    return f"{url.replace('http', 'ws', 1)}/graphql"
