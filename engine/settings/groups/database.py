"""The settings of the database: where it lies, its connections, and the limits of a statement."""

from typing import Self

import platformdirs
from pydantic import model_validator

from fieldstone.engine.settings.cells import CellAddresses, Cells
from fieldstone.engine.settings.choices import Distribution
from fieldstone.engine.settings.declaration import (
    Address,
    Addresses,
    Folder,
    Group,
    RedisAddress,
    seconds,
    setting,
    whole,
)


class DatabaseSettings(Group):
    """The database, or the databases, with the connections to them."""

    # One row a setting.
    # fmt: off
    database_url: Address | None = setting(None,
        "The PostgreSQL (15 or newer) to use. Unset: Fieldstone starts its own in the data folder.",
        "a PostgreSQL connection string such as postgresql://user:password@host:5432/database",
        secret=True, variable="DATABASE_URL")
    owner_database_url: Address | None = setting(None,
        "The same database with the login that owns the tables and changes the model; `DATABASE_URL` only serves then.",
        "a PostgreSQL connection string such as postgresql://owner:password@host:5432/database", secret=True)
    replica_urls: Addresses = setting((),
        "Read replicas of the database; they answer the reads whose writes they have, and the primary all others.",
        "a list of PostgreSQL connection strings such as postgresql://user:password@replica:5432/database, separated by"
        " commas", secret=True)
    distribute: Distribution | None = setting(None,
        "`citus`: the database is the coordinator of a cluster of Citus, and each new workspace lies on one of its "
        "nodes. Unset: all workspaces lie in the one database.", "citus")
    cells: Cells = setting((),
        "Databases that have the workspaces between them, in the place of `DATABASE_URL`; the first is the home, which "
        "has the directory.",
        "a list of names with addresses such as home=postgresql://user:password@host:5432/database, separated by"
        " commas", secret=True)
    cell_replica_urls: CellAddresses = setting((),
        "Read replicas of the cells, each with the name of its cell, as `FIELDSTONE_REPLICA_URLS` are of one database.",
        "a list of names of cells with addresses such as home=postgresql://user:password@replica:5432/database,"
        " separated by commas", secret=True)
    cell_owner_urls: Cells = setting((),
        "For each cell the same database with the login that owns the tables, as `FIELDSTONE_OWNER_DATABASE_URL` is of "
        "one.",
        "a list of names of cells with addresses such as home=postgresql://owner:password@host:5432/database,"
        " separated by commas", secret=True)
    cell_listen_urls: Cells = setting((),
        "The cells' databases without a pooler, as `FIELDSTONE_LISTEN_URL` is of one, for each cell whose address "
        "leads to a pooler.",
        "a list of names of cells with addresses such as home=postgresql://user:password@host:5432/database,"
        " separated by commas", secret=True)
    data_dir: Folder = setting(platformdirs.user_data_path("fieldstone", appauthor=False),
        "The folder of the embedded PostgreSQL.", "the path of a folder in UTF-8")
    database_port: int | None = setting(None,
        "A TCP port at which the embedded PostgreSQL listens, for SQL roles. Unset: its UNIX socket alone.",
        "a whole number from 1 to 65535, 5432 for instance", ge=1, le=65_535)
    database_host: str = setting("127.0.0.1", "The address of `FIELDSTONE_DATABASE_PORT`.",
        "an address, or a host name", pattern=r"^[^\s,']+$")
    startup_timeout: float = seconds(60.0,
        "The longest wait for the database at the start, in seconds; commands other than `serve` and `migrate` wait 5 "
        "unless it is set.")
    pool_size: int = whole(8,
        "Database connections for requests; of several workspaces each gets at most half. Unset with several workers: "
        "these share 16, 2 each at least.", most=1000)
    lanes: int = whole(4,
        "The number of `FIELDSTONE_POOL_SIZE` connections on which short reads may share messages; 0 is off.",
        least=0, most=1000)
    session_pool_size: int = whole(4, "Database connections for changes of the model, keys and the like.", most=1000)
    listen_url: Address | None = setting(None,
        "The same database without a pooler, if `DATABASE_URL` leads to one: for LISTEN, and, by the login that owns "
        "the tables, for builds of indexes and for moves.",
        "a PostgreSQL connection string such as postgresql://user:password@host:5432/database", secret=True)
    broadcast_url: RedisAddress | None = setting(None,
        "The Redis by which processes notify each other of changes. Unset: PostgreSQL's LISTEN and NOTIFY.",
        "a Redis URL such as redis://127.0.0.1:6379/0, with `pip install 'fieldstone[redis]'`", secret=True)
    prepare_statements: bool = setting(True,
        "Whether statements are prepared; `false` suits pgbouncer in transaction mode.", "true or false")
    statement_timeout: float = seconds(15.0, "The longest run of one SQL statement, in seconds.")
    long_statement: int = whole(20,
        "Milliseconds: of the statements of a workspace that keep a connection for longer, one runs at a time for each "
        "8 connections while others send requests. A sixteenth of it counts for a workspace that makes their short "
        "reads late. 0 is off.", least=0, most=3_600_000)
    work_mem_mb: int = whole(8, "PostgreSQL's memory for each sort and hash of a statement, in MiB; beyond it, files.",
        most=65_536)
    temp_file_mb: int = whole(1_024,
        "The largest size of one statement's temporary files, in MiB; 0 keeps PostgreSQL's limit.", least=0,
        most=1_048_576)
    max_rewrite_bytes: int = whole(256 << 20,
        "The largest table that a change of the model may rewrite while others wait, in bytes.", least=0)
    # fmt: on

    @model_validator(mode="after")
    def _owner_has_a_server(self) -> Self:
        if self.owner_database_url is not None and self.database_url is None:
            raise ValueError("FIELDSTONE_OWNER_DATABASE_URL needs DATABASE_URL, the login that serves.")
        return self

    @model_validator(mode="after")
    def _cells_are_all_databases(self) -> Self:
        others = (self.database_url, self.owner_database_url, self.listen_url)
        if self.cells and (any(one is not None for one in others) or self.replica_urls or self.distribute):
            raise ValueError(
                "FIELDSTONE_CELLS takes the place of DATABASE_URL, and cannot be used with it, nor with"
                " FIELDSTONE_OWNER_DATABASE_URL, _LISTEN_URL or _REPLICA_URLS, for which there are _CELL_OWNER_URLS,"
                " _CELL_LISTEN_URLS and _CELL_REPLICA_URLS, nor with _DISTRIBUTE."
            )
        return self

    @model_validator(mode="after")
    def _addresses_are_of_cells(self) -> Self:
        names = {cell.name for cell in self.cells}
        for variable, given in (
            ("FIELDSTONE_CELL_REPLICA_URLS", self.cell_replica_urls),
            ("FIELDSTONE_CELL_OWNER_URLS", self.cell_owner_urls),
            ("FIELDSTONE_CELL_LISTEN_URLS", self.cell_listen_urls),
        ):
            if unknown := sorted({one.name for one in given} - names):
                raise ValueError(f"{variable} names {unknown[0]}, which is no cell of FIELDSTONE_CELLS.")
        if self.cell_owner_urls and len(self.cell_owner_urls) < len(self.cells):
            raise ValueError("FIELDSTONE_CELL_OWNER_URLS must name every cell: workspaces move between all of them.")
        return self

    @model_validator(mode="after")
    def _a_coordinator_is_given(self) -> Self:
        if self.distribute is not None and self.database_url is None:
            raise ValueError("FIELDSTONE_DISTRIBUTE needs DATABASE_URL, the coordinator of the cluster.")
        if self.distribute is not None and self.replica_urls:
            raise ValueError("FIELDSTONE_DISTRIBUTE excludes FIELDSTONE_REPLICA_URLS: the nodes answer the reads.")
        return self

    @property
    def has_replicas(self) -> bool:
        """Whether the database, or a cell, has read replicas."""
        return bool(self.replica_urls or self.cell_replica_urls)

    @property
    def main_database_url(self) -> str | None:
        """The address of the database, or of the home where there are cells; None for an embedded one."""
        return self.cells[0].url if self.cells else self.database_url
