"""What stands behind the endpoints of one app, and what the commands work with."""

from collections.abc import Callable
from dataclasses import dataclass

from engine.events.service import Events
from engine.metrics import RuntimeStats
from engine.pipeline import GraphQLApi
from engine.webhooks.service import Webhooks
from metadata.catalog.migrate import Catalog
from metadata.current import CurrentSnapshots
from metadata.model import Snapshot
from metadata.tenants.key_store import KeyStore
from metadata.tenants.workspaces import Workspaces
from metadata.writer import ModelWriter
from sql.embedded import Watch
from sql.executor import Database


@dataclass(frozen=True, slots=True, kw_only=True)
class Foundation:
    """An open database whose catalog is up to date, with the workspace `default` in it.

    Attributes:
        embedded: the watch over the embedded PostgreSQL; None where the database is another.
        default: the model of that workspace.
    """

    database: Database
    catalog: Catalog
    embedded: Watch | None
    current: CurrentSnapshots
    keys: KeyStore
    workspaces: Workspaces
    writer: ModelWriter
    default: Snapshot


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
