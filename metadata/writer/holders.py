"""The sessions that have the locks which others wait for, as pg_stat_activity shows them, for logs."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Holder:
    """A session whose transaction holds a lock.

    Attributes:
        pid: its process on the database's machine.
        application: its `application_name`.
        address: the address that its client connects from.
        state: such as "active" and "idle in transaction".
        since: when its transaction began, in UTC as ISO 8601 writes it.
    """

    pid: str
    application: str
    address: str
    state: str
    since: str

    def __str__(self) -> str:
        return f"pid {self.pid} ({self.application} from {self.address}, {self.state}) since {self.since}"


def build_holder(row: tuple[str | bytes | None, ...]) -> Holder:
    """Return the session of a row of `turn_holder` or `log_holders`; of another user's PostgreSQL shows little."""
    texts = [value.decode() if isinstance(value, bytes) else value or "unknown" for value in row]
    pid, application, address, state, since = texts
    return Holder(pid=pid, application=application, address=address, state=state, since=since)
