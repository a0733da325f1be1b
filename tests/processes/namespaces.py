"""Servers on hosts of their own, as network namespaces are, whose links to the database's host can be cut."""

import contextlib
import os
import signal
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
    """A host of its own with one link, to this one or to a bridge of this one.

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

    def kill_all(self) -> None:
        """Kill each process of the host at once, as a power failure would."""
        listed = subprocess.run(["ip", "netns", "pids", self.name], check=True, capture_output=True, text=True)
        for pid in listed.stdout.split():
            with contextlib.suppress(ProcessLookupError):
                os.kill(int(pid), signal.SIGKILL)


@contextlib.contextmanager
def hosts(count: int) -> Iterator[list[Host]]:
    """Make hosts with a link to this one each, which go with the block."""
    with contextlib.ExitStack() as stack:
        made = []
        for number in range(1, count + 1):
            # Addresses that are kept for tests of networks: https://www.rfc-editor.org/rfc/rfc2544
            host = Host(name=_name(number), near=f"198.18.{number}.1", address=f"198.18.{number}.2")
            _make(host, stack)
            _run("ip", "address", "add", f"{host.near}/24", "dev", host.name)
            made.append(host)
        yield made


@contextlib.contextmanager
def bridged_hosts(count: int) -> Iterator[list[Host]]:
    """Make hosts that reach this one and each other, by a bridge; they go with the block."""
    with contextlib.ExitStack() as stack:
        bridge, near = _name(0), "198.19.0.1"
        _run("ip", "link", "add", bridge, "type", "bridge")
        stack.callback(_run, "ip", "link", "del", bridge)
        _run("ip", "address", "add", f"{near}/24", "dev", bridge)
        _run("ip", "link", "set", bridge, "up")
        made = []
        for number in range(1, count + 1):
            host = Host(name=_name(number), near=near, address=f"198.19.0.{number + 1}")
            _make(host, stack)
            _run("ip", "link", "set", host.name, "master", bridge)
            made.append(host)
        yield made


def _name(number: int) -> str:
    assert os.geteuid() == 0, "network namespaces are made by root"
    return f"fs{os.getpid()}-{number}"


def _make(host: Host, stack: contextlib.ExitStack) -> None:
    """Make the namespace of a host, and the link, whose near end has the same name."""
    _run("ip", "netns", "add", host.name)
    stack.callback(_run, "ip", "netns", "del", host.name)
    _run("ip", "link", "add", host.name, "type", "veth", "peer", "name", "eth0", "netns", host.name)
    # It would go with the namespace, at some time.
    stack.callback(_run, "ip", "link", "del", host.name)
    _run("ip", "link", "set", host.name, "up")
    _run("ip", "-n", host.name, "address", "add", f"{host.address}/24", "dev", "eth0")
    _run("ip", "-n", host.name, "link", "set", "lo", "up")
    host.mend()


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
