"""The transport of a connection: joins small writes, and knows how many bytes its client has taken."""

import asyncio
import fcntl
import struct
import sys
import termios
from typing import Any

_INT = struct.Struct("i")


class ClientTransport:
    """Holds a first write back until the next one, or the loop's next turn; all else is the transport's.

    uvicorn writes head and body one after the other, and uvloop sends each at once: a system call, a segment and a
    wake-up of the client too many for every answer.

    Attributes:
        written: bytes, since the connection was made.
        told_peer: the address and port of the client, if it has connected to a balancer that tells them.
    """

    def __init__(self, transport: asyncio.Transport, loop: asyncio.AbstractEventLoop) -> None:
        self.written = 0
        self.told_peer: tuple[str, int] | None = None
        self._transport = transport
        self._loop = loop
        self._held = b""

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)

    def write(self, data: bytes) -> None:
        """Write these bytes together with the next ones."""
        if self._held:
            self.write_now(data)
        elif data:
            self._held = data
            self._loop.call_soon(self._flush)

    def write_now(self, data: bytes) -> None:
        """Write these bytes behind those that are held back."""
        held, self._held = self._held, b""
        # uvicorn tells only the last of several requests that their client has gone; uvloop would fail the others.
        if not self._transport.is_closing():
            joined = held + data if held else data
            self.written += len(joined)
            self._transport.write(joined)

    def write_eof(self) -> None:
        """End the writing; the client's bytes are still read."""
        self._flush()
        if not self._transport.is_closing():
            self._transport.write_eof()

    def close(self) -> None:
        """Close the connection when all is sent."""
        self._flush()
        self._transport.close()

    def unread(self) -> int:
        """Return the bytes that wait in this process's memory for the client to read."""
        return self._transport.get_write_buffer_size()

    def taken(self) -> int:
        """Return the bytes that have reached the client's machine, as far as the system tells."""
        return self.written - self._transport.get_write_buffer_size() - self._unsent()

    def _unsent(self) -> int:
        """Return the bytes in the kernel: it makes room a megabyte at a time, which slow clients take minutes for."""
        if sys.platform != "linux":
            return 0
        try:
            descriptor = self._transport.get_extra_info("socket").fileno()
            return int(_INT.unpack(fcntl.ioctl(descriptor, termios.TIOCOUTQ, _INT.pack(0)))[0])
        except OSError:
            return 0

    def _flush(self) -> None:
        if self._held:
            self.write_now(b"")
