"""Limits of connections."""

import math
from typing import Self

from fieldstone.engine.settings import Settings
from fieldstone.sql.frozen import frozen


@frozen
class ConnectionLimits:
    """Limits of connections; times in seconds.

    Attributes:
        most: connections at once.
        most_each: connections at once from one address.
        head: until a request's head is complete, from its first byte; the first head's also from the connection.
        body: until the rest of a body has arrived after its request was answered.
        unread: without progress, until a client that does not read its answers is disconnected.
        buffered_bytes: of unread answers and unanswered requests, of all clients together.
        head_bytes: of one head; as many trailers or extensions of a chunk may come without a byte of the body.
        headers: of one head.
        linger: for which a refused connection is still read, so that its client receives the refusal.
        age: after which a connection is closed with an answer, so that its client makes another one, within a fifth;
            infinite where a server has no others beside it.
        requests: after so many of which it is closed, too, if there is such an age.
    """

    most: int = 10_000
    most_each: int = 2_500
    head: float = 10.0
    body: float = 30.0
    unread: float = 30.0
    buffered_bytes: int = 128 << 20
    head_bytes: int = 64 << 10
    headers: int = 100
    linger: float = 2.0
    age: float = math.inf
    requests: int = 10_000

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """Return the limits that the settings ask for."""
        return cls(
            most=settings.max_connections,
            most_each=settings.max_connections_each,
            head=settings.head_timeout,
            body=settings.body_timeout,
            unread=settings.unread_timeout,
            buffered_bytes=settings.max_buffered_bytes,
            age=settings.connection_age or math.inf,
        )

    @property
    def sweep(self) -> float:
        """Return the seconds between two checks of all connections."""
        return min(1.0, self.head / 4, self.body / 4, self.unread / 4)
