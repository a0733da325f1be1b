"""Denied tokens: valid tokens of identity providers that are refused, by their id or by their subject."""

import asyncio
import time
from collections.abc import Callable, Hashable, Sequence
from datetime import UTC, datetime
from enum import Enum
from typing import Any, Final, NamedTuple
from uuid import UUID

from fieldstone.metadata.catalog.queries import QUERIES, catalog_statement, fetch_one
from fieldstone.metadata.catalog.sessions import Reads, Session
from fieldstone.metadata.errors import InvalidChange, UnknownObject
from fieldstone.metadata.json_text import unstorable
from fieldstone.sql.concurrency.signal import Signal
from fieldstone.sql.frozen import frozen

_DENIED, _DENIALS = catalog_statement("denied_tokens"), catalog_statement("denials")
_MOST_LISTED = 1_000
_LONGEST = 1_000
"""Characters of an issuer, an id or a subject."""

FRESH_FOR: Final = 1.0
"""Seconds for which the list holds: a token denied by another process may work that long here."""


class DeniedBy(Enum):
    """The facts by which tokens are denied."""

    ID = "ID"
    SUBJECT = "SUBJECT"


@frozen
class TokenFacts:
    """The facts of a token that a denial compares.

    Attributes:
        jti: its id; None where it has none.
        issued_at: Unix time; None where it does not say.
    """

    workspace_id: UUID
    issuer: str
    subject: str
    jti: str | None
    issued_at: float | None


class Denial(NamedTuple):
    """A denial of one token or of those of a subject.

    Attributes:
        value: the id or the subject.
        expires_at: None: it holds for ever.
    """

    issuer: str
    by: DeniedBy
    value: str
    denied_at: datetime
    expires_at: datetime | None


class DeniedTokens:
    """The list of denied tokens, compared with the database once a second while tokens are used.

    Args:
        database: where the list is.
        clock: seconds that never go back.

    Attributes:
        changed: called when the list has changed.
    """

    def __init__(self, database: Reads, *, clock: Callable[[], float] = time.monotonic) -> None:
        self.changed: Signal[[]] = Signal()
        self._database = database
        self._clock = clock
        self._version = 0
        self._checked_at = float("-inf")
        self._denied: dict[tuple[UUID, str, DeniedBy, str], float] = {}
        self._one_at_a_time = asyncio.Lock()

    @property
    def is_fresh(self) -> bool:
        """Whether the list was compared within the last second."""
        return self._clock() - self._checked_at < FRESH_FOR

    def denies(self, token: TokenFacts) -> bool:
        """Return whether the list refuses a token; one of a denied subject must be issued later than the denial."""
        place = (token.workspace_id, token.issuer)
        if token.jti is not None and (*place, DeniedBy.ID, token.jti) in self._denied:
            return True
        denied_at = self._denied.get((*place, DeniedBy.SUBJECT, token.subject))
        # Tokens have whole seconds: one of the second of the denial may have been issued before it.
        return denied_at is not None and (token.issued_at is None or token.issued_at <= denied_at)

    async def refresh(self) -> None:
        """Compare the list with the database, unless that was done within the last second.

        Raises:
            DatabaseError: the database is away.
        """
        async with self._one_at_a_time:
            if self.is_fresh:
                return
            now = self._clock()
            rows = await self._database.read(*_DENIED.bind(known=self._version), share=None)
            version = int(rows[0][0] or 0)
            self._checked_at = now
            if version != self._version:
                self._version = version
                self._denied = {
                    (UUID(workspace.decode()), issuer.decode(), DeniedBy(kind.decode()), value.decode()): float(at)
                    for _, workspace, issuer, kind, value, at in rows
                    if workspace is not None and issuer is not None and kind and value is not None and at is not None
                }
                self.changed()

    def forget(self) -> None:
        """Have the list compared at the next use of a token."""
        self._checked_at = float("-inf")


async def deny_tokens(
    connection: Session,
    *,
    workspace_id: UUID,
    issuer: str,
    by: DeniedBy,
    value: str,
    expires_at: datetime | None = None,
) -> Denial:
    """Deny tokens of a workspace; call `DeniedTokens.forget` after the commit.

    Args:
        connection: in a transaction.
        workspace_id: the workspace that the tokens are for.
        issuer: their issuer.
        by: whether `value` is the id of one token, or a subject, whose tokens up to now are denied.
        value: the id or the subject.
        expires_at: when the last of these tokens ends; the denial is kept for ever if None.

    Raises:
        InvalidChange: a text is blank or too long, or the expiry is not in the future.
    """
    for name, text in (("issuer", issuer), ("jwtId" if by is DeniedBy.ID else "subject", value)):
        if not text.strip() or len(text) > _LONGEST:
            raise InvalidChange(f"{name} must be a text of 1 to {_LONGEST} characters", field=name)
        if reason := unstorable(text):
            raise InvalidChange(f"{name} {reason}", field=name)
    if expires_at is not None and expires_at <= datetime.now(UTC):
        raise InvalidChange("expiresAt must be in the future", field="expiresAt")
    await connection.execute(QUERIES["note_denied_tokens"])
    await connection.execute(QUERIES["drop_expired_denials"], {"workspace_id": workspace_id})
    cursor = await connection.execute(
        QUERIES["deny_token"],
        {
            "workspace_id": workspace_id,
            "issuer": issuer,
            "kind": by.value,
            "value": value,
            "expires_at": expires_at,
        },
    )
    row = await cursor.fetchone()
    denied_at: datetime = (row or (datetime.now(UTC),))[0]
    return Denial(issuer, by, value, denied_at, expires_at)


async def allow_tokens(connection: Session, *, workspace_id: UUID, issuer: str, by: DeniedBy, value: str) -> Denial:
    """Lift a denial and return it; call `DeniedTokens.forget` after the commit.

    Args:
        connection: in a transaction.
        workspace_id: the workspace that the tokens are for.
        issuer: their issuer.
        by: the fact by which they are denied.
        value: the id or the subject.

    Raises:
        UnknownObject: no denial in force is of it.
    """
    await connection.execute(QUERIES["note_denied_tokens"])
    row = await fetch_one(
        connection, "allow_token", workspace_id=workspace_id, issuer=issuer, kind=by.value, value=value
    )
    if row is None:
        name = "id" if by is DeniedBy.ID else "subject"
        raise UnknownObject(f'there are no denied tokens of the {name} "{value}" at "{issuer}"', field="input")
    return _read_denial(row)


async def list_denials(
    database: Reads, workspace_id: UUID, *, issuer: str | None = None, subject: str | None = None, share: Hashable
) -> list[Denial]:
    """Return the denials in force of a workspace, the newest first, at most 1,000; raises DatabaseError."""
    step = _DENIALS.bind(workspace_id=workspace_id, issuer=issuer, subject=subject, most=_MOST_LISTED)
    rows = [[(value or b"").decode() for value in row] for row in await database.read(*step, share=share)]
    return [
        Denial(issuer, DeniedBy(kind), value, datetime.fromisoformat(at), datetime.fromisoformat(end) if end else None)
        for issuer, kind, value, at, end in rows
    ]


def _read_denial(row: Sequence[Any]) -> Denial:
    issuer, kind, value, denied_at, expires_at = row
    return Denial(issuer, DeniedBy(kind), value, denied_at, expires_at)
