"""API keys: their creation, list and revocation, and the hash of a token."""

import re
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any, Final
from uuid import UUID

from fieldstone.metadata.catalog.queries import QUERIES, fetch
from fieldstone.metadata.catalog.sessions import Session
from fieldstone.metadata.errors import InvalidChange, UnknownObject
from fieldstone.metadata.ids import new_id
from fieldstone.metadata.json_text import JsonValue, dumps
from fieldstone.metadata.roles.role import ADMIN, RoleReference
from fieldstone.metadata.scalars import shown
from fieldstone.metadata.shown_text import find_problem
from fieldstone.sql.queries import read_row

TOKEN_PREFIX: Final = "fs_"  # noqa: S105 - the prefix of every token

_TOKEN = re.compile(r"fs_[A-Za-z0-9_-]{43}", re.ASCII)
_RANDOM_BYTES = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiKey:
    """A key as it is kept; times have an offset, None where there is no such time.

    Attributes:
        role: its role's name; None where the role of a revoked or expired key has been deleted.
    """

    id: UUID
    workspace_id: UUID
    name: str
    role: str | None
    created_at: datetime
    expires_at: datetime | None = None
    revoked_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NewApiKey:
    """A key just made, with its token, which is not kept."""

    key: ApiKey
    token: str


def hash_token(token: str) -> bytes | None:
    """Return the hash under which a token's key is stored; None for a text that is no token."""
    return sha256(token.encode()).digest() if _TOKEN.fullmatch(token) else None


async def create_key(
    connection: Session,
    *,
    workspace_id: UUID,
    name: str,
    expires_at: datetime | None = None,
    role: RoleReference = ADMIN,
    claims: Mapping[str, JsonValue] | None = None,
    maker_id: UUID | None = None,
) -> NewApiKey:
    """Insert a key; commit it before the token is shown.

    Args:
        connection: in a transaction.
        workspace_id: whose records it is for.
        name: the purpose of the key.
        expires_at: when it ends; never if None.
        role: its rights.
        claims: the values that the rules of its role may name; none if None.
        maker_id: the key that asks for it; None on the command line.

    Raises:
        InvalidChange: the name is blank, the expiry is not in the future, there is no such role, or the maker has been
            revoked.
    """
    if not name.strip():
        raise InvalidChange("name must not be blank: it states the purpose of the key", field="name")
    if reason := find_problem(name):
        raise InvalidChange(f"name {reason}", field="name")
    if expires_at is not None and expires_at <= datetime.now(UTC):
        raise InvalidChange("expiresAt must be in the future", field="expiresAt")
    root_id = None if maker_id is None else await _root_of(connection, workspace_id, maker_id)
    token = TOKEN_PREFIX + secrets.token_urlsafe(_RANDOM_BYTES)
    cursor = await connection.execute(
        QUERIES["insert_api_key"],
        {
            "id": new_id(),
            "workspace_id": workspace_id,
            "name": name,
            "token_hash": hash_token(token),
            "role_id": role if isinstance(role, UUID) else await _role_id(connection, workspace_id, role),
            "claims": dumps(dict(claims or {})),
            "expires_at": expires_at,
            "maker_id": maker_id,
            "root_id": root_id,
        },
    )
    return NewApiKey(key=_build_key(await cursor.fetchone() or ()), token=token)


async def _role_id(connection: Session, workspace_id: UUID, name: str) -> UUID:
    """Return the id of the workspace's role of this name.

    Raises:
        InvalidChange: there is none.
    """
    found = await fetch(connection, "role_by_name", workspace_id=workspace_id, name=name)
    if not found:
        known = ", ".join(name for (name,) in await fetch(connection, "role_names", workspace_id=workspace_id))
        raise InvalidChange(f"there is no role {shown(name)}; the workspace has {known}", field="role")
    id_: UUID = found[0][0]
    return id_


async def _root_of(connection: Session, workspace_id: UUID, maker_id: UUID) -> UUID:
    cursor = await connection.execute(QUERIES["api_key_maker"], {"workspace_id": workspace_id, "id": maker_id})
    row = await cursor.fetchone()
    if row is None:
        raise InvalidChange("the key that asks for another one has been revoked")
    root_id: UUID = row[0]
    return root_id


async def list_keys(connection: Session, workspace_id: UUID) -> tuple[ApiKey, ...]:
    """Return the workspace's keys in the order in which they were made, revoked ones too."""
    return tuple(map(_build_key, await fetch(connection, "api_keys", workspace_id=workspace_id)))


async def revoke_key(connection: Session, *, workspace_id: UUID, key_id: UUID) -> ApiKey:
    """Revoke a key, for good; one that is revoked stays as it is. Call `KeyStore.note_revoked` after the commit.

    Raises:
        UnknownObject: the workspace has no such key.
    """
    cursor = await connection.execute(QUERIES["revoke_api_key"], {"workspace_id": workspace_id, "id": key_id})
    row = await cursor.fetchone()
    if row is None:
        raise UnknownObject(f"there is no API key {key_id}", field="id")
    return _build_key(row)


async def revoke_made(connection: Session, *, workspace_id: UUID, key_id: UUID) -> list[UUID]:
    """Revoke the keys that a revoked key has made, and those that these have made; return those that were valid."""
    revoked: list[UUID] = []
    while True:
        rows = await fetch(connection, "revoke_made_keys", workspace_id=workspace_id, id=key_id)
        if not rows:
            return revoked
        # One of these may have made another while its revocation waited for that: look again.
        revoked += [id_ for (id_,) in rows]


def _build_key(row: Sequence[Any]) -> ApiKey:
    values = read_row(ApiKey, row)
    return ApiKey(**values)
