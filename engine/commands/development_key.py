"""A key for one start of a development server, gone when it ends."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

from engine.observe import Log
from engine.services import Foundation
from sql.errors import SqlError

_LIFE = timedelta(days=7)
"""For the key of a server that was killed, and could not revoke it."""


@asynccontextmanager
async def development_key(foundation: Foundation, log: Log) -> AsyncIterator[str]:
    """Yield the token of a new key of the workspace `default`, which is revoked at the end of the block."""
    workspace_id = foundation.default.workspace.id
    made = await foundation.keys.create(workspace_id, "development server", expires_at=datetime.now(UTC) + _LIFE)
    try:
        yield made.token
    finally:
        try:
            await foundation.keys.revoke(workspace_id, made.key.id)
        except SqlError as error:
            log.warning("the key of this start was not revoked", reason=str(error))
