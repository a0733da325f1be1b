"""Servers on hosts of their own, as network namespaces are, whose links to the database's host can be cut."""

import contextlib
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg
from psycopg.conninfo import make_conninfo

from fieldstone.sql import embedded
from fieldstone.sql.embedded.folder import PORT, DataFolder
from tests.processes.embedded_runs import ROOT
from tests.processes.event_clients import Server
from tests.processes.serving import Served, environment, wait_until_ready


def _run(*command: str) -> None:
    done = subprocess.run(command, check=False, capture_output=True, text=True)
    assert done.returncode == 0, f"{' '.join(command)}: {done.stderr}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Host:
    """A host of its own with one link, to this one.

    Attributes:
        name: the namespace.
        near: the address of this host's end of the link.
        address: that of its own.
    """

    name: str
    near: str
    address: str

    def cut(self) -> None:
        """Cut the link: no end gets notice of it, each packet is lost."""
        _run("ip", "-n", self.name, "link", "set", "eth0", "down")

    def mend(self) -> None:
        """Mend the link."""
        _run("ip", "-n", self.name, "link", "set", "eth0", "up")


@contextlib.contextmanager
def hosts(count: int) -> Iterator[list[Host]]:
    """Make hosts, which go with the block."""
    assert os.geteuid() == 0, "network namespaces are made by root"
    with contextlib.ExitStack() as stack:
        made = []
        for number in range(1, count + 1):
            name = f"fs{os.getpid()}-{number}"
            # Addresses that are kept for tests of networks: https://www.rfc-editor.org/rfc/rfc2544
            host = Host(name=name, near=f"198.18.{number}.1", address=f"198.18.{number}.2")
            _run("ip", "netns", "add", name)
            stack.callback(_run, "ip", "netns", "del", name)
            _run("ip", "link", "add", name, "type", "veth", "peer", "name", "eth0", "netns", name)
            # It would go with the namespace, at some time.
            stack.callback(_run, "ip", "link", "del", name)
            _run("ip", "address", "add", f"{host.near}/24", "dev", name)
            _run("ip", "link", "set", name, "up")
            _run("ip", "-n", name, "address", "add", f"{host.address}/24", "dev", "eth0")
            _run("ip", "-n", name, "link", "set", "lo", "up")
            host.mend()
            made.append(host)
        yield made


@contextlib.contextmanager
def database_for(data_dir: Path, reached_by: list[Host]) -> Iterator[str]:
    """Run a PostgreSQL that is reached from these hosts, each by the near end of its link; yield its address here."""
    server = embedded.start(data_dir)
    with psycopg.connect(server.dsn, autocommit=True) as connection:
        addresses = ", ".join(host.near for host in reached_by)
        connection.execute(
            psycopg.sql.SQL("ALTER SYSTEM SET listen_addresses = {}").format(psycopg.sql.Literal(addresses))
        )
    embedded.stop(server)
    with (DataFolder(root=data_dir.resolve()).cluster / "pg_hba.conf").open("a") as rules:
        rules.writelines(f"host all all {host.address}/32 trust\n" for host in reached_by)
    server = embedded.start(data_dir)
    try:
        yield server.dsn
    finally:
        embedded.stop(server)


@dataclass(slots=True, kw_only=True)
class DistantServer(Server):
    """A server on a host of its own."""

    host: Host

    def start(self) -> None:
        """Begin to serve; it is ready when this returns."""
        settings = {
            "DATABASE_URL": make_conninfo(self.dsn, host=self.host.near, port=PORT),
            "FIELDSTONE_LOG_LEVEL": "warning",
            "FIELDSTONE_ENV": "development",
            "API_RATE_LIMITING_LIMIT": "0",
            **self.variables,
        }
        process = subprocess.Popen(
            [
                *("ip", "netns", "exec", self.host.name),
                *(sys.executable, "-m", "fieldstone.engine", "serve"),
                *("--host", self.host.address, "--port", str(self.port)),
            ],
            cwd=ROOT,
            env=environment(**settings),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert process.stdout is not None
        assert process.stderr is not None
        self.served = Served(process, process.stdout, process.stderr)
        wait_until_ready(self.served)

    @property
    def url(self) -> str:
        return f"http://{self.host.address}:{self.port}"


@contextlib.contextmanager
def distant_servers(data_dir: Path, count: int) -> Iterator[tuple[str, list[DistantServer]]]:
    """Run servers, each on a host of its own, and their database; yield its address here, and them."""
    with hosts(count) as made, database_for(data_dir, made) as dsn, contextlib.ExitStack() as stack:
        servers = [DistantServer(dsn=dsn, host=host) for host in made]
        for server in servers:
            server.start()
            stack.callback(server.kill)
        yield dsn, servers
