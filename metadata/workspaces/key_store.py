"""The cache of API keys: a token is looked up now and then, and a changed key is dropped within a second."""

import asyncio
import math
import time
from collections import OrderedDict, defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Final
from uuid import UUID
from weakref import WeakValueDictionary

from fieldstone.metadata.catalog.audit import COMMAND, AuditAction, AuditEntry, Author, note
from fieldstone.metadata.catalog.queries import QUERIES, catalog_statement
from fieldstone.metadata.catalog.sessions import Reads
from fieldstone.metadata.json_text import JsonValue, loads
from fieldstone.metadata.roles.networks import read_network
from fieldstone.metadata.roles.principal import Principal, keep_instance
from fieldstone.metadata.roles.role import ADMIN
from fieldstone.metadata.workspaces.api_keys import (
    ApiKey,
    NewApiKey,
    create_key,
    hash_token,
    list_keys,
    revoke_key,
    revoke_made,
    rotate_key,
)
from fieldstone.sql.concurrency.newest import keep
from fieldstone.sql.concurrency.signal import Signal
from fieldstone.sql.frozen import frozen
from fieldstone.sql.statement import Row

_BY_HASHES = catalog_statement("api_keys_by_hashes")

FRESH_FOR: Final = 1.0
"""Seconds for which a look-up or a look for changed keys holds: a key revoked elsewhere may work that long here."""
KEPT_FOR: Final = 30.0
"""Seconds after which a key that no change was seen of is looked up again, so that its use is noted."""

LIMIT: Final = 50_000
"""Cache entries of each kind: keys and refusals."""


@frozen
class _Known:
    principal: Principal
    expires_at: float | None
    checked_at: float

    @property
    def answer(self) -> Principal | None:
        """The principal until the key expires."""
        return self.principal if self.expires_at is None or time.time() < self.expires_at else None


class KeyStore:
    """API keys, with a cache of principals by token.

    Args:
        database: where the keys are.
        clock: seconds that never go back.
        limit: cache entries of each kind.

    Attributes:
        changed: called with each key that was revoked or rotated here.
        dropped: called when cache entries are dropped because their keys were changed, here or elsewhere.
    """

    def __init__(self, database: Reads, *, clock: Callable[[], float] = time.monotonic, limit: int = LIMIT) -> None:
        self.changed: Signal[[UUID]] = Signal()
        self.dropped: Signal[[]] = Signal()
        self._database = database
        self._clock = clock
        self._limit = limit
        self._keys: OrderedDict[bytes, _Known] = OrderedDict()
        # A rotated key has two tokens for a while.
        self._hashes: defaultdict[UUID, set[bytes]] = defaultdict(set)
        self._used: set[UUID] = set()
        # Apart, so that a flood of made-up tokens drives out no key.
        self._refused: OrderedDict[bytes, float] = OrderedDict()
        self._look_ups: WeakValueDictionary[bytes, asyncio.Lock] = WeakValueDictionary()
        self._forgotten: int = 0
        # Of the keys that were looked up at the one time or later, all changes before the other are known.
        self._covered_from = math.inf
        self._confirmed_at = -math.inf

    async def create(
        self,
        workspace_id: UUID,
        name: str,
        *,
        expires_at: datetime | None = None,
        role: str = ADMIN,
        networks: Sequence[str] = (),
        claims: Mapping[str, JsonValue] | None = None,
    ) -> NewApiKey:
        """Create a key and commit it.

        Raises:
            InvalidChange: the name is blank, the expiry is not in the future, a network is none, or there is no such
                role.
        """
        async with self._database.session() as connection, connection.transaction():
            made = await create_key(
                connection,
                workspace_id=workspace_id,
                name=name,
                expires_at=expires_at,
                role=role,
                claims=claims,
                networks=networks,
            )
            await note(connection, _act(AuditAction.API_KEY_CREATED, made.key))
            return made

    async def rotate(self, workspace_id: UUID, key_id: UUID, *, overlap_seconds: int = 0) -> NewApiKey:
        """Give a key another token; the one that it had is valid for `overlap_seconds` more.

        Raises:
            InvalidChange: the overlap is out of its bounds.
            UnknownObject: the workspace has no such key that is valid.
        """
        async with self._database.session() as connection, connection.transaction():
            rotated = await rotate_key(
                connection, workspace_id=workspace_id, key_id=key_id, overlap_seconds=overlap_seconds
            )
            await note(connection, _act(AuditAction.API_KEY_ROTATED, rotated.key, overlapSeconds=overlap_seconds))
        self.note_changed([key_id])
        return rotated

    async def list(self, workspace_id: UUID) -> tuple[ApiKey, ...]:
        """Return the workspace's keys in the order in which they were made, revoked ones too."""
        async with self._database.session() as connection, connection.transaction():
            return await list_keys(connection, workspace_id)

    async def revoke(self, workspace_id: UUID, key_id: UUID, *, with_made: bool = False) -> ApiKey:
        """Revoke a key, with effect at once here and within a second in other processes.

        Args:
            workspace_id: whose key it is.
            key_id: its id.
            with_made: also revoke the keys that it has made, and those made by these.

        Raises:
            UnknownObject: the workspace has no such key.
        """
        made: Sequence[UUID] = ()
        async with self._database.session() as connection, connection.transaction():
            revoked = await revoke_key(connection, workspace_id=workspace_id, key_id=key_id)
            if with_made:
                made = await revoke_made(connection, workspace_id=workspace_id, key_id=key_id)
            await note(connection, _act(AuditAction.API_KEY_REVOKED, revoked, withMade=with_made))
        self.note_changed([key_id, *made])
        return revoked

    def note_changed(self, key_ids: Iterable[UUID]) -> None:
        """Forget keys and tell the listeners of each; call it when their revocation or rotation has been committed."""
        for key_id in key_ids:
            self.forget(key_id)
            self.changed(key_id)

    def forget(self, key_id: UUID) -> None:
        """Drop the key's cache entry: its next use looks it up again."""
        self._forgotten += 1
        dropped = self._hashes.pop(key_id, ())
        for token_hash in dropped:
            self._keys.pop(token_hash, None)
        if dropped:
            self.dropped()

    async def authenticate(self, token: str) -> Principal | None:
        """Return the principal of a token; None if the token has no valid key."""
        token_hash = hash_token(token)
        return None if token_hash is None else self.find_fresh(token_hash) or await self.look_up(token_hash)

    def find_fresh(self, token_hash: bytes) -> Principal | None:
        """Return the principal of the token with this hash, if a fresh cache entry has it.

        It does not count as a use: a key in use is looked up at least every `KEPT_FOR` seconds.
        """
        known = self._keys.get(token_hash)
        return None if known is None or not self._is_fresh(known, self._clock()) else known.answer

    def knows(self, token_hash: bytes) -> bool:
        """Return whether a request with this token adds no look-up: an answer is there, be it old, or on its way."""
        return token_hash in self._keys or token_hash in self._look_ups or self._find_answer(token_hash)[0]

    def now(self) -> float:
        """Return the seconds of the clock."""
        return self._clock()

    def confirm(self, changed: Iterable[UUID], begun: float) -> None:
        """Drop keys that were changed, and take all others for unchanged since the look before.

        Args:
            changed: the keys that a look for changes has found: at least those that were changed since the look before.
            begun: when it began.
        """
        for key_id in changed:
            self.forget(key_id)
        self._covered_from = min(self._covered_from, begun)
        self._confirmed_at = begun

    def doubt(self) -> None:
        """Look each key up again a second after its last look-up: changes may have been missed."""
        self._covered_from = math.inf

    def _is_fresh(self, known: _Known, now: float) -> bool:
        age = now - known.checked_at
        return age < FRESH_FOR or (
            age < KEPT_FOR and known.checked_at >= self._covered_from and now - self._confirmed_at < FRESH_FOR
        )

    async def look_up(self, token_hash: bytes) -> Principal | None:
        """Return the principal of the token with this hash; None if the token has no valid key."""
        one_at_a_time = self._look_ups.setdefault(token_hash, asyncio.Lock())
        async with one_at_a_time:
            is_known, principal = self._find_answer(token_hash)
            if is_known:
                return principal
            return (await self.refresh((token_hash,))).get(token_hash)

    async def refresh(self, token_hashes: Collection[bytes]) -> Mapping[bytes, Principal]:
        """Return the principals of the valid keys among these, looked up in one statement, and keep them."""
        now, forgotten = self._clock(), self._forgotten
        rows = await self._database.read(*_BY_HASHES.bind(hashes=[one.hex() for one in token_hashes]), share=None)
        found = {bytes.fromhex((row[0] or b"").decode()): row for row in rows}
        known = {one: self._note(one, found.get(one), now, forgotten) for one in token_hashes}
        return {token_hash: principal for token_hash, principal in known.items() if principal is not None}

    async def note_uses(self) -> None:
        """Write when the keys that were looked up since the last call were used, for each at most once a minute."""
        used, self._used = self._used, set()
        if used:
            async with self._database.session() as connection, connection.transaction():
                await connection.execute(QUERIES["note_key_uses"], {"ids": list(used)})

    def _find_answer(self, token_hash: bytes) -> tuple[bool, Principal | None]:
        """Return whether there is a fresh answer, and the answer."""
        now = self._clock()
        if known := self._keys.get(token_hash):
            return (True, known.answer) if self._is_fresh(known, now) else (False, None)
        refused_at = self._refused.get(token_hash)
        return refused_at is not None and now - refused_at < FRESH_FOR, None

    def _note(self, token_hash: bytes, row: Row | None, now: float, forgotten: int) -> Principal | None:
        """Keep the answer of a look-up that began at `now`, when `forgotten` keys had been dropped, and return it."""
        if row is None:
            if known := self._keys.pop(token_hash, None):
                self._drop_hash(known, token_hash)
            keep(self._refused, token_hash, now, self._limit)
            return None
        known, is_use_due = _read_known(row, now, self._keys.get(token_hash))
        if is_use_due:
            self._used.add(known.principal.subject_id)
        # A key dropped during the look-up may be this one, read before its revocation.
        if forgotten == self._forgotten:
            self._refused.pop(token_hash, None)
            self._hashes[known.principal.subject_id].add(token_hash)
            for hash_, oldest in keep(self._keys, token_hash, known, self._limit):
                self._drop_hash(oldest, hash_)
        return known.answer

    def _drop_hash(self, known: _Known, token_hash: bytes) -> None:
        hashes = self._hashes[known.principal.subject_id]
        hashes.discard(token_hash)
        if not hashes:
            del self._hashes[known.principal.subject_id]


def _act(action: AuditAction, key: ApiKey, **details: JsonValue) -> AuditEntry:
    """Return the act of a command on a key: the Metadata API notes its own."""
    return AuditEntry(
        workspace_id=key.workspace_id,
        action=action,
        author=Author(kind=COMMAND, name="fieldstone"),
        subject_id=key.id,
        subject_name=key.name,
        details=details,
    )


def _read_known(row: Row, now: float, before: _Known | None) -> tuple[_Known, bool]:
    """Return a row's key, and whether its use is to be noted."""
    id_, workspace_id, name, role_id = ((value or b"").decode() for value in row[1:5])
    networks = (row[8] or b"").decode()
    principal = Principal(
        subject_id=UUID(id_),
        rate_key=UUID((row[6] or b"").decode()),
        name=name,
        workspace_id=UUID(workspace_id),
        role=UUID(role_id),
        claims=loads(row[7] or b"{}"),
        networks=tuple(map(read_network, networks.split(","))) if networks else (),
        key_prefix=None if row[10] is None else row[10].decode(),
        by_old_token=row[11] == b"t",
    )
    known = _Known(
        principal=keep_instance(None if before is None else before.principal, principal),
        expires_at=None if row[5] is None else float(row[5]),
        checked_at=now,
    )
    return known, row[9] == b"t"
