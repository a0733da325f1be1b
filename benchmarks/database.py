"""The database that all servers share: filled once, copied for each run."""

import hashlib
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from benchmarks.command import run_fieldstone
from benchmarks.dataset import TABLES
from benchmarks.paths import HERE, ROOT, WORK
from fieldstone.metadata.catalog.migrate import EXTENSION_SCHEMA
from fieldstone.sql import embedded
from fieldstone.sql.embedded.folder import recorded_lines

_TEMPLATE = "bench_template"
_RUN = "bench_run"
_LOOK = 0.05
_LOOKS = 4
_LONGEST_WAIT = 30.0
_STAGE = """
BEGIN
    INSERT INTO fieldstone.event_staging (workspace_id, object_id, record_id, action, after, actor)
    VALUES (TG_ARGV[0]::uuid, TG_ARGV[1]::uuid, NEW.id, 'created', to_jsonb(NEW), current_user);
    RETURN NULL;
END
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class SharedDatabase:
    """The database of one run.

    Attributes:
        dsn: libpq's connection string.
        socket_folder: where the server's UNIX socket is.
        user: the user to connect as.
        name: the database's name.
        schema: the schema of the workspace's tables.
        postmaster: the server's process id.
    """

    dsn: str
    socket_folder: str
    user: str
    name: str
    schema: str
    postmaster: int


@contextmanager
def shared_database() -> Iterator[SharedDatabase]:
    """Start the embedded PostgreSQL with a fresh copy of the data set, which is gone after the block."""
    server = embedded.start(WORK / "data")
    try:
        schema = _fill_template(server.dsn)
        with psycopg.connect(server.dsn, autocommit=True) as connection:
            _copy(connection)
            # The writes that the copy has left to do must not fall into the first measurement.
            connection.execute("CHECKPOINT")
        given = conninfo_to_dict(server.dsn)
        try:
            yield SharedDatabase(
                dsn=make_conninfo(server.dsn, dbname=_RUN),
                socket_folder=str(given["host"]),
                user=str(given["user"]),
                name=_RUN,
                schema=schema,
                postmaster=int(recorded_lines(server.folder)[0]),
            )
        finally:
            with psycopg.connect(server.dsn, autocommit=True) as connection:
                _drop(connection, _RUN)
    finally:
        embedded.stop(server)


def vacuum(database: SharedDatabase) -> None:
    """Bring the tables to rest after writes, so that one measurement does not weigh on the next."""
    with psycopg.connect(database.dsn, autocommit=True) as connection:
        for rows in TABLES:
            connection.execute(sql.SQL("VACUUM ANALYZE {}").format(sql.Identifier(database.schema, rows.table)))
        connection.execute("VACUUM ANALYZE fieldstone.event_staging")
        connection.execute("CHECKPOINT")


def wait_until_idle(database: SharedDatabase) -> None:
    """Wait until no client runs a statement, in several looks: a server may still work for clients that have left.

    Raises:
        TimeoutError: statements were still run half a minute later.
    """
    deadline = time.monotonic() + _LONGEST_WAIT
    idle = 0
    with psycopg.connect(database.dsn, autocommit=True) as connection:
        while idle < _LOOKS:
            if time.monotonic() > deadline:
                raise TimeoutError(f"PostgreSQL was not idle within {_LONGEST_WAIT:.0f} seconds of a measurement")
            time.sleep(_LOOK)
            found = connection.execute(
                "SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND backend_type = 'client backend'"
                " AND pid <> pg_backend_pid()"
            ).fetchone()
            idle = idle + 1 if found == (0,) else 0


def stage_events(database: SharedDatabase, *, application_name: str) -> None:
    """Have a trigger stage the event of each person that a connection of this application creates."""
    with psycopg.connect(database.dsn, autocommit=True) as connection:
        found = connection.execute(
            "SELECT workspace_id, id FROM fieldstone.object WHERE table_name = 'person' AND workspace_id ="
            " (SELECT id FROM fieldstone.workspace WHERE name = 'default')"
        ).fetchone()
        if found is None:
            raise LookupError("the workspace has no people")
        command = sql.SQL("CREATE FUNCTION public.stage_event() RETURNS trigger LANGUAGE plpgsql AS {}")
        connection.execute(command.format(sql.Literal(_STAGE)))
        command = sql.SQL(
            "CREATE TRIGGER stage_event AFTER INSERT ON {} FOR EACH ROW"
            " WHEN (current_setting('application_name') = {}) EXECUTE FUNCTION public.stage_event({}, {})"
        )
        table, ids = sql.Identifier(database.schema, "person"), [sql.Literal(str(id_)) for id_ in found]
        connection.execute(command.format(table, sql.Literal(application_name), *ids))


def _copy(connection: psycopg.Connection) -> None:
    _drop(connection, _RUN)
    command = sql.SQL("CREATE DATABASE {} TEMPLATE {} STRATEGY FILE_COPY")
    connection.execute(command.format(sql.Identifier(_RUN), sql.Identifier(_TEMPLATE)))


def _drop(connection: psycopg.Connection, name: str) -> None:
    connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


def _fill_template(server_dsn: str) -> str:
    """Make the filled database unless it is there; return the schema of its tables."""
    dsn = make_conninfo(server_dsn, dbname=_TEMPLATE)
    wanted = _fingerprint()
    with psycopg.connect(server_dsn, autocommit=True) as connection:
        found = connection.execute(
            "SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = %s", [_TEMPLATE]
        ).fetchone()
        if found is not None and found[0] is not None and (mark := str(found[0]).split())[0] == wanted:
            return mark[1]
        print("filling the database: about a minute, once", flush=True)
        _drop(connection, _TEMPLATE)
        connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(_TEMPLATE)))
        schema = _make_workspace(dsn)
        _fill(dsn, schema)
        mark_text = f"{wanted} {schema}"
        connection.execute(
            sql.SQL("COMMENT ON DATABASE {} IS {}").format(sql.Identifier(_TEMPLATE), sql.Literal(mark_text))
        )
        return schema


def _make_workspace(dsn: str) -> str:
    """Let the command make the workspace `default`, as it does before its first key; return the tables' schema."""
    run_fieldstone("api-key", "create", "--name", "filling", environment={"DATABASE_URL": dsn})
    with psycopg.connect(dsn) as connection:
        found = connection.execute("SELECT schema_name FROM fieldstone.workspace WHERE name = 'default'").fetchone()
    if found is None:
        raise LookupError("the command made no workspace")
    return str(found[0])


def _fill(dsn: str, schema: str) -> None:
    with psycopg.connect(dsn, autocommit=True) as connection:
        with connection.transaction(), connection.cursor() as cursor:
            for rows in TABLES:
                columns = sql.SQL(", ").join(map(sql.Identifier, rows.columns))
                command = sql.SQL("COPY {} ({}) FROM STDIN").format(sql.Identifier(schema, rows.table), columns)
                with cursor.copy(command) as copy:
                    for row in rows.generate():
                        copy.write_row(row)
        # Fieldstone's own trigrams are of folded texts, which the peers and the baseline do not ask for.
        connection.execute(
            sql.SQL("CREATE INDEX peers_email ON {} USING gin (email {}.gin_trgm_ops)").format(
                sql.Identifier(schema, "person"), sql.Identifier(EXTENSION_SCHEMA)
            )
        )
        connection.execute("VACUUM ANALYZE")


def _fingerprint() -> str:
    """Return a text that changes when the tables or the rows might."""
    sources = [HERE / "dataset.py", *(ROOT / "metadata").rglob("*.py"), *(ROOT / "metadata").rglob("*.sql")]
    digest = hashlib.sha256()
    for source in sorted([*sources, Path(__file__), ROOT / "sql" / "ddl" / "create.py"], key=Path.as_posix):
        digest.update(source.read_bytes())
    return digest.hexdigest()[:16]
