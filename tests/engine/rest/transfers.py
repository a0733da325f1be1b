"""Imports and exports over a socket, and the memory that they take."""

import resource
from pathlib import Path

from tests.engine.server.fast_path.talking import Talk

END = b"0\r\n\r\n"
"""The end of a body that is sent piece by piece."""


def head(talk: Talk, more: str, path: str = "people.csv") -> bytes:
    """Return the head of the request for an import."""
    return (
        f"POST /rest/{path} HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {talk.token}\r\n"
        f"Content-Type: text/csv\r\n{more}\r\n"
    ).encode()


def chunk(text: str) -> bytes:
    """Return a part of a body that is sent piece by piece."""
    return b"%x\r\n%b\r\n" % (len(text.encode()), text.encode())


def resident() -> int:
    """Return the bytes of memory that this process, which serves and asks, has now."""
    return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1]) * resource.getpagesize()


async def export(talk: Talk, query: str, extension: str = "jsonl") -> tuple[int, int]:
    """Return the size of an export, and the most memory meanwhile."""
    address = f"/rest/people.{extension}{query}"
    talk.send(f"GET {address} HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {talk.token}\r\n\r\n".encode())
    size = most = 0
    end = b""
    while end != END:
        read = await talk._reader.read(1 << 16)
        assert read, "the export was cut"
        end, size, most = (end + read)[-len(END) :], size + len(read), max(most, resident())
    return size, most
