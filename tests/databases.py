"""Databases for tests: one server for the session, templates that are filled once, a clone for each test."""

import contextlib
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from fieldstone.sql import embedded
from fieldstone.sql.embedded.folder import DataFolder
from fieldstone.sql.embedded.locks import is_held
from fieldstone.sql.embedded.process import shut_down
from tests.citus_cluster import ARCHIVE, Node, cluster_folder, create_extensions, running_cluster

_PREFIX = "fieldstone-tests-"
_SECONDS_TO_BE_OLD = 600
_SECONDS_IN_USE = 30
_BYTES_NEEDED = 2 << 30

# Nothing here outlives the session, so nothing of it needs to reach a disk.
_WITHOUT_DURABILITY = ("fsync", "synchronous_commit", "full_page_writes")


@contextlib.contextmanager
def running_server() -> Iterator[str]:
    """Yield the address of a server whose user may make databases.

    That is the one of ``FIELDSTONE_TEST_DATABASE_URL`` or else an embedded one on a data folder that is thrown away.
    """
    given = os.environ.get("FIELDSTONE_TEST_DATABASE_URL")
    if given:
        yield make_conninfo(given)
        return
    place = quick_place()
    remove_left_behind(place, f"{_PREFIX}*")
    data_dir = Path(tempfile.mkdtemp(prefix=_PREFIX, dir=place))
    data_dir.chmod(0o755)
    try:
        server = embedded.start(data_dir)
        try:
            _give_up_durability(server.dsn)
            yield server.dsn
        finally:
            embedded.stop(server)
    finally:
        shutil.rmtree(data_dir)


def remove_left_behind(place: Path, pattern: str) -> None:
    """Remove the servers of test sessions that were killed, whose folders match a pattern."""
    for root in place.glob(pattern):
        with contextlib.suppress(FileNotFoundError):  # another session may be at it too
            _remove_if_left(root, place)


def _remove_if_left(root: Path, place: Path) -> None:
    folder, made = DataFolder(root=root), root.stat()
    is_ours = made.st_uid == os.geteuid() and folder.users_lock.exists()
    # One that is just being made holds its lock within moments.
    if is_ours and time.time() - made.st_mtime > _SECONDS_TO_BE_OLD and not is_held(folder.users_lock):
        if is_held(folder.server_lock):
            shut_down(folder)
        shutil.rmtree(root, ignore_errors=True)
        if root.parent != place:
            with contextlib.suppress(OSError):  # it has other servers
                root.parent.rmdir()


def quick_place() -> Path:
    """Return a folder in memory where there is one with room: cloning takes 10 ms there and 200 ms on a disk.

    It is one that programs can be run from, as those are that tests install.
    """
    memory = Path("/dev/shm")  # noqa: S108 - mkdtemp makes a folder of our own in it
    if not (memory.is_dir() and os.access(memory, os.W_OK)):
        return Path(tempfile.gettempdir())
    has_room = shutil.disk_usage(memory).free > _BYTES_NEEDED
    return memory if has_room and not os.statvfs(memory).f_flag & os.ST_NOEXEC else Path(tempfile.gettempdir())


def _give_up_durability(dsn: str) -> None:
    with psycopg.connect(dsn, autocommit=True) as connection:
        for name in _WITHOUT_DURABILITY:
            connection.execute(sql.SQL("ALTER SYSTEM SET {} = off").format(sql.Identifier(name)))
        connection.execute("SELECT pg_reload_conf()")


@contextlib.contextmanager
def running_databases() -> Iterator["Databases"]:
    """Yield the databases of the server of the session, or of the cluster of `FIELDSTONE_TEST_CITUS`."""
    if ARCHIVE is None:
        with running_server() as dsn, contextlib.closing(Databases([dsn])) as made:
            yield made
        return
    with (
        cluster_folder(quick_place()) as place,
        running_cluster(place, archive=ARCHIVE) as nodes,
        contextlib.closing(Databases([node.dsn("postgres") for node in nodes], cluster=nodes)) as made,
    ):
        yield made


class Databases:
    """Makes databases on one server, or of one name on each node of a cluster, and drops them.

    Args:
        server_dsns: The addresses of the servers, the coordinator first, as a user that may make databases.
        cluster: The nodes of Citus that these are; empty for plain PostgreSQL.
    """

    def __init__(self, server_dsns: Sequence[str], *, cluster: Sequence[Node] = ()) -> None:
        self.server_dsn = server_dsns[0]
        self._servers = server_dsns
        self.cluster = cluster
        self._templates: dict[str, str] = {}
        self._bases: dict[str, str | None] = {}
        # Kept: a connection costs an eighth of a test's set-up.
        self._connections: dict[str, psycopg.Connection] = {}
        self._made = 0

    def template(self, name: str, fill: Callable[[str], None], *, base: str | None = None) -> str:
        """Return the template ``name``, made at its first use.

        Args:
            name: The template's name in this session.
            fill: Is given the address of a database to fill.
            base: The template that this one begins as; none is an empty database.

        Raises:
            ValueError: Another template, with another base, has the name.
        """
        if self._bases.setdefault(name, base) != base:
            raise ValueError(f"another template is called {name!r}, on {self._bases[name]!r}: choose another name")
        if name not in self._templates:
            dsn = self._create(base)
            database = _name_of(dsn)
            try:
                # In a thread, in which `fill` may start an event loop, whether or not one runs in this one.
                with ThreadPoolExecutor(max_workers=1) as thread:
                    thread.submit(fill, dsn).result()
                self._close(database)
            except BaseException:
                self._drop(database)
                raise
            self._templates[name] = database
        return name

    @contextlib.contextmanager
    def clone(self, template: str | None = None) -> Iterator[str]:
        """Yield the address of a new copy of ``template`` (or of an empty database), which is dropped afterwards."""
        dsn = self._create(template)
        try:
            yield dsn
        finally:
            self._drop(_name_of(dsn))

    def close(self) -> None:
        """Drop all templates, and end the connections."""
        while self._templates:
            _, database = self._templates.popitem()
            self._drop(database)
        for connection in self._connections.values():
            connection.close()

    def _create(self, template: str | None) -> str:
        self._made += 1
        name = f"fieldstone_test_{os.getpid()}_{self._made}"
        if template is None and self.cluster:
            return self._create_cluster(name)
        # template0 takes no connections, so nothing can be in the way of copying it. FILE_COPY is the faster one
        # here: 8 to 14 ms against 10 to 18 ms.
        source = "template0" if template is None else self._templates[template]
        self._run(
            sql.SQL("CREATE DATABASE {} TEMPLATE {} STRATEGY file_copy").format(
                sql.Identifier(name), sql.Identifier(source)
            )
        )
        return make_conninfo(self._servers[0], dbname=name)

    def _create_cluster(self, name: str) -> str:
        self._run(sql.SQL("CREATE DATABASE {} TEMPLATE template0").format(sql.Identifier(name)))
        create_extensions(self.cluster, name)
        return make_conninfo(self._servers[0], dbname=name)

    def _close(self, database: str) -> None:
        """Let nobody connect to a template any more, as a connection stands in the way of copying it."""
        self._run(sql.SQL("ALTER DATABASE {} ALLOW_CONNECTIONS false").format(sql.Identifier(database)))
        self._run(
            sql.SQL("SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE datname = {}").format(database)
        )

    def _drop(self, database: str) -> None:
        self._run(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(database)))

    def _run(self, statement: sql.Composed) -> None:
        if len(self._servers) == 1:
            self._execute(self._servers[0], statement)
            return
        with ThreadPoolExecutor() as threads:
            list(threads.map(lambda dsn: self._execute(dsn, statement), self._servers))

    def _execute(self, dsn: str, statement: sql.Composed) -> None:
        limit = time.monotonic() + _SECONDS_IN_USE
        while True:
            connection = self._connection(dsn)
            try:
                connection.execute(statement)
            except psycopg.OperationalError as error:
                # The daemons of Citus connect to the databases of the other nodes, and tests kill nodes.
                is_passing = connection.closed or isinstance(error, psycopg.errors.ObjectInUse)
                if not ARCHIVE or not is_passing or time.monotonic() > limit:
                    raise
            else:
                return

    def _connection(self, dsn: str) -> psycopg.Connection:
        connection = self._connections.get(dsn)
        if connection is None or connection.closed:
            connection = self._connections[dsn] = psycopg.connect(dsn, autocommit=True)
        return connection


def _name_of(dsn: str) -> str:
    return str(conninfo_to_dict(dsn)["dbname"])


def add_extensions(dsn: str) -> None:
    """Install in a database the extensions that Fieldstone uses where the server has them."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute("CREATE EXTENSION pg_trgm")
        connection.execute("CREATE EXTENSION unaccent")


def fetch_row(dsn: str, query: str) -> tuple[Any, ...]:
    """Return the first row of a query, on a connection of its own."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        row = connection.execute(query.encode()).fetchone()
    assert row is not None, query
    return row
