"""The send queue of one client: its messages, bounded, since the client decides how fast it reads."""

import asyncio
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from fieldstone.engine.errors import ApiError
from fieldstone.engine.events.live.group import Take
from fieldstone.sql.frozen import frozen

MESSAGES = 1_024
CHARACTERS = 1 << 20
CHARACTERS_IN_ALL = 64 << 20


Write = Callable[[], str | None]
"""Writes a message when it is taken; None: there is none any more."""


@dataclass(slots=True, kw_only=True)
class QueueTotal:
    """The characters that wait in all queues of an endpoint or for room in them, and how many may.

    Beyond that a queue takes no further message while one waits in it: the event log keeps the rest for it.
    """

    most: int = CHARACTERS_IN_ALL
    taken: int = 0


@frozen
class QueueLimits:
    """Limits of a send queue: messages, and their characters; a single message fits whatever its length.

    Attributes:
        total: the limit that the queues with these limits share.
    """

    messages: int = MESSAGES
    characters: int = CHARACTERS
    total: QueueTotal = field(default_factory=QueueTotal)


class SendQueue:
    """Messages in the order in which they are to be sent.

    Args:
        limits: how much it holds.
        on_room: called when it had been full and half of it is free again.
        on_held: called when a message waits for room, and when it waits no longer.
    """

    def __init__(
        self, limits: QueueLimits, on_room: Callable[[], None], *, on_held: Callable[[], None] = lambda: None
    ) -> None:
        self._limits = limits
        self._on_room = on_room
        self._on_held = on_held
        self._waiting: deque[tuple[QueueSink | None, str | Write]] = deque()
        self._characters = 0
        self._held = 0
        self._was_full = False
        self._filled = asyncio.Event()
        self._emptied = asyncio.Event()

    @property
    def has_room(self) -> bool:
        """Return whether another message may be put in; after it was full, only once half of it is free."""
        return not self._was_full

    @property
    def characters(self) -> int:
        """Return the characters that wait in it, and for room in it."""
        return self._characters + self._held

    @property
    def is_empty(self) -> bool:
        """Return whether nothing waits."""
        return not self._waiting

    def offer(self, text: str, sink: "QueueSink | None" = None) -> bool:
        """Put a message in, with the sink that it belongs to; return False if there is no room."""
        if self._is_full(len(text)):
            return False
        self.force(text, sink)
        return True

    def force(self, text: str, sink: "QueueSink | None" = None) -> None:
        """Put a message in that must not be lost: the begin and the failure of an operation."""
        self._waiting.append((sink, text))
        self._count(len(text))
        self._filled.set()

    def announce(self, write: Write, sink: "QueueSink") -> None:
        """Put in a message that is written when it is taken, of which no text waits here."""
        self._waiting.append((sink, write))
        self._filled.set()

    async def put(self, text: str) -> None:
        """Put a message in as soon as there is room; it counts as waiting until then, too."""
        while not self.offer(text):
            self._hold(len(text))
            try:
                await self._emptied.wait()
            finally:
                self._hold(-len(text))

    async def wait_for_room(self) -> None:
        """Return as soon as the waiting messages are within the limits, and none waits for room."""
        while self._was_full or self._is_full(0):
            await self._emptied.wait()

    async def take(self) -> tuple["QueueSink | None", str]:
        """Return the message that has waited longest, with the sink that it belongs to, as soon as there is one."""
        while True:
            while not self._waiting:
                self._filled.clear()
                await self._filled.wait()
            sink, waiting = self._waiting.popleft()
            is_open = sink is None or sink.is_open
            text: str | None = None
            if isinstance(waiting, str):
                self._count(-len(waiting))
                text = waiting
            elif is_open:
                text = waiting()
            self._notice_room()
            if text is not None and is_open:
                return sink, text

    def drop(self, sink: "QueueSink") -> None:
        """Drop the messages of a sink that is closed: while others are read slowly they would take room."""
        dropped = [waiting for owner, waiting in self._waiting if owner is sink]
        if dropped:
            self._waiting = deque(one for one in self._waiting if one[0] is not sink)
            self._count(-sum(len(one) for one in dropped if isinstance(one, str)))
            self._notice_room()

    def clear(self) -> None:
        """Drop all messages; a queue is cleared when its client has gone, or its messages count for ever."""
        self._waiting.clear()
        self._count(-self._characters)

    def _is_full(self, more: int) -> bool:
        """Return whether there is no room for so many characters more, and note it."""
        limits, total = self._limits, self._limits.total
        is_full = len(self._waiting) >= limits.messages or (
            bool(self._waiting) and (self._characters + more > limits.characters or total.taken + more > total.most)
        )
        if is_full:
            self._was_full = True
            self._emptied.clear()
        return is_full

    def _notice_room(self) -> None:
        limits = self._limits
        is_half = len(self._waiting) <= limits.messages // 2 and self._characters <= limits.characters // 2
        if self._was_full and is_half:
            self._was_full = False
            self._emptied.set()
            self._on_room()

    def _hold(self, characters: int) -> None:
        self._held += characters
        self._limits.total.taken += characters
        self._on_held()

    def _count(self, characters: int) -> None:
        self._characters += characters
        self._limits.total.taken += characters


class QueueSink:
    """A subscription's sink, which puts results into a send queue: see `engine.events.subscriptions.group.Sink`.

    Args:
        queue: where its results go.
        on_fail: writes its end, and is given the errors.
        head: the text that the sender puts before each result, so that the results themselves are shared.
    """

    def __init__(self, queue: SendQueue, on_fail: Callable[[list[ApiError]], None], *, head: str = "") -> None:
        self.is_open = True
        self.head = head
        self._queue = queue
        self._on_fail = on_fail

    @property
    def has_room(self) -> bool:
        """Return whether it takes another result."""
        return self._queue.has_room

    def offer(self, position: str, payload: str) -> bool:
        """Put a result in; return False if there is no room."""
        return self._queue.has_room and self._queue.offer(self.format(position, payload), self)

    def announce(self, take: Take) -> None:
        """Put in the answer that `take` returns at the moment at which it is sent, if it returns one."""

        def write() -> str | None:
            answer = take()
            return None if answer is None else self.format(answer.position, answer.payload)

        self._queue.announce(write, self)

    def close(self) -> None:
        """Send nothing more, not even the results that wait."""
        self.is_open = False
        self._queue.drop(self)

    def format(self, _position: str, payload: str) -> str:
        """Return the message that carries a result."""
        return payload

    def fail(self, errors: list[ApiError]) -> None:
        """End with errors."""
        if self.is_open:
            self._on_fail(errors)
