"""Cursors of events: the position of an event under a key, since positions count the events of all workspaces.

A Feistel network of four rounds permutes the numbers of 64 bits; the last byte of a cursor detects altered ones.
"""

from hashlib import blake2b

from fieldstone.engine.errors import BadUserInput

_ROUNDS = 4
_HALF = 32
_MASK = (1 << _HALF) - 1
_LENGTH = 20


def write_cursor(position: int, key: bytes) -> str:
    """Return the cursor of a position."""
    left, right = position >> _HALF, position & _MASK
    for number in range(_ROUNDS):
        left, right = right, left ^ _mix(right, number, key)
    hidden = f"{left:08x}{right:08x}"
    return hidden + _check(hidden, key)


def read_cursor(cursor: str, key: bytes) -> int:
    """Return the position of a cursor.

    Raises:
        BadUserInput: it is none of this database.
    """
    hidden = cursor[:16]
    if len(cursor) != _LENGTH or _check(hidden, key) != cursor[16:]:
        raise BadUserInput("'before' is no cursor of an event: give the 'cursor' of one as it is.", field="before")
    left, right = int(hidden[:8], 16), int(hidden[8:], 16)
    for number in reversed(range(_ROUNDS)):
        left, right = right ^ _mix(left, number, key), left
    return left << _HALF | right


def _mix(half: int, number: int, key: bytes) -> int:
    digest = blake2b(half.to_bytes(4, "big") + bytes([number]), key=key, digest_size=4).digest()
    return int.from_bytes(digest, "big")


def _check(hidden: str, key: bytes) -> str:
    return blake2b(hidden.encode("utf-8", "surrogatepass"), key=key, digest_size=2).hexdigest()
