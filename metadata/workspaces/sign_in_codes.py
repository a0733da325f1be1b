"""Codes that begin one session of a key, once: for the link that a development server prints."""

import secrets
from hashlib import sha256
from typing import Final
from uuid import UUID

from fieldstone.metadata.catalog.queries import QUERIES, fetch_one
from fieldstone.metadata.catalog.sessions import SessionSource

LIFE: Final = 3_600
"""Seconds for which a code is valid."""

_RANDOM_BYTES = 24


async def create_code(sessions: SessionSource, *, workspace_id: UUID, key_id: UUID) -> str:
    """Return a new code for a key, of which only a hash is kept."""
    code = secrets.token_urlsafe(_RANDOM_BYTES)
    values = {"hash": _hash(code), "workspace_id": workspace_id, "key_id": key_id, "seconds": LIFE}
    async with sessions.session() as connection, connection.transaction():
        await connection.execute(QUERIES["drop_sign_in_codes"])
        await connection.execute(QUERIES["insert_sign_in_code"], values)
    return code


async def take_code(sessions: SessionSource, code: str) -> bytes | None:
    """Use a code up, and return the hash of its key's token; None where it is used, expired or made up."""
    async with sessions.session() as connection, connection.transaction():
        row = await fetch_one(connection, "take_sign_in_code", hash=_hash(code))
    found: bytes | None = None if row is None else row[0]
    return found


def _hash(code: str) -> bytes:
    return sha256(f"code {code}".encode("utf-8", "replace")).digest()
