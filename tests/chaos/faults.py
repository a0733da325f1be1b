"""The faults: each is a block with servers and their database, and a function that does the damage and mends it."""

import contextlib
import os
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from psycopg.conninfo import conninfo_to_dict, make_conninfo

from tests.processes.embedded_runs import kill_postmaster
from tests.processes.event_clients import Server, servers
from tests.processes.namespaces import distant_servers
from tests.processes.pooler import pgbouncer
from tests.processes.visitors import JSON_LOG, workers
from tests.redis_server import running_redis
from tests.replicas.standbys import run_sql, running_primary, running_standby

PAUSE = 10.0
"""Seconds of most faults."""
WORKER_PAUSE = 30.0
_UNTIL_PROMOTION = 2.0


@dataclass(frozen=True, kw_only=True)
class Scene:
    """A scene before the fault.

    Attributes:
        servers: those of Fieldstone.
        dsn: the database as it is reached before the fault.
        do: does the damage, and returns when it is mended: the monotonic time at which another server accepted writes,
            None if the server stays the same.
        left: the database as it is reached afterwards.
    """

    servers: Sequence[Server]
    dsn: str
    do: Callable[[], float | None]
    left: str


def _for(seconds: float, begin: Callable[[], object], end: Callable[[], object]) -> None:
    begin()
    try:
        time.sleep(seconds)
    finally:
        end()


@contextlib.contextmanager
def primary_killed() -> Iterator[Scene]:
    """Kill the primary for good; its synchronous standby is promoted two seconds later."""
    with running_primary() as primary, running_standby(primary) as standby:
        run_sql(primary.dsn, "ALTER SYSTEM SET synchronous_standby_names = '*'")
        run_sql(primary.dsn, "SELECT pg_reload_conf()")
        hosts = ",".join(str(conninfo_to_dict(dsn)["host"]) for dsn in (primary.dsn, standby.dsn))
        both = make_conninfo(primary.dsn, host=hosts, port="5432,5432")

        def do() -> float:
            kill_postmaster(primary.folder.root)
            time.sleep(_UNTIL_PROMOTION)
            standby.run("SELECT pg_promote()")
            return time.monotonic()

        with servers(both, 2) as made:
            yield Scene(servers=made, dsn=primary.dsn, do=do, left=standby.dsn)


@contextlib.contextmanager
def link_cut() -> Iterator[Scene]:
    """Cut one of two servers off from the primary, and from its clients, for a while: each packet is lost."""
    with tempfile.TemporaryDirectory(prefix="fieldstone-chaos-") as place:
        Path(place).chmod(0o755)
        with distant_servers(Path(place) / "data", 2) as (dsn, made):
            host = made[0].host
            yield Scene(servers=made, dsn=dsn, do=partial(_for, PAUSE, host.cut, host.mend), left=dsn)


@contextlib.contextmanager
def replica_behind() -> Iterator[Scene]:
    """Have a replica receive the WAL without replaying it for a while."""
    with (
        running_primary() as primary,
        running_standby(primary) as standby,
        servers(primary.dsn, 2, FIELDSTONE_REPLICA_URLS=standby.dsn) as made,
    ):
        do = partial(_for, PAUSE, standby.pause, standby.resume)
        yield Scene(servers=made, dsn=primary.dsn, do=do, left=primary.dsn)


@contextlib.contextmanager
def pooler_restarted() -> Iterator[Scene]:
    """Kill pgbouncer, and start it again a second later."""
    with running_primary() as primary, tempfile.TemporaryDirectory(prefix="fieldstone-chaos-") as place:
        folder = Path(place)
        folder.chmod(0o755)
        with pgbouncer(primary.dsn, folder) as near, contextlib.ExitStack() as stack:

            def do() -> None:
                command = _kill_program_of(folder / "pgbouncer.ini")
                time.sleep(1)
                again = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
                stack.callback(again.wait)
                stack.callback(again.terminate)

            settings = {"FIELDSTONE_PREPARE_STATEMENTS": "false", "FIELDSTONE_LISTEN_URL": primary.dsn}
            with servers(near, 2, **settings) as made:
                yield Scene(servers=made, dsn=primary.dsn, do=do, left=primary.dsn)


def _kill_program_of(file: Path) -> list[bytes]:
    """Kill the program that was started with a file, and return its command."""
    for entry in Path("/proc").iterdir():
        with contextlib.suppress(OSError):
            command = (entry / "cmdline").read_bytes().split(b"\0")[:-1] if entry.name.isdigit() else []
            if str(file).encode() in command:
                os.kill(int(entry.name), signal.SIGKILL)
                return command
    raise AssertionError(f"no program has {file}")


@contextlib.contextmanager
def redis_stopped() -> Iterator[Scene]:
    """Kill the Redis that carries the messages between the servers, and start it again after a while."""
    with (
        running_primary() as primary,
        running_redis() as redis,
        servers(primary.dsn, 2, FIELDSTONE_BROADCAST_URL=redis.url) as made,
    ):
        do = partial(_for, PAUSE, redis.stop, redis.start)
        yield Scene(servers=made, dsn=primary.dsn, do=do, left=primary.dsn)


@contextlib.contextmanager
def worker_paused() -> Iterator[Scene]:
    """Stop one of two workers for half a minute."""
    with running_primary() as primary, servers(primary.dsn, 1, FIELDSTONE_WORKERS="2", **JSON_LOG) as made:
        assert made[0].served is not None
        pid = workers(made[0].served)[0]

        def go_on() -> None:
            # The supervisor may have replaced it.
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)

        do = partial(_for, WORKER_PAUSE, lambda: os.kill(pid, signal.SIGSTOP), go_on)
        yield Scene(servers=made, dsn=primary.dsn, do=do, left=primary.dsn)


FAULTS = {
    "the primary is killed": primary_killed,
    "one server's link is cut for 10 s": link_cut,
    "the replica stands still for 10 s": replica_behind,
    "pgbouncer is killed and restarted": pooler_restarted,
    "Redis is away for 10 s": redis_stopped,
    "one of two workers is paused for 30 s": worker_paused,
}
