"""A real pgbouncer in transaction mode, in front of a database."""

import contextlib
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

from psycopg.conninfo import conninfo_to_dict, make_conninfo

from tests.ports import free_port

SERVER_CONNECTIONS = 3
"""Fewer than Fieldstone opens, so that its transactions take turns on them."""


@contextlib.contextmanager
def pgbouncer(dsn: str, folder: Path) -> Iterator[str]:
    """Run a pgbouncer in front of the database, and yield its address."""
    port = free_port()
    target = {key: str(value) for key, value in conninfo_to_dict(dsn).items()}
    database = target.pop("dbname")
    config = folder / "pgbouncer.ini"
    config.write_text(
        f"[databases]\n{database} = {make_conninfo('', **target, dbname=database)}\n"
        "[pgbouncer]\n"
        f"listen_addr = 127.0.0.1\nlisten_port = {port}\nunix_socket_dir =\n"
        f"auth_type = any\npool_mode = transaction\ndefault_pool_size = {SERVER_CONNECTIONS}\n"
    )
    program = shutil.which("pgbouncer", path=f"{os.environ['PATH']}:/usr/sbin")
    assert program, "pgbouncer is not installed"
    # It refuses to run as root, and its user has to reach the server's socket.
    other = ("-u", Path(target["host"]).owner()) if os.geteuid() == 0 else ()
    with (folder / "pgbouncer.log").open("wb") as log:
        process = subprocess.Popen([program, *other, str(config)], stdout=log, stderr=log)
    try:
        while not answers(port):
            assert process.poll() is None, (folder / "pgbouncer.log").read_text()
            time.sleep(0.02)
        yield f"postgresql://{target['user']}@127.0.0.1:{port}/{database}"
    finally:
        process.terminate()
        process.wait(timeout=30)


def answers(port: int) -> bool:
    """Return whether a program listens on a port of this host."""
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
        return True
    return False
