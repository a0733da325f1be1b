"""A primary with standbys that stream from it, all on this machine."""

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg

from fieldstone.sql import embedded
from fieldstone.sql.embedded.account import choose_account, spawn
from fieldstone.sql.embedded.binaries import find_programs
from fieldstone.sql.embedded.folder import DataFolder
from tests.databases import quick_place, remove_left_behind


@dataclass(frozen=True, slots=True, kw_only=True)
class Standby:
    """A standby, by the address of its database."""

    dsn: str
    server: embedded.EmbeddedServer

    def run(self, sql: str) -> list[tuple[object, ...]]:
        """Return the rows of a statement."""
        return run_sql(self.dsn, sql)

    def pause(self) -> None:
        """Have it receive the primary's WAL without replaying it."""
        self.run("SELECT pg_wal_replay_pause()")

    def resume(self) -> None:
        """Have it replay again."""
        self.run("SELECT pg_wal_replay_resume()")


def run_sql(dsn: str, sql: str) -> list[tuple[object, ...]]:
    """Return the rows of a statement, run by a superuser."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        cursor = connection.execute(sql.encode())
        return cursor.fetchall() if cursor.description else []


@contextmanager
def _open_folder(prefix: str) -> Iterator[Path]:
    """Yield a folder for a server, which any account may enter; those that killed sessions have left are removed."""
    remove_left_behind(quick_place(), f"{prefix}*")
    with tempfile.TemporaryDirectory(prefix=prefix, dir=quick_place()) as place:
        root = Path(place)
        root.chmod(0o755)
        yield root


@contextmanager
def running_primary() -> Iterator[embedded.EmbeddedServer]:
    """Yield a server of its own, which standbys can stream from."""
    with _open_folder("fieldstone-primary-") as root:
        server = embedded.start(root)
        try:
            yield server
        finally:
            embedded.stop(server)


@contextmanager
def running_standby(primary: embedded.EmbeddedServer, *, delay: int = 0) -> Iterator[Standby]:
    """Yield a standby of a primary, which replays each commit `delay` milliseconds later."""
    with _open_folder("fieldstone-standby-") as root:
        folder = DataFolder(root=root.resolve())
        account = choose_account(primary.folder.cluster)
        folder.cluster.mkdir(mode=0o700)
        if account.uid is not None and account.gid is not None:
            os.chown(folder.cluster, account.uid, account.gid)
        command: list[str | Path] = [find_programs(account, folder.root) / "pg_basebackup", "--pgdata", folder.cluster]
        command += ["--dbname", primary.dsn, "--write-recovery-conf", "--wal-method=stream", "--checkpoint=fast"]
        with tempfile.TemporaryFile() as output:
            code = spawn(account, command, directory=folder.root, output=output).wait()
            output.seek(0)
            assert code == 0, output.read().decode()
        if delay:
            with (folder.cluster / "postgresql.auto.conf").open("a") as settings:
                settings.write(f"recovery_min_apply_delay = {delay}\n")
        server = embedded.start(folder.root)
        try:
            yield Standby(dsn=server.dsn, server=server)
        finally:
            embedded.stop(server)
