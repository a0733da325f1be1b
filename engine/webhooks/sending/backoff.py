"""The backoff between the attempts of a delivery, and the pause that a target asks for."""

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

from fieldstone.sql.concurrency.backoff import pause_after

LONGEST = 3_600.0
"""Seconds of the longest pause of the backoff."""
LONGEST_ASKED = 86_400.0
"""Seconds of a `Retry-After` that are respected at most."""


def next_pause(attempts: int, first: float) -> float:
    """Return the seconds to wait after this many attempts: half to all of `first`, doubled with each attempt."""
    return pause_after(attempts, first=first, longest=LONGEST, spread=(0.5, 1.0))


def read_retry_after(value: str | None, now: datetime) -> float | None:
    """Return the seconds of a `Retry-After`: a number of them, or a date. None where there is none that can be read.

    https://www.rfc-editor.org/rfc/rfc9110#field.retry-after
    """
    text = (value or "").strip()
    if text.isascii() and text.isdigit():
        return min(float(text), LONGEST_ASKED)
    try:
        at = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None
    # A date in the obsolete forms, or with -0000, has no zone, and means UTC.
    seconds = (at if at.tzinfo else at.replace(tzinfo=UTC)) - now
    return min(max(0.0, seconds.total_seconds()), LONGEST_ASKED)
