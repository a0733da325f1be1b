"""A key for one start of a development server, gone when it ends."""

import os
import re
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from fieldstone.engine.server.foundation import Foundation
from fieldstone.engine.server.log_lines import Log
from fieldstone.metadata.workspaces.sign_in_codes import create_code
from fieldstone.sql.errors import SqlError

_LIFE = timedelta(days=7)
"""For the key of a server that was killed on another machine, and could not revoke it."""

_NAME = re.compile(r"development server: process (\d+) of (.+)")


class DevelopmentKey(NamedTuple):
    """The key of a development server: its token, and a code by which a browser signs in with it once.

    Without the console there is no code.
    """

    token: str
    code: str | None


@asynccontextmanager
async def development_key(
    foundation: Foundation, log: Log, *, has_console: bool, server: int | None = None
) -> AsyncIterator[DevelopmentKey]:
    """Yield a new key of the workspace `default`, which is revoked at the end of the block.

    Those that killed servers of this machine have left are revoked first.

    Args:
        foundation: where keys are made.
        log: told of a key that was not revoked.
        has_console: whether there is a console to sign in to.
        server: the process id of the server; by default that of this process.
    """
    process = os.getpid() if server is None else server
    workspace_id = foundation.default.workspace.id
    await revoke_left_keys(foundation, log, server=process)
    name = f"development server: process {process} of {socket.gethostname()}"
    made = await foundation.keys.create(workspace_id, name, expires_at=datetime.now(UTC) + _LIFE)
    try:
        yield DevelopmentKey(
            made.token,
            await create_code(foundation.database, workspace_id=workspace_id, key_id=made.key.id)
            if has_console
            else None,
        )
    finally:
        await _revoke(foundation, log, workspace_id, made.key.id)


async def revoke_left_keys(foundation: Foundation, log: Log, *, server: int) -> None:
    """Revoke the keys of the servers of this machine that have ended, and of the one with this process id."""
    workspace_id = foundation.default.workspace.id
    for key in await foundation.keys.list(workspace_id):
        if key.revoked_at is None and _is_left(key.name, server):
            await _revoke(foundation, log, workspace_id, key.id)


async def _revoke(foundation: Foundation, log: Log, workspace_id: UUID, key_id: UUID) -> None:
    try:
        await foundation.keys.revoke(workspace_id, key_id)
    except SqlError as error:
        log.warning("the key of a development server was not revoked", reason=str(error))


def _is_left(name: str, own: int) -> bool:
    """Return whether a key is that of a server of this machine that does not run any more."""
    named = _NAME.fullmatch(name)
    if named is None or named[2] != socket.gethostname():
        return False
    process = int(named[1])
    # The first process of each container has the number 1.
    return process == own or not _runs(process)


def _runs(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except (PermissionError, OverflowError):
        return True
    return True
