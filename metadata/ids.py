"""The ids that Fieldstone makes: UUIDs of version 7, which sort by the time they were made."""

import os
import secrets
import threading
import time
from array import array
from uuid import UUID

_RANDOM_BITS = 74
_VERSION_7 = 0x7 << 76
_VARIANT = 0b10 << 62
_LOW_MASK = (1 << 62) - 1
_STEPS_AT_ONCE = 256

_lock = threading.Lock()
_last = 0
_steps = array("I")
"""Random steps of 32 bits that no id has taken yet: to ask the system for each one takes half of an id's time."""

# A child would count up from the same id by the same steps as its parent.
os.register_at_fork(after_in_child=lambda: _steps.__delitem__(slice(None)))


def new_id() -> UUID:
    """Return a new id, greater than every id that this process made before."""
    return UUID(int=_next())


def new_id_text() -> str:
    """Return the text of a new id, as that of an UUID is written."""
    digits = new_id_digits()
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"


def new_id_digits() -> str:
    """Return the hexadecimal digits of a new id, which PostgreSQL reads as the UUID: made in half the time."""
    return f"{_next():032x}"


def _next() -> int:
    """Return the number of the next id.

    Within one millisecond, and when the clock goes back, the random part counts up by a random step (RFC 9562, 6.2,
    method 2).
    """
    global _last  # noqa: PLW0603 - the state that makes ids grow
    with _lock:
        now = time.time_ns() // 1_000_000
        if now > _last >> _RANDOM_BITS:
            value = now << _RANDOM_BITS | secrets.randbits(_RANDOM_BITS)
        else:
            if not _steps:
                _steps.frombytes(os.urandom(_STEPS_AT_ONCE * _steps.itemsize))
            value = _last + 1 + _steps.pop()
        _last = value
    head = value >> 62  # 48 bits of milliseconds, 12 random bits
    timestamp, high = head >> 12, head & 0xFFF
    return timestamp << 80 | _VERSION_7 | high << 64 | _VARIANT | value & _LOW_MASK


def new_ids(count: int) -> tuple[UUID, ...]:
    """Return this many new ids, in ascending order."""
    return tuple(new_id() for _ in range(count))
