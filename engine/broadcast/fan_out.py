"""Hints between processes: each tells the others of its changes, and all read the truth from the database.

A hint may come twice, late, or never. Its receivers also poll the database now and then.
"""

import asyncio
import logging
import secrets
from collections import defaultdict
from dataclasses import dataclass
from uuid import UUID

import broadcaster

from fieldstone.engine.broadcast.message import (
    LONGEST_PAYLOAD,
    Entry,
    Message,
    decode_message,
    encode_message,
    take_entries,
)
from fieldstone.engine.broadcast.postgres import PostgresMedium
from fieldstone.engine.broadcast.supervision import SILENCE, SupervisedBackend
from fieldstone.engine.broadcast.transport import ChannelLost, Medium
from fieldstone.engine.settings import Settings
from fieldstone.sql.concurrency.backoff import Backoff
from fieldstone.sql.concurrency.signal import Signal
from fieldstone.sql.concurrency.tasks import end_tasks, start_reported
from fieldstone.sql.concurrency.wakeup import Wake
from fieldstone.sql.executor import Database

_LOG = logging.getLogger(__name__)

MOST_WAITING = 1_000
"""The most hints that wait to be sent: beyond them the others are told of a gap."""

_HEARTBEAT: Entry = ("", "")
_BEATS = 2.5
_FIRST_PAUSE = 0.1
_LONGEST_PAUSE = 1.0


@dataclass(slots=True, kw_only=True)
class BroadcastCounters:
    """The counts since the start.

    Attributes:
        sent: messages of one or more hints each.
        received: messages of other processes.
        failed: messages that could not be sent.
        connections: the connections over which others were heard.
    """

    sent: int = 0
    received: int = 0
    failed: int = 0
    connections: int = 0


class Broadcast:
    """The hints of one process: one subscription, taken at the start, and a fan-out behind it.

    Args:
        medium: the carrier of the hints; with None they stay in this process.
        channel: the same for all processes on one database, and for no other process.
        silence: seconds without a message, one's own included, after which the connection counts as lost.

    Attributes:
        heard: by topic, called with each payload that a process publishes, this one included; it must not block.
        gap: called when hints may have been missed: after each connection, the first included.
    """

    def __init__(self, medium: Medium | None, channel: str, *, silence: float = SILENCE) -> None:
        self.counters = BroadcastCounters()
        self._medium = medium
        self._channel = channel
        self._silence = silence
        self._sender = secrets.token_hex(8)
        self.heard: defaultdict[str, Signal[[str]]] = defaultdict(Signal)
        self.gap: Signal[[]] = Signal()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._backend: SupervisedBackend | None = None
        self._tasks: tuple[asyncio.Task[object], ...] = ()
        # In the order of their arrival; a waiting hint is not added twice.
        self._waiting: dict[Entry, None] = {}
        self._has_gap = False
        self._wanted = Wake()

    @property
    def is_connected(self) -> bool:
        """Return whether other processes are heard, as far as is known."""
        return self._backend is not None and self._backend.is_connected

    def publish(self, topic: str, payload: str) -> None:
        """Tell all processes, this one included; return at once.

        Args:
            topic: the kind of the hint.
            payload: an id or a position, up to 200 characters.
        """
        if len(payload) > LONGEST_PAYLOAD:
            raise ValueError(f"a payload has at most {LONGEST_PAYLOAD} characters, not {len(payload)}")
        if self._loop is None:
            return
        self._deliver((topic, payload))
        if self._medium is not None and (topic, payload) not in self._waiting:
            if len(self._waiting) >= MOST_WAITING:
                self._waiting.clear()
                self._has_gap = True
            self._waiting[topic, payload] = None
            self._wanted()

    async def start(self) -> None:
        """Start sending and receiving; the connection may come later."""
        self._loop = asyncio.get_running_loop()
        if self._medium is not None:
            backend = SupervisedBackend(self._medium, self._note_connection, silence=self._silence)
            self._backend = backend
            running = (self._hear(backend), self._send(backend), self._keep_talking())
            self._tasks = tuple(map(start_reported, running))

    async def close(self) -> None:
        """End sending and receiving; waiting hints are dropped."""
        self._loop = None
        await end_tasks(*self._tasks)
        self._tasks = ()

    async def _hear(self, backend: SupervisedBackend) -> None:
        bus = broadcaster.Broadcast(backend=backend)
        await bus.connect()
        try:
            async with bus.subscribe(self._channel) as subscriber:
                while True:
                    self._receive((await subscriber.get()).message)
        finally:
            await _disconnect(bus, backend)

    def _receive(self, text: str) -> None:
        message = decode_message(text)
        if message is None:
            _LOG.warning("a message on channel %s is not one of Fieldstone's: %.80r", self._channel, text)
            return
        if message.sender == self._sender:
            return
        self.counters.received += 1
        for entry in message.entries:
            self._deliver(entry)
        if message.has_gap:
            self._tell_of_gap()

    def _deliver(self, entry: Entry) -> None:
        topic, payload = entry
        if self._loop is not None and topic in self.heard:
            self.heard[topic].call_soon(self._loop, payload)

    def _note_connection(self) -> None:
        self.counters.connections += 1
        self._tell_of_gap()

    def _tell_of_gap(self) -> None:
        if self._loop is not None:
            self.gap.call_soon(self._loop)

    async def _send(self, backend: SupervisedBackend) -> None:
        backoff = Backoff(_FIRST_PAUSE, longest=_LONGEST_PAUSE)
        while True:
            message = self._take()
            if message is None:
                await self._wanted.wait()
                self._wanted.forget()
                continue
            try:
                await backend.publish(self._channel, encode_message(message))
            except ChannelLost as error:
                self.counters.failed += 1
                # The first failure in a row is worth a line.
                level = logging.DEBUG if backoff.failures else logging.INFO
                _LOG.log(level, "other processes are told later: %s", error)
                self._has_gap = True
                await backoff.wait()
            else:
                self.counters.sent += 1
                backoff.reset()

    def _take(self) -> Message | None:
        """Return the next message to send, None where nothing waits."""
        entries = take_entries(self._waiting)
        has_gap, self._has_gap = self._has_gap, False
        for entry in entries:
            del self._waiting[entry]
        return Message(sender=self._sender, entries=entries, has_gap=has_gap) if entries or has_gap else None

    async def _keep_talking(self) -> None:
        """Send a heartbeat often enough: a connection that does not return it counts as lost."""
        while True:
            self._waiting[_HEARTBEAT] = None
            self._wanted()
            await asyncio.sleep(self._silence / _BEATS)


async def _disconnect(bus: broadcaster.Broadcast, backend: SupervisedBackend) -> None:
    try:
        await bus.disconnect()
    finally:
        # broadcaster does not disconnect its backend where its listener has failed.
        await backend.disconnect()


def build_broadcast(settings: Settings, database: Database, default_workspace: UUID) -> Broadcast:
    """Return the broadcast of the processes on this database; the id of its first workspace tells it from others."""
    return Broadcast(_choose_medium(settings, database), f"fieldstone_{default_workspace.hex}")


def _choose_medium(settings: Settings, database: Database) -> Medium | None:
    if settings.broadcast_url is not None:
        # A package that no setting asks for need not be installed.
        from fieldstone.engine.broadcast.redis import RedisMedium  # noqa: PLC0415 - the package redis is an extra

        return RedisMedium(settings.broadcast_url)
    if not settings.prepare_statements and settings.listen_url is None:
        _LOG.warning(
            "DATABASE_URL leads to a pooler, without LISTEN: the work of other processes is noticed up to"
            " a second later. FIELDSTONE_LISTEN_URL takes an address without the pooler"
        )
        return None
    return PostgresMedium(database=database, address=settings.listen_url)
