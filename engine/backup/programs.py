"""`pg_dump` and `pg_restore` of the embedded PostgreSQL's package, which write the definitions of tables as SQL."""

import asyncio
import os
import re
from collections.abc import AsyncIterator, Collection, Mapping, Sequence
from pathlib import Path
from typing import Final

from psycopg.conninfo import conninfo_to_dict, make_conninfo

from fieldstone.engine.backup.errors import BackupRefused
from fieldstone.sql.embedded.binaries import find_client_program

NEWEST: Final = 18
"""The newest major version of a server that the package's `pg_dump` reads."""

_CHUNK: Final = 1 << 16
_LOCK_WAIT: Final = "10s"
_PLAIN: Final = ("--no-owner", "--no-privileges", "--no-tablespaces")
# The programs are newer than the oldest server, and psql's commands are none of the server's.
_UNKNOWN: Final = (b"SET transaction_timeout", b"\\restrict ", b"\\unrestrict ")
# A server of 15.20 sets this option of columns by itself; one of 18.6 does not know it.
_UNKNOWN_OPTION: Final = re.compile(rb"^ALTER TABLE ONLY .+ ALTER COLUMN .+ SET \(pg_attver=\d+\);$", re.MULTILINE)
_FIRST: Final = b"SELECT pg_catalog.set_config('search_path'"


async def dump_definitions(dsn: str, snapshot: str, schemas: Collection[str]) -> AsyncIterator[bytes]:
    """Yield an archive of `pg_dump` with the definitions in these schemas, as an exported snapshot has them.

    Raises:
        BackupRefused: `pg_dump` failed.
    """
    given = {name: str(value) for name, value in conninfo_to_dict(dsn).items() if value is not None}
    # `pg_dump` itself lifts the other limits of a session.
    given["options"] = f"{given.get('options', os.environ.get('PGOPTIONS', ''))} -c idle_session_timeout=0"
    # Arguments are visible to everybody on the machine.
    secret = {"PGPASSWORD": given.pop("password")} if "password" in given else {}
    options = [
        *("--format=custom", "--schema-only", "--no-password", f"--lock-wait-timeout={_LOCK_WAIT}", *_PLAIN),
        *(f"--snapshot={snapshot}", f"--dbname={make_conninfo('', **given)}"),
        *(f'--schema="{schema}"' for schema in schemas),
    ]
    async for chunk in _run("pg_dump", options, secret):
        yield chunk


async def write_definitions(archive: Path, schemas: Collection[str], section: str) -> bytes:
    """Return the SQL of schemas' `pre-data` (tables) or `post-data` (indexes and constraints) in such an archive.

    Raises:
        BackupRefused: `pg_restore` failed.
    """
    chosen = [f"--schema={schema}" for schema in schemas]
    options = ["--file=-", f"--section={section}", *chosen, *_PLAIN, str(archive)]
    script = b"".join([chunk async for chunk in _run("pg_restore", options, {})])
    head, first, rest = script.partition(_FIRST)
    body, _, last = rest.rstrip().rpartition(b"\n")
    if not last.startswith(_UNKNOWN):
        body = rest
    lines = [line for line in head.split(b"\n") if not line.startswith(_UNKNOWN)]
    return b"\n".join(lines) + first + _UNKNOWN_OPTION.sub(b"", body)


async def _run(program: str, options: Sequence[str], variables: Mapping[str, str]) -> AsyncIterator[bytes]:
    process = await asyncio.create_subprocess_exec(
        find_client_program(program),
        *options,
        env=os.environ | variables | {"LC_ALL": "C"},
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    assert process.stdout is not None  # noqa: S101 - asked for above
    assert process.stderr is not None  # noqa: S101
    said = asyncio.ensure_future(process.stderr.read())
    try:
        while chunk := await process.stdout.read(_CHUNK):
            yield chunk
        status = await process.wait()
        message = (await said).decode(errors="replace")
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
        await asyncio.wait([said])
    if status != 0:
        raise BackupRefused(f"{program} failed: {' '.join(message.split())}")
