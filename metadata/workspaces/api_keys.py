"""API keys: their creation, list and revocation, and the hash of a token."""

import re
import secrets
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any, Final
from uuid import UUID

from fieldstone.metadata.catalog.queries import QUERIES, fetch, fetch_one
from fieldstone.metadata.catalog.sessions import Session
from fieldstone.metadata.errors import InvalidChange, UnknownObject
from fieldstone.metadata.ids import new_id
from fieldstone.metadata.json_text import JsonValue, dumps, loads
from fieldstone.metadata.roles.binding import Binding
from fieldstone.metadata.roles.networks import read_network
from fieldstone.metadata.roles.role import ADMIN, RoleReference
from fieldstone.metadata.scalars import shown
from fieldstone.metadata.shown_text import find_problem
from fieldstone.metadata.workspaces.lifetimes import LONGEST_OVERLAP
from fieldstone.metadata.writer.lock_waits import wait_for_gate
from fieldstone.sql.frozen import frozen
from fieldstone.sql.queries import read_row

TOKEN_PREFIX: Final = "fs_"  # noqa: S105 - the prefix of every token

_TOKEN = re.compile(r"fs_[A-Za-z0-9_-]{43}", re.ASCII)
_RANDOM_BYTES = 32
_SHOWN = 8
"""Characters of a token that are kept, by which people tell keys apart: five random ones are no help to a guess."""
_MOST_NETWORKS = 100


@frozen
class ApiKey:
    """A key as it is kept; times have an offset, None where there is no such time.

    Attributes:
        last_used_at: to the minute.
        networks: those that it may be used from; all if there are none.
        role: its role's name; None where the role of a revoked or expired key has been deleted.
    """

    id: UUID
    workspace_id: UUID
    name: str
    role: str | None
    created_at: datetime
    expires_at: datetime | None = None
    revoked_at: datetime | None = None
    last_used_at: datetime | None = None
    networks: tuple[str, ...] = ()


@frozen
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
    networks: Sequence[str] = (),
    maker_id: UUID | None = None,
    root_id: UUID | None = None,
) -> NewApiKey:
    """Insert a key; commit it before the token is shown.

    Args:
        connection: in a transaction.
        workspace_id: whose records it is for.
        name: the purpose of the key.
        expires_at: when it ends; never if None.
        role: its rights.
        claims: the values that the rules of its role may name; none if None.
        networks: those that it may be used from, in CIDR form; all if there are none.
        maker_id: the key that asks for it; None on the command line, and if it is a user that asks.
        root_id: has the same rate limit as the key, where no key asks for it.

    Raises:
        InvalidChange: the name is blank, the expiry is not in the future, a network is none, there is no such role, or
            the maker has been revoked.
        ModelBusy: another session holds the gate of the workspace for too long.
    """
    if not name.strip():
        raise InvalidChange("name must not be blank: it states the purpose of the key", field="name")
    if reason := find_problem(name):
        raise InvalidChange(f"name {reason}", field="name")
    if expires_at is not None and expires_at <= datetime.now(UTC):
        raise InvalidChange("expiresAt must be in the future", field="expiresAt")
    if maker_id is not None:
        root_id = await _root_of(connection, workspace_id, maker_id)
    await wait_for_gate(connection, workspace_id)
    token = _new_token()
    cursor = await connection.execute(
        QUERIES["insert_api_key"],
        {
            "id": new_id(),
            "workspace_id": workspace_id,
            "name": name,
            "token_hash": hash_token(token),
            "prefix": token[:_SHOWN],
            "role_id": role if isinstance(role, UUID) else await _role_id(connection, workspace_id, role),
            "claims": dumps(dict(claims or {})),
            "networks": _checked_networks(networks),
            "expires_at": expires_at,
            "maker_id": maker_id,
            "root_id": root_id,
        },
    )
    return NewApiKey(key=_build_key(await cursor.fetchone() or ()), token=token)


def _new_token() -> str:
    return TOKEN_PREFIX + secrets.token_urlsafe(_RANDOM_BYTES)


def _checked_networks(networks: Sequence[str]) -> list[str]:
    if len(networks) > _MOST_NETWORKS:
        raise InvalidChange(f"networks must have at most {_MOST_NETWORKS} entries", field="networks")
    try:
        return [str(read_network(network)) for network in networks]
    except ValueError:
        raise InvalidChange(
            "networks must be networks such as 203.0.113.0/24, without bits behind the prefix, or addresses",
            field="networks",
        ) from None


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
    row = await fetch_one(connection, "api_key_maker", workspace_id=workspace_id, id=maker_id)
    if row is None:
        raise InvalidChange("the key that asks for another one has been revoked")
    root_id: UUID = row[0]
    return root_id


async def list_keys(connection: Session, workspace_id: UUID) -> tuple[ApiKey, ...]:
    """Return the workspace's keys in the order in which they were made, revoked ones too."""
    return tuple(map(_build_key, await fetch(connection, "api_keys", workspace_id=workspace_id)))


async def revoke_key(connection: Session, *, workspace_id: UUID, key_id: UUID) -> ApiKey:
    """Revoke a key, for good; one that is revoked stays as it is. Call `KeyStore.note_changed` after the commit.

    Raises:
        UnknownObject: the workspace has no such key.
        ModelBusy: another session holds the gate of the workspace for too long.
    """
    await wait_for_gate(connection, workspace_id)
    row = await fetch_one(connection, "revoke_api_key", workspace_id=workspace_id, id=key_id)
    if row is None:
        raise UnknownObject(f"there is no API key {key_id}", field="id")
    return _build_key(row)


async def read_binding(connection: Session, *, workspace_id: UUID, key_id: UUID) -> Binding:
    """Return the role of a key and its claims.

    Raises:
        UnknownObject: the workspace has no such key.
    """
    rows = await fetch(connection, "api_key_binding", workspace_id=workspace_id, id=key_id)
    if not rows:
        raise UnknownObject(f"there is no API key {key_id}", field="id")
    role_id, claims = rows[0]
    return Binding(role_id=role_id, claims=loads(claims))


async def read_end(
    connection: Session, *, workspace_id: UUID, key_id: UUID, by_old_token: bool = False
) -> datetime | None:
    """Return when a key ends, or the token that it had before its last rotation; None if it never does."""
    values = {"workspace_id": workspace_id, "id": key_id, "by_old_token": by_old_token}
    row = await fetch_one(connection, "api_key_end", **values)
    return None if row is None else row[0]


async def rotate_key(connection: Session, *, workspace_id: UUID, key_id: UUID, overlap_seconds: int = 0) -> NewApiKey:
    """Give a key another token; call `KeyStore.note_changed` after the commit. Its sessions end with its old token.

    Args:
        connection: in a transaction.
        workspace_id: whose records the key is for.
        key_id: its id.
        overlap_seconds: for as long the token that it had is valid too; the one before that ends at once.

    Raises:
        InvalidChange: the overlap is out of its bounds.
        UnknownObject: the workspace has no such key that is valid.
        ModelBusy: another session holds the gate of the workspace for too long.
    """
    if not 0 <= overlap_seconds <= LONGEST_OVERLAP:
        raise InvalidChange(f"overlapSeconds must be from 0 to {LONGEST_OVERLAP}", field="overlapSeconds")
    await wait_for_gate(connection, workspace_id)
    token = _new_token()
    values = {
        "workspace_id": workspace_id,
        "id": key_id,
        "token_hash": hash_token(token),
        "prefix": token[:_SHOWN],
        "overlap": overlap_seconds,
    }
    row = await fetch_one(connection, "rotate_api_key", **values)
    if row is None:
        raise UnknownObject(f"there is no valid API key {key_id}", field="id")
    await connection.execute(QUERIES["end_sessions_of_key"], values)
    return NewApiKey(key=_build_key(row), token=token)


async def revoke_made(connection: Session, *, workspace_id: UUID, key_id: UUID) -> list[UUID]:
    """Revoke the keys that a revoked key has made, and those that these have made; return those that were valid."""
    return await _revoke_all(connection, "revoke_made_keys", workspace_id, key_id)


async def revoke_keys_of_user(connection: Session, *, workspace_id: UUID, user_id: UUID) -> list[UUID]:
    """Revoke the keys that a user has made, and those that these have made; return those that were valid.

    Call `KeyStore.note_changed` after the commit.
    """
    return await _revoke_all(connection, "revoke_keys_of_root", workspace_id, user_id)


async def _revoke_all(connection: Session, query: str, workspace_id: UUID, id_: UUID) -> list[UUID]:
    revoked: list[UUID] = []
    await wait_for_gate(connection, workspace_id)
    while True:
        rows = await fetch(connection, query, workspace_id=workspace_id, id=id_)
        if not rows:
            return revoked
        # One of these may have made another while its revocation waited for that: look again.
        revoked += [found for (found,) in rows]


def _build_key(row: Sequence[Any]) -> ApiKey:
    values = read_row(ApiKey, row)
    return ApiKey(**{**values, "networks": tuple(values["networks"])})
