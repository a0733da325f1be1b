"""What stands behind the endpoints of one app, and what the commands work with."""

from collections.abc import Callable
from dataclasses import dataclass

from fieldstone.engine.events.service import Events
from fieldstone.engine.request.path import GraphQLApi
from fieldstone.engine.server.metrics import RuntimeStats
from fieldstone.engine.webhooks.service import Webhooks
from fieldstone.engine.work_thread import WorkThread
from fieldstone.metadata.catalog.migrate import Catalog
from fieldstone.metadata.model import Snapshot
from fieldstone.metadata.snapshot_cache import CurrentSnapshots
from fieldstone.metadata.workspaces.key_store import KeyStore
from fieldstone.metadata.workspaces.registry import Workspaces
from fieldstone.metadata.writer.model_writer import ModelWriter
from fieldstone.sql.embedded import Watch
from fieldstone.sql.executor import Database


@dataclass(frozen=True, slots=True, kw_only=True)
class Foundation:
    """An open database whose catalog is up to date, with the workspace `default` in it.

    Attributes:
        embedded: the watch over the embedded PostgreSQL; None where the database is another.
        default: the model of that workspace.
        work: for what would hold up the event loop.
    """

    database: Database
    catalog: Catalog
    embedded: Watch | None
    current: CurrentSnapshots
    keys: KeyStore
    workspaces: Workspaces
    writer: ModelWriter
    default: Snapshot
    work: WorkThread


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """The open parts of one process.

    Attributes:
        core: the API of the records.
        metadata: the API of the model.
        events: what happens to the records.
        webhooks: send it to those who asked for it.
        stats: reads what the parts count.
    """

    foundation: Foundation
    keys: KeyStore
    core: GraphQLApi
    metadata: GraphQLApi
    events: Events
    webhooks: Webhooks
    stats: Callable[[], RuntimeStats]
