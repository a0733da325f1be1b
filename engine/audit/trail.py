"""The acts that any number of requests may do: failed sign-ins and impersonation. Equal ones become one row.

A flood cannot fill the audit log: a process writes a bounded number of rows for failed sign-ins, and one row for all
failures beyond that. They are written behind the requests, within two seconds.
"""

import logging
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from typing import Final, NamedTuple
from uuid import UUID

from fieldstone.engine.errors import RefusedUser, ServiceUnavailable
from fieldstone.metadata.catalog.audit import AuditEntry, audit_parameters
from fieldstone.metadata.json_text import JsonValue, dumps
from fieldstone.sql.concurrency.log_pause import LogPause
from fieldstone.sql.concurrency.tasks import keep_flushing
from fieldstone.sql.errors import DatabaseError, StaleSchema
from fieldstone.sql.executor import Database
from fieldstone.sql.queries import named_statement

_LOG = logging.getLogger(__name__)

MOST_PENDING: Final = 1_000
"""Different acts of each kind that wait in memory."""
MOST_ROWS: Final = 100
"""Rows for failed sign-ins after a quiet time."""
ROWS_A_SECOND: Final = 1 / 6
"""Further rows for failed sign-ins: 600 an hour."""

_NOTE_FAILURES = named_statement(__name__, "note_failures")
_NOTE_ACTS = named_statement(__name__, "note_acts")
_GONE = named_statement(__name__, "gone")


class FailedSignIn(NamedTuple):
    """A sign-in that has failed; equal ones are counted.

    Attributes:
        hash: of the key or the session, in hex digits; None where there is none, or the user is known.
        address: of the client.
        user: the user of a token that its issuer has signed.
    """

    hash: str | None
    address: str | None
    user: RefusedUser | None


class AuditTrail:
    """The acts of a process that wait to be written.

    Args:
        database: where the audit log is.

    Attributes:
        follow: returns the trail of the database to which a workspace has moved; None: workspaces do not move.
    """

    follow: Callable[[UUID], Awaitable["AuditTrail | None"]] | None = None

    def __init__(self, database: Database) -> None:
        self._database = database
        self._failures: Counter[FailedSignIn] = Counter()
        self._others = 0
        self._acts: Counter[AuditEntry] = Counter()
        self._lost = 0
        self._rows = float(MOST_ROWS)
        self._filled_at = time.monotonic()
        self._log_pause = LogPause()

    def fail(self, credential_hash: bytes | None, address: str | None, user: RefusedUser | None = None) -> None:
        """Note a failed sign-in.

        Args:
            credential_hash: of the credential; None for one that has no form.
            address: of the client.
            user: the user of the credential, if it is known.
        """
        hash_ = None if credential_hash is None or user is not None else credential_hash.hex()
        self.take(FailedSignIn(hash_, address, user), 1)

    def take(self, failed: FailedSignIn, count: int) -> None:
        """Note some equal failures."""
        if failed in self._failures or len(self._failures) < MOST_PENDING:
            self._failures[failed] += count
        else:
            self._others += count

    def add(self, entry: AuditEntry) -> None:
        """Note an act of a known principal, such as an impersonation, outside of any transaction."""
        if entry in self._acts or len(self._acts) < MOST_PENDING:
            self._acts[entry] += entry.count
        else:
            self._lost += entry.count

    async def run(self) -> None:
        """Write the acts that wait, until cancelled, and once more at the end."""
        await keep_flushing(self.flush)

    async def flush(self) -> None:
        """Write the acts that wait; they go on waiting if the database is away."""
        try:
            # A database takes the users of all workspaces that it does not have for unknown ones.
            if self.follow is not None and any(failed.user is not None for failed in self._failures):
                await self._hand_over()
            for flush in (self._flush_failures, self._flush_acts):
                try:
                    await flush()
                except StaleSchema:
                    await self._hand_over()
                    await flush()
        except (DatabaseError, ServiceUnavailable) as error:
            if self._log_pause.begin(error):
                _LOG.warning("the audit log waits: %s", error)

    async def _hand_over(self) -> None:
        """Give the acts of workspaces that are in other databases to the trails of those.

        Raises:
            DatabaseError: the database is away.
            ServiceUnavailable: another one is.
        """
        ids = {entry.workspace_id for entry in self._acts if entry.workspace_id is not None}
        ids |= {failed.user.workspace_id for failed in self._failures if failed.user is not None}
        hashes = [failed.hash for failed in self._failures if failed.hash is not None]
        rows = await self._database.read(*_GONE.bind(ids=list(ids), hashes=hashes), share=None)
        for workspace_id, hash_ in ((UUID((row[0] or b"").decode()), row[1]) for row in rows):
            trail = None if self.follow is None else await self.follow(workspace_id)
            if trail is None:
                continue
            if hash_ is None:
                for entry in [one for one in self._acts if one.workspace_id == workspace_id]:
                    trail.add(replace(entry, count=self._acts.pop(entry)))
            for failed in [
                one
                for one in self._failures
                if (one.hash == hash_.decode() if hash_ else one.user and one.user.workspace_id == workspace_id)
            ]:
                trail.take(failed, self._failures.pop(failed))

    async def _flush_failures(self) -> None:
        if not self._failures and not self._others:
            return
        now = time.monotonic()
        self._rows = min(MOST_ROWS, self._rows + (now - self._filled_at) * ROWS_A_SECOND)
        self._filled_at = now
        if self._rows < 1:
            # Not even the row for all others is written at each turn.
            return
        failures, others = self._failures.copy(), self._others
        listed = [_show(failed, count) for failed, count in failures.items()]
        rows = await self._database.write(
            *_NOTE_FAILURES.bind(failures=dumps(listed), most=max(0, int(self._rows) - 1), others=others), share=None
        )
        self._failures = self._failures - failures
        self._others -= others
        self._rows -= len(rows)

    async def _flush_acts(self) -> None:
        if self._lost:
            _LOG.error("%d acts are missing in the audit log: there were too many different ones", self._lost)
            self._lost = 0
        acts = dict(self._acts)
        if acts:
            entries = [replace(entry, count=count) for entry, count in acts.items()]
            await self._database.write(*_NOTE_ACTS.bind(entries=audit_parameters(entries)["entries"]), share=None)
            self._acts.subtract(acts)
            self._acts = +self._acts


def _show(failed: FailedSignIn, count: int) -> Mapping[str, JsonValue]:
    shown: dict[str, JsonValue] = {"hash": failed.hash, "address": failed.address, "count": count}
    if failed.user is not None:
        shown |= {
            "workspace_id": str(failed.user.workspace_id),
            "user_id": str(failed.user.id),
            "user_name": failed.user.name,
        }
    return shown
