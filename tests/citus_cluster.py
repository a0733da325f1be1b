"""A cluster of Citus for tests: a coordinator and two workers of the wheel's PostgreSQL, with the extension in it.

The archive has the extension's files below `lib` and `share`, as `make install` lays them out for that PostgreSQL.
"""

import contextlib
import os
import shutil
import signal
import subprocess
import tarfile
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import psycopg
from psycopg.conninfo import make_conninfo

from fieldstone.sql.embedded.account import Account, choose_account, spawn
from fieldstone.sql.embedded.binaries import find_client_program
from tests.ports import free_port

WORKERS = 2
ARCHIVE = os.environ.get("FIELDSTONE_TEST_CITUS")
"""The path of the archive; None where the tests run on plain PostgreSQL."""

ON_CITUS = ARCHIVE is not None

_SETTINGS = """\
shared_preload_libraries = 'citus'
listen_addresses = '127.0.0.1'
port = {port}
unix_socket_directories = ''
wal_level = logical
max_prepared_transactions = 200
# One daemon for each database, or none recovers the transactions of two phases.
max_worker_processes = 100
max_connections = 300
citus.recover_2pc_interval = 2s
max_locks_per_transaction = 256
fsync = {durable}
full_page_writes = {durable}
jit = off
log_min_error_statement = panic
"""
_SECONDS_TO_START = 60
_PREFIX = "fieldstone-citus-"


@dataclass(slots=True)
class Node:
    """A server of the cluster."""

    port: int
    data: Path
    programs: Path
    account: Account
    process: subprocess.Popen[bytes] | None = None

    def dsn(self, database: str) -> str:
        """Return the address of one of its databases, as its superuser."""
        return make_conninfo(host="127.0.0.1", port=self.port, user="postgres", dbname=database)

    def start(self) -> None:
        """Start it, and return when it answers."""
        with (self.data.parent / f"{self.data.name}.log").open("ab") as log:
            command: list[str | Path] = [self.programs / "postgres", "-D", self.data]
            self.process = spawn(self.account, command, directory=self.data, output=log)
        limit = time.monotonic() + _SECONDS_TO_START
        while not self.answers():
            if self.process.poll() is not None or time.monotonic() > limit:
                raise RuntimeError((self.data.parent / f"{self.data.name}.log").read_text())
            time.sleep(0.05)

    def answers(self) -> bool:
        """Return whether it accepts a connection."""
        with contextlib.suppress(psycopg.OperationalError):
            psycopg.connect(self.dsn("postgres"), connect_timeout=2).close()
            return True
        return False

    def stop(self, number: int = signal.SIGINT) -> None:
        """End it by a signal, by default as a fast shutdown."""
        if self.process is not None:
            self.process.send_signal(number)
            self.process.wait(_SECONDS_TO_START)
            self.process = None


@contextlib.contextmanager
def cluster_folder(place: Path) -> Iterator[Path]:
    """Yield a new folder for a cluster; it is removed at the end, and so are those of processes that were killed."""
    for left in place.glob(f"{_PREFIX}*"):
        pid = left.name.removeprefix(_PREFIX).split("-")[0]
        with contextlib.suppress(FileNotFoundError):  # another session may be at it too
            if pid.isdecimal() and left.stat().st_uid == os.geteuid() and not Path(f"/proc/{pid}").exists():
                _remove(left)
    folder = Path(tempfile.mkdtemp(prefix=f"{_PREFIX}{os.getpid()}-", dir=place))
    try:
        yield folder
    finally:
        shutil.rmtree(folder)


def _remove(left: Path) -> None:
    """Remove the folder of a cluster whose process was killed, and end the servers that still run on it."""
    for file in left.glob("node*/postmaster.pid"):
        process = Path("/proc", file.read_text().splitlines()[0])
        # Another process may have the number by now; a server works in its folder.
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            while (process / "cwd").resolve() == file.parent.resolve():
                os.kill(int(process.name), signal.SIGQUIT)
                time.sleep(0.05)
    shutil.rmtree(left, ignore_errors=True)


@contextlib.contextmanager
def running_cluster(place: Path, *, durable: bool = False, archive: str | None = ARCHIVE) -> Iterator[list[Node]]:
    """Yield the nodes of a new cluster in an empty folder, the coordinator first; they are stopped at the end."""
    if archive is None:
        raise LookupError("FIELDSTONE_TEST_CITUS must be the path of Citus for the wheel's PostgreSQL")
    programs = _unpack(place, Path(archive))
    account = choose_account(place / "node0")
    with contextlib.ExitStack() as running:
        nodes = []
        for number in range(WORKERS + 1):
            node = Node(free_port(), place / f"node{number}", programs, account)
            _initialise(node, durable=durable)
            running.callback(node.stop)
            node.start()
            nodes.append(node)
        yield nodes


def processes_of(node: Node) -> list[int]:
    """The server's own process and its children."""
    assert node.process is not None
    mother = node.process.pid
    children = Path(f"/proc/{mother}/task/{mother}/children").read_text().split()
    return [mother, *map(int, children)]


def stop_all(node: Node, number: int) -> None:
    """Send a signal to all processes of a node."""
    for pid in processes_of(node):
        os.kill(pid, number)


@contextlib.contextmanager
def configured(node: Node, name: str, value: str) -> Iterator[None]:
    """Run a node with a setting for the length of the block."""

    def execute(command: str) -> None:
        connection.execute(f"ALTER SYSTEM {command}".encode())
        connection.execute("SELECT pg_reload_conf()")

    with psycopg.connect(node.dsn("postgres"), autocommit=True) as connection:
        execute(f"SET {name} = '{value}'")
        try:
            yield
        finally:
            execute(f"RESET {name}")


def create_extensions(nodes: Sequence[Node], database: str, *extensions: str) -> None:
    """Make one cluster of the databases of this name that the nodes have."""
    with ThreadPoolExecutor() as threads:
        list(threads.map(lambda node: _create_extensions(node.dsn(database), ("citus", *extensions)), nodes))
    with psycopg.connect(nodes[0].dsn(database), autocommit=True) as coordinator:
        coordinator.execute("SELECT citus_set_coordinator_host('127.0.0.1', %s)", [nodes[0].port])
        for node in nodes[1:]:
            coordinator.execute("SELECT citus_add_node('127.0.0.1', %s)", [node.port])


def _create_extensions(dsn: str, names: Sequence[str]) -> None:
    with psycopg.connect(dsn, autocommit=True) as connection:
        for name in names:
            connection.execute(psycopg.sql.SQL("CREATE EXTENSION {}").format(psycopg.sql.Identifier(name)))


def _unpack(place: Path, archive: Path) -> Path:
    """Return the folder of the programs of a copy of the wheel's PostgreSQL that has the extension."""
    package = find_client_program("postgres").parents[2]
    install = place / package.name / "pginstall"
    shutil.copytree(package / "pginstall", install, ignore=shutil.ignore_patterns("*.a", "pkgconfig", "pgxs"))
    # The programs load libpq from the folder beside the package.
    libraries = package.with_name(f"{package.name}.libs")
    if libraries.exists():
        shutil.copytree(libraries, place / libraries.name)
    with tarfile.open(archive) as files:
        files.extractall(install, filter="data")
    for folder, _, _ in os.walk(place):
        Path(folder).chmod(0o755)
    return install / "bin"


def _initialise(node: Node, *, durable: bool) -> None:
    node.data.mkdir(mode=0o700)
    if node.account.uid is not None and node.account.gid is not None:
        os.chown(node.data, node.account.uid, node.account.gid)
    options = ("-A", "trust", "-U", "postgres", "--locale-provider=builtin", "--builtin-locale=C.UTF-8", "-E", "UTF8")
    command: list[str | Path] = [node.programs / "initdb", "-D", node.data, "--no-sync", *options]
    log = node.data.parent / f"{node.data.name}.log"
    with log.open("wb") as output:
        _require_success(spawn(node.account, command, directory=node.data, output=output), log)
    with (node.data / "postgresql.conf").open("a") as settings:
        settings.write(_SETTINGS.format(port=node.port, durable="on" if durable else "off"))


def _require_success(process: subprocess.Popen[bytes], log: Path) -> None:
    if process.wait() != 0:
        raise RuntimeError(log.read_text())
