"""Text kept compressed in pieces, which are joined without being read: RFC 1950 and 1951.

A piece ends with a full flush: it refers to nothing before it, so that one piece can stand behind any other. A
body with `Content-Encoding: deflate` consists of the pieces between a head and a checksum.
"""

import zlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

_LEVEL = 1
"""A level higher takes twice the time, and a third off the bytes."""
_RAW = -15
_HEAD = b"\x78\x01"
_END = b"\x03\x00"
"""A last block without anything in it."""
_MODULUS = 65_521
CHUNK = 1 << 16
"""Bytes that are handed on at a time, at least."""


@dataclass(frozen=True, slots=True)
class DeflatedPiece:
    """Compressed bytes; `length` and `checksum` (Adler-32) are those of the text."""

    data: bytes
    length: int
    checksum: int


def deflate(text: str) -> DeflatedPiece:
    """Return a text as a piece."""
    plain = text.encode()
    compressor = zlib.compressobj(_LEVEL, zlib.DEFLATED, _RAW)
    data = compressor.compress(plain) + compressor.flush(zlib.Z_FULL_FLUSH)
    return DeflatedPiece(data, len(plain), zlib.adler32(plain))


class DeflatedText:
    """A text of many pieces; `bytes(text)` is the text itself, in UTF-8."""

    __slots__ = ("_pieces",)

    def __init__(self, pieces: Iterable[DeflatedPiece]) -> None:
        self._pieces = tuple(pieces)

    def __len__(self) -> int:
        """Return the number of bytes of the text itself."""
        return sum(piece.length for piece in self._pieces)

    def __bytes__(self) -> bytes:
        return b"".join(self.plain())

    def plain(self) -> Iterator[bytes]:
        """Yield the text in chunks."""
        decompressor = zlib.decompressobj(_RAW)
        return in_chunks(decompressor.decompress(piece.data) for piece in self._pieces)

    @property
    def encoded_length(self) -> int:
        """The number of bytes that `encoded` yields."""
        return len(_HEAD) + sum(len(piece.data) for piece in self._pieces) + len(_END) + 4

    def encoded(self) -> Iterator[bytes]:
        """Yield the text as `Content-Encoding: deflate` has it, in chunks."""
        end = _END + self._checksum().to_bytes(4, "big")
        return in_chunks([_HEAD, *(piece.data for piece in self._pieces), end])

    def _checksum(self) -> int:
        low, high = 1, 0
        for piece in self._pieces:
            first, second = piece.checksum & 0xFFFF, piece.checksum >> 16
            high = (high + second + piece.length * (low - 1)) % _MODULUS
            low = (low + first - 1) % _MODULUS
        return high << 16 | low


def in_chunks(parts: Iterable[bytes]) -> Iterator[bytes]:
    """Yield the bytes of all parts, `CHUNK` at a time or more."""
    waiting: list[bytes] = []
    size = 0
    for part in parts:
        waiting.append(part)
        size += len(part)
        if size >= CHUNK:
            yield b"".join(waiting)
            waiting.clear()
            size = 0
    if waiting:
        yield b"".join(waiting)
