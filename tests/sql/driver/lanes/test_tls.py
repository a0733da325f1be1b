"""Lanes over TLS, which libpq adds to the messages."""

import subprocess
from pathlib import Path

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from fieldstone.sql.driver import pace
from fieldstone.sql.errors import ValueOutOfRange
from tests.ports import free_port
from tests.sql.driver.lanes.asking import INTEGER, lanes, watch_messages
from tests.sql.driving import ECHO
from tests.sql.old_server import old_server
from tests.waiting import until_found

pytestmark = pytest.mark.system


async def test_reads_share_messages_over_tls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pace, "SHORT", 10**9)
    monkeypatch.setattr(pace, "LONGEST", 10**9)
    messages = watch_messages(monkeypatch)
    with old_server(free_port()) as dsn:
        async with await psycopg.AsyncConnection.connect(dsn, autocommit=True) as connection:
            ((folder, version),) = await (
                await connection.execute("SELECT current_setting('data_directory'), current_setting('server_version')")
            ).fetchall()
            assert version.startswith("15")
            _certify(Path(folder))
            await connection.execute("ALTER SYSTEM SET ssl = on")
            await connection.execute("SELECT pg_reload_conf()")
            await until_found(connection, "SELECT 1 WHERE current_setting('ssl') = 'on'")
        secured = make_conninfo(dsn, host="127.0.0.1", sslmode="require")
        async with lanes(secured, messages) as asking:
            assert all(connection.pgconn.ssl_in_use for connection in asking.database._pool._all)
            names = [b"%d" % number for number in range(10)]
            given = [*((ECHO, name) for name in names), (INTEGER, b"99999999999")]
            *answers, failed = await asking.outcomes(*given)
            assert answers == [[(name,)] for name in names]
            assert isinstance(failed, ValueOutOfRange)
            assert messages == [11]


def _certify(folder: Path) -> None:
    """Put a certificate and its key into a server's folder."""
    command = ["openssl", "req", "-new", "-x509", "-nodes", "-days", "2", "-subj", "/CN=localhost"]
    command += ["-out", str(folder / "server.crt"), "-keyout", str(folder / "server.key")]
    subprocess.run(command, check=True, capture_output=True)
    for name in ("server.crt", "server.key"):
        subprocess.run(["/bin/chown", folder.owner(), folder / name], check=True)
        (folder / name).chmod(0o600)
