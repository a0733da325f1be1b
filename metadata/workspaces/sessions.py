"""Sessions of people in browsers, found by the hash of a random id, revocable and listed."""

import asyncio
import secrets
import time
from collections import OrderedDict
from collections.abc import Callable, Collection, Mapping
from hashlib import sha256
from types import MappingProxyType
from typing import Final, NamedTuple
from uuid import UUID
from weakref import WeakValueDictionary

from fieldstone.metadata.catalog.queries import QUERIES, catalog_statement, fetch, fetch_one
from fieldstone.metadata.catalog.sessions import Reads, Session
from fieldstone.metadata.errors import UnknownObject
from fieldstone.metadata.ids import new_id
from fieldstone.metadata.json_text import JsonValue, dumps, loads
from fieldstone.metadata.roles.networks import read_network
from fieldstone.metadata.roles.principal import Principal, SubjectKind, keep_instance
from fieldstone.sql.concurrency.newest import keep
from fieldstone.sql.frozen import frozen
from fieldstone.sql.statement import Row

_BY_HASHES = catalog_statement("sessions_by_hashes")
_RANDOM_BYTES = 32

FRESH_FOR: Final = 1.0
"""Seconds for which a cache entry holds: a session revoked by another process may work that long here."""
LIMIT: Final = 10_000
"""Cache entries of each kind: sessions and refusals."""
MOST: Final = 20
"""Sessions that one key or user has at once; the least recently used ones end for others."""

_MOST_LISTED = 100
_MOST_DROPPED = 1_000
"""Sessions that one sign-in drops because they have ended long ago."""
_NOTED_EACH = 60.0
"""Seconds for which a use is not noted again."""


@frozen
class UserFacts:
    """The facts of a user of an identity provider.

    Attributes:
        role: the name of the role that the provider gives.
        claims: the values that rules may name.
    """

    user_id: UUID
    issuer: str
    subject: str
    name: str
    role: str
    claims: Mapping[str, JsonValue]


class EndedSession(NamedTuple):
    """A session that its person has ended."""

    id: UUID
    workspace_id: UUID
    is_of_key: bool
    subject_id: UUID
    name: str


class _Known(NamedTuple):
    principal: Principal
    checked_at: float


class _Refused(NamedTuple):
    has_ended: bool
    checked_at: float


def hash_session(token: str) -> bytes:
    """Return the hash under which the session of a cookie is stored."""
    return sha256(f"session {token}".encode()).digest()


async def create_session(
    connection: Session,
    *,
    workspace_id: UUID,
    seconds: float,
    idle_seconds: int = 0,
    address: str | None,
    key: Principal | None = None,
    key_hash: bytes | None = None,
    user: UserFacts | None = None,
) -> tuple[UUID, str]:
    """Insert a session and return its id and the random id for its cookie, which is not kept; commit it before.

    The least recently used sessions of the key or the user end where there are more than `MOST`.

    Args:
        connection: in a transaction.
        workspace_id: the workspace that it is for.
        seconds: its length.
        idle_seconds: the length of a time without a use that ends it; 0 is none.
        address: of the client that signs in.
        key: the principal of the API key that signs in; None if a user does.
        key_hash: of the key's token that is presented; the session of an old token ends with it.
        user: the user that signs in; None if a key does.

    Raises:
        UnknownObject: the key has another token by now.
    """
    token, id_ = secrets.token_urlsafe(_RANDOM_BYTES), new_id()
    values = {
        "id": id_,
        "workspace_id": workspace_id,
        "token_hash": hash_session(token),
        "seconds": seconds,
        "idle_seconds": idle_seconds,
        "address": address,
        "key_id": None if key is None else key.subject_id,
        "key_hash": key_hash,
        "name": key.name if key is not None else user.name if user is not None else "",
        "user_id": None if user is None else user.user_id,
        "issuer": None if user is None else user.issuer,
        "subject": None if user is None else user.subject,
        "role": None if user is None else user.role,
        "claims": dumps({} if user is None else dict(user.claims)),
    }
    await connection.execute(QUERIES["drop_old_sessions"], {"workspace_id": workspace_id, "most": _MOST_DROPPED})
    ((is_valid,),) = await fetch(connection, "insert_session", **values)
    if not is_valid:
        raise UnknownObject("the API key has another token by now")
    subject = {"workspace_id": workspace_id, "subject_id": values["key_id"] or values["user_id"]}
    await connection.execute(QUERIES["end_surplus_sessions"], subject | {"most": MOST})
    await connection.execute(QUERIES["drop_surplus_sessions"], subject | {"most": _MOST_LISTED})
    return id_, token


async def revoke_by_hash(connection: Session, token_hash: bytes) -> EndedSession | None:
    """Revoke the session with this hash and return it, None where there is none; `SessionStore.forget` it after."""
    row = await fetch_one(connection, "revoke_session_by_hash", token_hash=token_hash)
    return None if row is None else EndedSession(*row)


async def revoke_session(connection: Session, *, workspace_id: UUID, session_id: UUID) -> None:
    """Revoke a session, for good; call `SessionStore.forget_all` after the commit.

    Raises:
        UnknownObject: the workspace has no such session.
    """
    if await fetch_one(connection, "revoke_session", workspace_id=workspace_id, id=session_id) is None:
        raise UnknownObject(f"there is no session {session_id}", field="id")


class SessionStore:
    """The sessions, with a cache of principals.

    Args:
        database: where the sessions are.
        offered: by an issuer, the roles that the providers at which people sign in may give. A session of another one
            has ended: its provider, or the role, has been taken out of the settings.
        clock: seconds that never go back.
    """

    def __init__(
        self,
        database: Reads,
        offered: Mapping[str, Collection[str]] = MappingProxyType({}),
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._database = database
        self._offered = offered
        self._clock = clock
        self._known: OrderedDict[bytes, _Known] = OrderedDict()
        # Apart, so that a flood of made-up cookies drives out no session.
        self._refused: OrderedDict[bytes, _Refused] = OrderedDict()
        self._look_ups: WeakValueDictionary[bytes, asyncio.Lock] = WeakValueDictionary()
        self._forgotten = 0
        self._used: set[UUID] = set()
        self._noted: OrderedDict[UUID, float] = OrderedDict()

    def knows(self, token_hash: bytes) -> bool:
        """Return whether a cookie has been looked up within the last moments, whatever the answer was."""
        refused = self._refused.get(token_hash)
        return token_hash in self._known or (refused is not None and self._clock() - refused.checked_at < FRESH_FOR)

    def has_had(self, token_hash: bytes) -> bool:
        """Return whether a cookie that has been looked up is that of a session, also of one that has ended."""
        refused = self._refused.get(token_hash)
        return token_hash in self._known or (refused is not None and refused.has_ended)

    def find_fresh(self, token_hash: bytes) -> Principal | None:
        """Return the principal of the session with this hash, if a fresh cache entry has it."""
        known = self._known.get(token_hash)
        if known is None or self._clock() - known.checked_at >= FRESH_FOR:
            return None
        expires_at = known.principal.expires_at
        return known.principal if expires_at is None or time.time() < expires_at else None

    async def look_up(self, token_hash: bytes) -> Principal | None:
        """Return the principal of the session with this hash; None where there is no valid one."""
        async with self._look_ups.setdefault(token_hash, asyncio.Lock()):
            if principal := self.find_fresh(token_hash):
                return principal
            if self.knows(token_hash) and token_hash in self._refused:
                return None
            return (await self.refresh((token_hash,))).get(token_hash)

    async def refresh(self, token_hashes: Collection[bytes]) -> Mapping[bytes, Principal]:
        """Return the principals of the valid sessions among these, looked up in one statement, and keep them."""
        now, forgotten = self._clock(), self._forgotten
        rows = await self._database.read(*_BY_HASHES.bind(hashes=[one.hex() for one in token_hashes]), share=None)
        found = {bytes.fromhex((row[0] or b"").decode()): row for row in rows}
        known = {one: self._note(one, found.get(one), now, forgotten) for one in token_hashes}
        return {token_hash: principal for token_hash, principal in known.items() if principal is not None}

    def note_use(self, session_id: UUID) -> None:
        """Have the use of a session written soon, for each at most once a minute."""
        now = self._clock()
        noted_at = self._noted.get(session_id)
        if noted_at is None or now - noted_at >= _NOTED_EACH:
            keep(self._noted, session_id, now, LIMIT)
            self._used.add(session_id)

    async def note_uses(self) -> None:
        """Write the uses since the last call."""
        used, self._used = self._used, set()
        if used:
            async with self._database.session() as connection, connection.transaction():
                await connection.execute(QUERIES["note_session_uses"], {"ids": list(used)})

    async def revoke_own(self, token_hash: bytes) -> EndedSession | None:
        """Revoke the session with this hash and return it; None where there is none: its person signs out."""
        async with self._database.session() as connection, connection.transaction():
            ended = await revoke_by_hash(connection, token_hash)
        self.forget(token_hash)
        return ended

    def forget(self, token_hash: bytes) -> None:
        """Have one session looked up at its next use."""
        self._forgotten += 1
        self._known.pop(token_hash, None)

    def forget_all(self) -> None:
        """Have each session looked up at its next use."""
        self._forgotten += 1
        self._known.clear()

    def _note(self, token_hash: bytes, row: Row | None, now: float, forgotten: int) -> Principal | None:
        """Keep the answer of a look-up that began at `now`, when `forgotten` times were counted, and return it."""
        before = self._known.pop(token_hash, None)
        if row is None or row[14] != b"t" or not self._is_offered(row):
            keep(self._refused, token_hash, _Refused(row is not None, now), LIMIT)
            return None
        principal = keep_instance(None if before is None else before.principal, _read_principal(row))
        # A session that was forgotten during the look-up may have been read before its revocation.
        if forgotten == self._forgotten:
            self._refused.pop(token_hash, None)
            keep(self._known, token_hash, _Known(principal, now), LIMIT)
        return principal

    def _is_offered(self, row: Row) -> bool:
        """Return whether a session is of a key, or of a user whose provider may still give the role."""
        issuer, role = row[12], row[6]
        return issuer is None or (role or b"").decode() in self._offered.get(issuer.decode(), ())


def _read_principal(row: Row) -> Principal:
    is_key = row[1] == b"t"
    subject_id, rate_key, name, workspace_id, role = ((value or b"").decode() for value in row[2:7])
    networks = (row[8] or b"").decode()
    return Principal(
        kind=SubjectKind.API_KEY if is_key else SubjectKind.USER,
        subject_id=UUID(subject_id),
        rate_key=UUID(rate_key),
        name=name,
        workspace_id=UUID(workspace_id),
        role=UUID(role) if is_key else role,
        claims=loads(row[7] or b"{}"),
        networks=tuple(map(read_network, networks.split(","))) if networks else (),
        expires_at=float(row[9] or 0),
        key_prefix=None if row[11] is None else row[11].decode(),
        session_id=UUID((row[10] or b"").decode()),
        by_old_token=row[13] == b"t",
    )
