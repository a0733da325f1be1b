"""A cluster of PostgreSQL that Patroni runs, each node on a host of its own; etcd has the cluster's state."""

import atexit
import contextlib
import functools
import json
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import psycopg
from psycopg.conninfo import make_conninfo

from fieldstone.sql.embedded.account import Account, choose_account
from fieldstone.sql.embedded.binaries import find_programs
from fieldstone.sql.embedded.cluster import SETTINGS
from tests.processes.namespaces import Host, bridged_hosts
from tests.python_clients import install_python
from tests.waiting import eventually

PATIENCE = 120.0
"""Seconds until a cluster has elected a primary, or has a synchronous standby again."""

_DCS = {
    # The shortest times that Patroni takes.
    "ttl": 20,
    "loop_wait": 1,
    "retry_timeout": 3,
    "primary_start_timeout": 0,
    "maximum_lag_on_failover": 1 << 20,
    "synchronous_mode": True,
    "postgresql": {
        "use_pg_rewind": True,
        "parameters": {
            name: value
            for name, value in SETTINGS.items()
            if name not in {"listen_addresses", "max_wal_size", "lc_messages"}
        },
    },
}
_ETCD_PORT, _REST_PORT, _PORT = 2379, 8008, 5432


@dataclass(slots=True, kw_only=True)
class Node:
    """A node: Patroni, and the PostgreSQL that it runs."""

    name: str
    host: Host
    folder: Path
    account: Account
    installed: Path
    process: subprocess.Popen[bytes] | None = field(default=None, init=False)

    @property
    def dsn(self) -> str:
        """The address of its PostgreSQL, be it primary or standby."""
        return f"postgresql://postgres@{self.host.address}:{_PORT}/postgres"

    @property
    def url(self) -> str:
        """The address of its Patroni."""
        return f"http://{self.host.address}:{_REST_PORT}"

    def start(self) -> None:
        """Run Patroni, which makes the data if there are none."""
        # The interpreter may lie where only root can go, and PostgreSQL does not run as root.
        may_read = ("--inh-caps=+dac_read_search", "--ambient-caps=+dac_read_search")
        user = (f"--reuid={self.account.uid}", f"--regid={self.account.gid}", "--clear-groups", *may_read)
        with (self.folder / "patroni.log").open("ab") as log:
            self.process = subprocess.Popen(
                [
                    *("ip", "netns", "exec", self.host.name, "setpriv", *user, "--"),
                    *(sys.executable, "-m", "patroni", self.folder / "patroni.json"),
                ],
                cwd=self.folder,
                env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "PYTHONPATH": str(self.installed), "LC_ALL": "C.UTF-8"},
                stdout=log,
                stderr=log,
            )

    def kill(self) -> None:
        """Kill Patroni and PostgreSQL at once."""
        self.host.kill_all()
        if self.process is not None:
            self.process.wait()
            self.process = None

    def is_primary(self) -> bool:
        """Return whether it accepts writes now."""
        with contextlib.suppress(psycopg.Error):
            address = make_conninfo(self.dsn, target_session_attrs="read-write", connect_timeout=2)
            with psycopg.connect(address, autocommit=True):
                return True
        return False

    def log(self) -> str:
        """Return the last lines that Patroni has written."""
        return "\n".join((self.folder / "patroni.log").read_text().splitlines()[-20:])


@dataclass(frozen=True, slots=True, kw_only=True)
class Cluster:
    """Nodes of which one is the primary and another one its synchronous standby."""

    nodes: Sequence[Node]

    @property
    def dsn(self) -> str:
        """The address of whichever node accepts writes, for a client that knows nothing of several hosts."""
        return make_conninfo(self.address(self.nodes[0]), target_session_attrs="read-write", connect_timeout=2)

    def address(self, first: Node) -> str:
        """Return the address with all hosts, this one before the others."""
        ordered = [first, *(node for node in self.nodes if node is not first)]
        hosts, ports = ",".join(node.host.address for node in ordered), ",".join(str(_PORT) for _ in ordered)
        return make_conninfo("", host=hosts, port=ports, user="postgres", dbname="postgres")

    def roles(self) -> dict[str, str]:
        """Return the role of each member that runs, as a Patroni that answers tells it."""
        for node in self.nodes:
            with contextlib.suppress(httpx.TransportError):
                members: list[dict[str, Any]] = httpx.get(f"{node.url}/cluster", timeout=2).json()["members"]
                return {one["name"]: one["role"] for one in members if one["state"] in {"running", "streaming"}}
        return {}

    def primary(self) -> Node:
        """Return the primary once the cluster is whole: each node runs, and one is its synchronous standby."""
        found: dict[str, str] = {}

        def is_whole() -> bool:
            found.clear()
            found.update(self.roles())
            return len(found) == len(self.nodes) and {"leader", "sync_standby"} <= set(found.values())

        try:
            eventually(is_whole, "", PATIENCE)
        except AssertionError:
            raise self._failure(f"the cluster is not whole: {found}") from None
        return next(node for node in self.nodes if found[node.name] == "leader")

    def wait_for_another(self, former: Node) -> Node:
        """Return the node that takes over from a former primary, as soon as it accepts writes."""
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            for node in self.nodes:
                if node is not former and node.is_primary():
                    return node
            time.sleep(0.01)
        raise self._failure("no other node has taken over")

    def _failure(self, message: str) -> AssertionError:
        return AssertionError("\n\n".join([message, *(node.log() for node in self.nodes)]))

    def switch_over(self, former: Node) -> None:
        """Have the synchronous standby take over in an orderly way."""
        candidate = next(name for name, role in self.roles().items() if role == "sync_standby")
        answer = httpx.post(
            f"{former.url}/switchover", json={"leader": former.name, "candidate": candidate}, timeout=PATIENCE
        )
        assert answer.status_code == httpx.codes.OK, answer.text


@contextlib.contextmanager
def running_cluster(count: int = 3) -> Iterator[Cluster]:
    """Run a cluster whose nodes this host reaches over a bridge, and etcd on this host."""
    with (
        tempfile.TemporaryDirectory(prefix="fieldstone-patroni-") as place,
        bridged_hosts(count) as made,
        contextlib.ExitStack() as stack,
    ):
        root = Path(place).resolve()
        root.chmod(0o755)
        installed = _installed()
        stack.enter_context(_etcd(made[0].near, root / "etcd"))
        account = choose_account(root / "none")
        nodes = [_prepare(number, host, root, account, installed) for number, host in enumerate(made, 1)]
        for node in nodes:
            stack.callback(node.kill)
            node.start()
        cluster = Cluster(nodes=nodes)
        cluster.primary()
        yield cluster


@functools.cache
def _installed() -> Path:
    """Return the folder with Patroni, which goes with this process."""
    place = tempfile.TemporaryDirectory(prefix="fieldstone-patroni-")
    atexit.register(place.cleanup)
    Path(place.name).chmod(0o755)
    return install_python(Path(place.name), "patroni")


def _prepare(number: int, host: Host, root: Path, account: Account, installed: Path) -> Node:
    """Write the configuration of a node."""
    folder = root / f"node{number}"
    folder.mkdir()
    assert account.uid is not None
    assert account.gid is not None
    shutil.chown(folder, account.uid, account.gid)
    node = Node(name=folder.name, host=host, folder=folder, account=account, installed=installed)
    settings = {
        "scope": "fieldstone",
        "name": node.name,
        "restapi": {"listen": f"{host.address}:{_REST_PORT}", "connect_address": f"{host.address}:{_REST_PORT}"},
        "etcd3": {"host": f"{host.near}:{_ETCD_PORT}"},
        "bootstrap": {
            "dcs": _DCS,
            "initdb": [
                {"encoding": "UTF8"},
                {"locale": "C"},
                {"locale-provider": "builtin"},
                {"builtin-locale": "C.UTF-8"},
                "data-checksums",
            ],
        },
        "postgresql": {
            "listen": f"{host.address},127.0.0.1:{_PORT}",
            "connect_address": f"{host.address}:{_PORT}",
            "data_dir": str(folder / "data"),
            "bin_dir": str(find_programs(account, root)),
            "basebackup": [{"checkpoint": "fast"}],
            "pgpass": str(folder / "pgpass"),
            "authentication": {"superuser": {"username": "postgres"}, "replication": {"username": "replicator"}},
            "pg_hba": ["local all all trust", "host all all all trust", "host replication all all trust"],
            "parameters": {"unix_socket_directories": str(folder)},
        },
    }
    (folder / "patroni.json").write_text(json.dumps(settings))
    return node


@contextlib.contextmanager
def _etcd(address: str, folder: Path) -> Iterator[None]:
    """Run an etcd of one member."""
    program = shutil.which("etcd")
    assert program, "etcd is not installed: it is in the package etcd-server"
    folder.mkdir()
    peers = f"http://{address}:{_ETCD_PORT + 1}"
    with (folder / "etcd.log").open("wb") as log:
        process = subprocess.Popen(
            [
                *(program, "--name", "one", "--data-dir", folder / "data"),
                *("--listen-client-urls", f"http://{address}:{_ETCD_PORT}"),
                *("--advertise-client-urls", f"http://{address}:{_ETCD_PORT}"),
                *("--listen-peer-urls", peers, "--initial-advertise-peer-urls", peers),
                *("--initial-cluster", f"one={peers}"),
            ],
            stdout=log,
            stderr=log,
        )
    try:
        yield
    finally:
        process.terminate()
        process.wait(timeout=30)
