"""A PostgreSQL 15 for the tests of the system."""

import contextlib
import os
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from psycopg.conninfo import make_conninfo

OLD = Path("/usr/lib/postgresql/15/bin")
"""PostgreSQL 15 as Debian's package postgresql-15 installs it."""


@contextlib.contextmanager
def old_server(port: int | None = None) -> Iterator[str]:
    """Yield the address of a PostgreSQL 15 of its own, which listens on this port of 127.0.0.1 too."""
    with tempfile.TemporaryDirectory(prefix="fieldstone-tests-15-") as folder:
        user: dict[str, Any] = {}
        if os.geteuid() == 0:
            user = {"user": "postgres", "group": "postgres", "extra_groups": []}
            subprocess.run(["/bin/chown", "postgres:postgres", folder], check=True)

        def run(program: str, *arguments: str) -> None:
            subprocess.run([OLD / program, *arguments], check=True, stdout=subprocess.DEVNULL, cwd=folder, **user)

        run("initdb", "-D", f"{folder}/data", "-A", "trust", "-U", "fieldstone", "-E", "UTF8", "--locale=C.UTF-8")
        network = "-c listen_addresses=''" if port is None else f"-c listen_addresses=127.0.0.1 -p {port}"
        settings = f"-k {folder} {network} -c fsync=off"
        run("pg_ctl", "-D", f"{folder}/data", "-o", settings, "-l", f"{folder}/log", "-w", "start")
        try:
            yield make_conninfo(host=folder, port=port or 5432, user="fieldstone", dbname="postgres")
        finally:
            run("pg_ctl", "-D", f"{folder}/data", "-m", "immediate", "-w", "stop")
