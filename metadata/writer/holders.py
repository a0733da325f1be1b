"""The sessions that have the locks which others wait for, as pg_stat_activity shows them, for logs."""

from typing import Final

MOVES: Final = "fieldstone workspace move"
"""The name of the application whose session has the turn of a workspace that is being moved."""


def describe_holder(row: tuple[str | bytes | None, ...]) -> tuple[str, str, str]:
    """Return a session of `turn_holder` or `log_holders` in words, since when its transaction runs (UTC), and its name.

    Of another user's sessions PostgreSQL shows little.
    """
    texts = [value.decode() if isinstance(value, bytes) else value or "unknown" for value in row]
    pid, application, address, state, since = texts
    return f"pid {pid} ({application} from {address}, {state}) since {since}", since, application
