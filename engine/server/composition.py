"""Puts the parts together: opened in their order, from the database to the two APIs, and closed in reverse."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

from fieldstone.engine.documents.document import DocumentLimits
from fieldstone.engine.events.log.partitions import Retention
from fieldstone.engine.events.quotas import QuotaLimits
from fieldstone.engine.events.service import open_events
from fieldstone.engine.metadata_api.api import build_metadata_api
from fieldstone.engine.metadata_api.broken_operations import broken_operations
from fieldstone.engine.planner.context import RecordLimits
from fieldstone.engine.request.compile import Limits
from fieldstone.engine.request.path import GraphQLApi
from fieldstone.engine.request.plan_renewal import PlanRenewal
from fieldstone.engine.server.core_api import build_core_api
from fieldstone.engine.server.metrics import ModelStats, RuntimeStats
from fieldstone.engine.server.process_sync import keep_in_step
from fieldstone.engine.server.services import Foundation, Services
from fieldstone.engine.settings import Settings
from fieldstone.engine.webhooks.dispatcher import Effort
from fieldstone.engine.webhooks.retention import Keep
from fieldstone.engine.webhooks.service import WebhookOptions, Webhooks
from fieldstone.engine.webhooks.ssrf_guard import Targets
from fieldstone.engine.work_thread import WorkThread
from fieldstone.metadata.catalog.migrate import Catalog
from fieldstone.metadata.errors import NameTaken, UnknownObject
from fieldstone.metadata.model import Snapshot
from fieldstone.metadata.online_ddl.builder import Builder
from fieldstone.metadata.snapshot_cache import CurrentSnapshots
from fieldstone.metadata.workspaces.key_store import KeyStore
from fieldstone.metadata.workspaces.registry import DEFAULT_WORKSPACE, Workspaces
from fieldstone.metadata.writer.model_writer import ModelWriter
from fieldstone.sql import embedded
from fieldstone.sql.concurrency.tasks import end_tasks, keep_running
from fieldstone.sql.concurrency.wakeup import Wake
from fieldstone.sql.executor import Database
from fieldstone.sql.pool_settings import PoolSettings

_CLOSING = 2.0
"""Seconds that the pool waits for what a drained server still runs."""


@asynccontextmanager
async def assemble(settings: Settings) -> AsyncIterator[Services]:
    """Open everything that the endpoints need.

    Raises:
        SqlError: the database cannot be had.
        MetadataError: its catalog is not for this program.
    """
    async with open_foundation(settings) as foundation:
        limits = _limits(settings)
        writer = foundation.writer
        written = Wake()
        core = build_core_api(
            foundation.database,
            foundation.current,
            limits,
            work=foundation.work,
            time_limit=settings.statement_timeout,
            written=written,
        )
        webhooks = _webhooks(settings, foundation)
        metadata = build_metadata_api(
            foundation.database,
            foundation.current,
            writer,
            foundation.keys,
            limits,
            work=foundation.work,
            time_limit=settings.statement_timeout,
            webhooks=webhooks,
            find_broken=broken_operations(core.plans, foundation.work),
        )
        foundation.current.when_forgotten(core.forget)
        foundation.current.when_forgotten(metadata.forget)
        async with (
            keep_in_step(settings, foundation, writer) as broadcast,
            _building(foundation) as builder,
            _renewing_plans(foundation, core),
            open_events(
                foundation.database,
                foundation.current,
                core,
                written,
                retention=Retention(
                    window=timedelta(hours=settings.event_retention_hours), count=settings.event_retention_count
                ),
                quotas=_quotas(settings),
                hints=broadcast,
            ) as events,
            webhooks.running(events),
        ):
            foundation.current.keep_while(events.hub.serves)
            yield Services(
                foundation=foundation,
                keys=foundation.keys,
                core=core,
                metadata=metadata,
                events=events,
                webhooks=webhooks,
                stats=lambda: RuntimeStats(
                    pool=foundation.database.stats(),
                    plans=core.plans.counters,
                    cached_documents=len(core.plans),
                    versions={one.workspace.name: one.version for one in foundation.current.loaded()},
                    models=ModelStats(
                        bytes=foundation.current.bytes,
                        loads=foundation.current.counters.loads,
                        evictions=foundation.current.counters.evictions,
                    ),
                    events=events.stats(),
                    webhooks=webhooks.stats(),
                    broadcast=broadcast.stats(),
                    builds=builder.counters,
                ),
            )


@asynccontextmanager
async def _building(foundation: Foundation) -> AsyncIterator[Builder]:
    """Build in the background what changes leave to be built."""
    builder = Builder(foundation.database, foundation.writer, trigram=foundation.catalog.trigram)
    foundation.writer.when_postponed(builder.wake)
    task = asyncio.create_task(keep_running(builder.run), name="fieldstone builder")
    try:
        yield builder
    finally:
        await end_tasks(task)


@asynccontextmanager
async def _renewing_plans(foundation: Foundation, core: GraphQLApi) -> AsyncIterator[None]:
    """Make the plans again in the background that changes of a model touch."""
    renewal = PlanRenewal(core)
    foundation.current.add_listener(renewal.notice)
    task = asyncio.create_task(keep_running(renewal.run), name="fieldstone plan renewal")
    try:
        yield
    finally:
        await end_tasks(task)


@asynccontextmanager
async def open_foundation(settings: Settings) -> AsyncIterator[Foundation]:
    """Open the catalog, and make the workspace `default` where it is missing.

    Raises:
        SqlError: the database cannot be had.
        MetadataError: its catalog is not for this program.
    """
    async with open_catalog(settings) as (database, catalog, watch), WorkThread() as work:
        current = CurrentSnapshots(database, most_bytes=settings.model_cache_mb << 20)
        workspaces = Workspaces(database, current, trigram=catalog.trigram)
        yield Foundation(
            database=database,
            catalog=catalog,
            embedded=watch,
            current=current,
            keys=KeyStore(database),
            workspaces=workspaces,
            writer=ModelWriter(database, current, trigram=catalog.trigram, largest_rewrite=settings.max_rewrite_bytes),
            default=await _find_or_create_default(workspaces, current),
            work=work,
        )


@asynccontextmanager
async def open_catalog(settings: Settings) -> AsyncIterator[tuple[Database, Catalog, embedded.Watch | None]]:
    """Connect to the given database, or start or join the embedded one, and bring its catalog up to date.

    The watch over the embedded one comes with it.

    Raises:
        SqlError: the database cannot be had.
        MetadataError: its catalog is not for this program.
    """
    async with _address(settings) as (dsn, watch):
        database = Database.connect(dsn, settings=_pool_settings(settings))
        try:
            await database.open()
            yield database, await Catalog.migrate(database), watch
        finally:
            await database.close()


async def _find_or_create_default(workspaces: Workspaces, current: CurrentSnapshots) -> Snapshot:
    try:
        workspace = await workspaces.find(DEFAULT_WORKSPACE)
    except UnknownObject:
        try:
            return await workspaces.create(DEFAULT_WORKSPACE, actor="fieldstone")
        except NameTaken:  # by a process that started at the same time
            workspace = await workspaces.find(DEFAULT_WORKSPACE)
    return await current.get(workspace.id)


@asynccontextmanager
async def _address(settings: Settings) -> AsyncIterator[tuple[str, embedded.Watch | None]]:
    if settings.database_url is not None:
        yield settings.database_url, None
        return
    server = await _start_embedded(settings)
    watch = embedded.Watch(server)
    task = asyncio.create_task(keep_running(watch.run), name="fieldstone watch over PostgreSQL")
    try:
        yield server.dsn, watch
    finally:
        await end_tasks(task)
        await asyncio.shield(asyncio.to_thread(embedded.stop, server))


async def _start_embedded(settings: Settings) -> embedded.EmbeddedServer:
    starting = asyncio.ensure_future(asyncio.to_thread(embedded.start, settings.data_dir))
    try:
        return await asyncio.shield(starting)
    except asyncio.CancelledError:
        # The thread cannot be stopped halfway: what it starts must be stopped again.
        await asyncio.to_thread(embedded.stop, await starting)
        raise


def _pool_settings(settings: Settings) -> PoolSettings:
    return PoolSettings(
        connections=settings.pool_size,
        sessions=settings.session_pool_size,
        prepare=settings.prepare_statements,
        open_timeout=settings.startup_timeout,
        close_timeout=_CLOSING,
        statement_timeout=settings.statement_timeout,
        work_mem_mb=settings.work_mem_mb,
        temp_file_mb=settings.temp_file_mb,
        response_limit=settings.max_response_bytes,
    )


def _webhooks(settings: Settings, foundation: Foundation) -> Webhooks:
    return Webhooks(
        foundation.database,
        foundation.current,
        Targets(settings.webhook_allow),
        WebhookOptions(
            time_limit=settings.webhook_timeout,
            disable_after=settings.webhook_disable_after,
            effort=Effort(
                total=settings.webhook_concurrency,
                each=settings.webhook_concurrency_each,
                attempts=settings.webhook_attempts,
                first_pause=settings.webhook_retry_delay,
            ),
            keep=Keep(
                delivered=timedelta(hours=settings.webhook_retention_hours),
                failed=timedelta(hours=settings.webhook_failed_hours),
            ),
        ),
    )


def _quotas(settings: Settings) -> QuotaLimits:
    return QuotaLimits(
        subscriptions=settings.max_subscriptions,
        sockets=settings.max_sockets,
        bytes_each=settings.max_subscription_bytes,
        bytes_total=settings.max_subscription_bytes_total,
    )


def _limits(settings: Settings) -> Limits:
    return Limits(
        document=DocumentLimits(tokens=settings.max_tokens, depth=settings.max_depth, aliases=settings.max_aliases),
        records=RecordLimits(
            default_page=settings.default_page,
            largest_page=settings.max_page,
            bulk=settings.max_bulk_writes,
            cost=settings.max_cost,
        ),
        cached_documents=settings.plan_cache_size,
    )
