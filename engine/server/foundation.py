"""The foundation of a process: the database, its catalog, and the models and keys read from it."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from psycopg.conninfo import conninfo_to_dict, make_conninfo

from fieldstone.engine.access.compile_share import CompileShare
from fieldstone.engine.access.load_shedding import LoadShedding
from fieldstone.engine.metadata_api.roles.saved_rules import check_role_rules
from fieldstone.engine.planner.access.view_rules import compile_view_rules
from fieldstone.engine.settings import Settings
from fieldstone.engine.work_thread import WorkThread
from fieldstone.metadata.catalog.logins import grant_serving
from fieldstone.metadata.catalog.migrate import Catalog
from fieldstone.metadata.errors import NameTaken, UnknownObject
from fieldstone.metadata.model import Snapshot
from fieldstone.metadata.snapshot_cache import CurrentSnapshots
from fieldstone.metadata.workspaces.distribution import require_coordinator
from fieldstone.metadata.workspaces.key_store import KeyStore
from fieldstone.metadata.workspaces.registry import DEFAULT_WORKSPACE, Workspaces
from fieldstone.metadata.writer.model_writer import ModelWriter
from fieldstone.sql.executor import Database
from fieldstone.sql.frozen import frozen
from fieldstone.sql.pool_settings import PoolSettings
from fieldstone.sql.statement import Statement

if TYPE_CHECKING:
    from fieldstone.sql.embedded import Watch

_USER = Statement(text="SELECT current_user")
_PAST_POOLER = "fieldstone direct"
"""The name in pg_stat_activity of connections that no pooler shares."""
_CLOSING = 2.0
"""Seconds that the pool waits for statements that a drained server still runs."""


@frozen
class Foundation:
    """An open database whose catalog is up to date, with the workspace `default` in it.

    Attributes:
        embedded: the watch over the embedded PostgreSQL; None where the database is another.
        found_default: the model of that workspace; None where a command that only reads has found none.
        work: runs calls that would hold up the event loop.
        shedding: makes the refusals of operations that would wait too long.
        share: bounds the time in which the documents of one workspace are compiled.
    """

    database: Database
    catalog: Catalog
    embedded: "Watch | None"
    current: CurrentSnapshots
    keys: KeyStore
    workspaces: Workspaces
    writer: ModelWriter
    found_default: Snapshot | None
    work: WorkThread
    shedding: LoadShedding
    share: CompileShare

    @property
    def default(self) -> Snapshot:
        """Return the model of the workspace `default`; raises UnknownObject."""
        if self.found_default is None:
            raise UnknownObject(f'there is no workspace "{DEFAULT_WORKSPACE}"', field="name")
        return self.found_default


@asynccontextmanager
async def open_foundation(
    settings: Settings,
    *,
    connect: Callable[..., Database] = Database.connect,
    joined: str | None = None,
    only_reads: bool = False,
) -> AsyncIterator[Foundation]:
    """Open the catalog, and make the workspace `default` where it is missing.

    Args:
        settings: those of the process.
        connect: makes the database.
        joined: the connection string of an embedded PostgreSQL that another process starts and stops.
        only_reads: change nothing, and refuse a catalog that is not up to date.

    Raises:
        SqlError: the database cannot be had.
        MetadataError: its catalog is not for this program.
    """
    shedding = LoadShedding()
    async with (
        open_catalog(settings, connect=connect, joined=joined, only_reads=only_reads) as (database, catalog, watch),
        WorkThread(patience=settings.max_queue_ms / 1000, shedding=shedding) as work,
    ):
        current = CurrentSnapshots(database, most_bytes=settings.model_cache_mb << 20)
        workspaces = Workspaces(database, current, trigram=catalog.trigram, distributes=settings.distribute is not None)
        yield Foundation(
            database=database,
            catalog=catalog,
            embedded=watch,
            current=current,
            keys=KeyStore(database),
            workspaces=workspaces,
            writer=ModelWriter(
                database,
                current,
                trigram=catalog.trigram,
                largest_rewrite=settings.max_rewrite_bytes,
                check=check_role_rules,
                compile_rules=compile_view_rules,
            ),
            found_default=await _find_default(workspaces, current, creates=not only_reads),
            work=work,
            shedding=shedding,
            share=CompileShare(
                is_shared=lambda: database.is_shared, patience=settings.max_queue_ms / 1000, shedding=shedding
            ),
        )


@asynccontextmanager
async def open_catalog(
    settings: Settings,
    *,
    connect: Callable[..., Database] = Database.connect,
    joined: str | None = None,
    only_reads: bool = False,
) -> "AsyncIterator[tuple[Database, Catalog, Watch | None]]":
    """Connect to the given database, or start or join the embedded one, and bring its catalog up to date.

    The watch over the embedded one comes with it. With `only_reads` a catalog that is not up to date is refused, and no
    embedded one is made.

    Raises:
        SqlError: the database cannot be had.
        MetadataError: its catalog is not for this program.
    """
    async with (
        address(settings, joined, only_reads=only_reads) as (dsn, watch),
        open_database(settings, dsn, connect=connect, needs_primary=not only_reads) as database,
    ):
        if settings.distribute is not None:
            await require_coordinator(database)
        catalog = await (Catalog.read(database) if only_reads else Catalog.migrate(database))
        if settings.owner_database_url is not None and not only_reads:
            await grant_serving(database, await user_of(database))
        yield database, catalog, watch


@asynccontextmanager
async def open_database(
    settings: Settings,
    dsn: str,
    *,
    connect: Callable[..., Database] = Database.connect,
    needs_primary: bool = False,
) -> AsyncIterator[Database]:
    """Connect to the database at `dsn`, whatever its catalog is; with `needs_primary` a standby is not served from.

    Raises:
        SqlError: the database cannot be had.
    """
    owner = settings.owner_database_url
    database = connect(dsn, settings=pool_settings(settings), owner_dsn=owner, direct_dsn=_direct(settings))
    try:
        await database.open(needs_primary=needs_primary)
        yield database
    finally:
        await database.close()


def _direct(settings: Settings) -> str | None:
    """Return the address past a pooler, with the login of the tables' owner; None if there is none."""
    if settings.prepare_statements or settings.listen_url is None:
        return None
    given = {"application_name": _PAST_POOLER} | conninfo_to_dict(settings.listen_url)
    owner = conninfo_to_dict(settings.owner_database_url or settings.main_database_url or settings.listen_url)
    if owner.get("password") is not None or owner.get("user") not in {None, given.get("user")}:
        given |= {key: owner.get(key) for key in ("user", "password")}
    return make_conninfo("", **given)


async def user_of(database: Database) -> str:
    """Return the user of the connections that serve."""
    ((name,),) = await database.read(_USER, (), share=None)
    return (name or b"").decode()


async def _find_default(workspaces: Workspaces, current: CurrentSnapshots, *, creates: bool) -> Snapshot | None:
    try:
        workspace = await workspaces.find(DEFAULT_WORKSPACE)
    except UnknownObject:
        if not creates:
            return None
        try:
            return await workspaces.create(DEFAULT_WORKSPACE, actor="fieldstone")
        except NameTaken:  # by a process that started at the same time
            workspace = await workspaces.find(DEFAULT_WORKSPACE)
    return await current.get(workspace.id)


@asynccontextmanager
async def address(
    settings: Settings, joined: str | None = None, *, only_reads: bool = False
) -> "AsyncIterator[tuple[str, Watch | None]]":
    """Yield the address of the database; the embedded server, which runs for the length of the block, has a watch.

    One that is `joined`, by its address, has another owner. With `only_reads` none is made.

    Raises:
        SqlError: the embedded server cannot be started.
    """
    if (given := settings.main_database_url or joined) is not None:
        yield given, None
        return
    from fieldstone.engine.server.embedded_database import embedded_database  # noqa: PLC0415 - it says why

    async with embedded_database(settings, creates=not only_reads) as watch:
        yield watch.address, watch


def pool_settings(settings: Settings) -> PoolSettings:
    """Return the settings of the connections to the database."""
    return PoolSettings(
        connections=settings.pool_size,
        sessions=settings.session_pool_size,
        lanes=settings.lanes,
        prepare=settings.prepare_statements,
        open_timeout=settings.startup_timeout,
        close_timeout=_CLOSING,
        statement_timeout=settings.statement_timeout,
        long_statement=settings.long_statement / 1_000,
        work_mem_mb=settings.work_mem_mb,
        temp_file_mb=settings.temp_file_mb,
        response_limit=settings.max_response_bytes,
    )
