"""What a connection may take of a server."""

from dataclasses import dataclass
from typing import Self

from fieldstone.engine.settings import Settings


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionLimits:
    """Limits of connections; times in seconds.

    Attributes:
        most: connections at once.
        most_each: those of them from one address.
        head: until a request's head is complete, from its first byte; the first head's also from the connection.
        body: until the rest of a body has come whose request is answered already.
        unread: without progress, until a client is cut off that does not read what waits for it.
        buffered_bytes: of answers that are not read and requests that are not complete, of all clients together.
        head_bytes: of one head; as many trailers or extensions of a chunk may come without a byte of the body.
        headers: of one head.
        linger: for which a connection that was refused is read from, so that its client sees the refusal.
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
        )

    @property
    def sweep(self) -> float:
        """How often connections are looked at."""
        return min(1.0, self.head / 4, self.body / 4, self.unread / 4)
