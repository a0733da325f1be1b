"""The options of a process's parts, as its settings say them."""

from datetime import timedelta

from fieldstone.engine.access.load_shedding import LoadShedding
from fieldstone.engine.access.slots import Slots
from fieldstone.engine.documents.document import DocumentLimits
from fieldstone.engine.events.log.partitions import Retention
from fieldstone.engine.events.quotas import QuotaLimits
from fieldstone.engine.metadata_api.roles.me import ServerFacts
from fieldstone.engine.planner.context import RecordLimits
from fieldstone.engine.request.compile import Limits
from fieldstone.engine.settings import Settings
from fieldstone.engine.version import VERSION
from fieldstone.engine.webhooks.dispatcher import Effort
from fieldstone.engine.webhooks.retention import Keep
from fieldstone.engine.webhooks.service import WebhookOptions
from fieldstone.metadata.catalog.secret_box import SecretBox
from fieldstone.sql.executor import Database


def facts_of(settings: Settings) -> ServerFacts:
    """Return the facts of the server that a principal is told."""
    return ServerFacts(
        version=VERSION,
        environment=settings.environment.value,
        rate=settings.rate_limit,
        session_rate=settings.session_rate_limit,
        page=settings.max_page,
        cost=settings.max_cost,
    )


def limits_of(settings: Settings) -> Limits:
    """Return the limits of a request."""
    return Limits(
        document=DocumentLimits(
            tokens=settings.max_tokens,
            depth=settings.max_depth,
            aliases=settings.max_aliases,
            introspection=settings.introspection,
        ),
        records=RecordLimits(
            default_page=settings.default_page,
            largest_page=settings.max_page,
            bulk=settings.max_bulk_writes,
            cost=settings.max_cost,
            response_bytes=settings.max_response_bytes,
        ),
        cached_documents=settings.plan_cache_size,
    )


def slots_of(settings: Settings, database: Database, shedding: LoadShedding) -> Slots:
    """Return the slots for the operations of keys and workspaces."""
    each, workspace = settings.max_concurrent_per_key, settings.max_concurrent_per_workspace
    # Several times the connections: short reads share them, and other operations are read while some run.
    return Slots(
        each=max(32, 4 * settings.pool_size) if each is None else each,
        workspace=max(64, 8 * settings.pool_size) if workspace is None else workspace,
        patience=settings.max_queue_ms / 1000,
        shedding=shedding,
        database=database,
    )


def quotas_of(settings: Settings) -> QuotaLimits:
    """Return the limits of subscriptions."""
    return QuotaLimits(
        subscriptions=settings.max_subscriptions,
        live_queries=settings.max_live_queries,
        sockets=settings.max_sockets,
        bytes_each=settings.max_subscription_bytes,
        bytes_total=settings.max_subscription_bytes_total,
    )


def retention_of(settings: Settings) -> Retention:
    """Return the times for which events are kept."""
    return Retention(
        window=timedelta(hours=settings.event_retention_hours),
        count=settings.event_retention_count,
        history=timedelta(days=settings.history_days),
    )


def webhook_options_of(settings: Settings, box: SecretBox) -> WebhookOptions:
    """Return the options of the webhooks, whose secrets are in this box."""
    return WebhookOptions(
        time_limit=settings.webhook_timeout,
        box=box,
        echoes=settings.is_development,
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
    )
