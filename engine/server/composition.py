"""The composition of a process: its parts, opened from the database to the two APIs, and closed in reverse."""

import logging
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from functools import partial

from fieldstone.engine.audit.retention import keep_trimmed
from fieldstone.engine.audit.trail import AuditTrail
from fieldstone.engine.broadcast import Broadcast
from fieldstone.engine.events.hub import Hub
from fieldstone.engine.events.service import Events, open_events
from fieldstone.engine.identity.anonymous import VisitorSettings
from fieldstone.engine.identity.identity import Identity, open_identity
from fieldstone.engine.identity.watch import PrincipalWatch
from fieldstone.engine.metadata_api.api import build_metadata_api
from fieldstone.engine.metadata_api.plans.broken_operations import broken_operations
from fieldstone.engine.metadata_api.roles.me import ServerFacts
from fieldstone.engine.nodes.open import open_reads
from fieldstone.engine.request.core_api import ApiParts, build_core_api
from fieldstone.engine.request.idempotency.kept_answers import keep_swept
from fieldstone.engine.request.path import GraphQLApi
from fieldstone.engine.request.plan_renewal import PlanRenewal
from fieldstone.engine.request.stored_documents.documents import StoredDocuments
from fieldstone.engine.request.stored_documents.watch import keep_compared
from fieldstone.engine.rest.api import RestApi
from fieldstone.engine.rest.import_jobs.running import Means
from fieldstone.engine.rest.import_jobs.service import ImportJobs
from fieldstone.engine.rest.import_jobs.store import JobStore
from fieldstone.engine.rest.metadata.api import MetadataRestApi
from fieldstone.engine.server.foundation import Foundation, open_foundation, pool_settings
from fieldstone.engine.server.options import facts_of, limits_of, quotas_of, retention_of, slots_of, webhook_options_of
from fieldstone.engine.server.parts import PLAIN, Parts
from fieldstone.engine.server.process_sync import keep_in_step
from fieldstone.engine.server.rate_limits.failed_tokens import MOST_SIGN_INS, SIGN_IN_WINDOW, FailedTokens
from fieldstone.engine.server.rate_limits.leases import open_leases
from fieldstone.engine.server.rate_limits.limiter import RateLimiter, build_limiter
from fieldstone.engine.server.worker_place import WorkerPlace
from fieldstone.engine.settings import Documents, Settings
from fieldstone.engine.slow_operations.watch import SlowOperations
from fieldstone.engine.webhooks.sending.ssrf_guard import Targets
from fieldstone.engine.webhooks.service import Webhooks
from fieldstone.metadata.catalog.secret_box import SecretBox
from fieldstone.metadata.catalog.secret_rotation import check_secrets, rotate_secrets
from fieldstone.metadata.online_ddl.builder import Builder
from fieldstone.metadata.workspaces.key_store import KeyStore
from fieldstone.metadata.workspaces.registry import DEFAULT_WORKSPACE
from fieldstone.metadata.workspaces.uses import keep_noted
from fieldstone.sql.concurrency.tasks import running
from fieldstone.sql.concurrency.wakeup import Wake
from fieldstone.sql.frozen import frozen

_LOG = logging.getLogger(__name__)


@frozen
class Services:
    """The open parts of one process.

    Attributes:
        limiter: counts the operations of principals.
        identity: finds the principals of requests.
        watch: ends the connections of principals that have ended or changed.
        core: the API of the records.
        rest: the same for clients of REST.
        metadata_rest: the API of the model for clients of REST.
        metadata: the API of the model.
        events: the log of writes, and its subscriptions.
        webhooks: send the events to the URLs that asked for them.
        broadcast: the messages to and from other processes.
        builder: the work on big tables after a change's commit.
        audit: notes acts that any number of requests may do.
        failed_tokens: bounds the credentials that are verified in vain.
        failed_sign_ins: bounds the sign-ins that fail.
        facts: of the server, which a principal is told.
        slow: notes the slow operations; None if nothing does.
        import_jobs: the imports that go on behind their requests.
    """

    foundation: Foundation
    keys: KeyStore
    limiter: RateLimiter
    identity: Identity
    watch: PrincipalWatch
    core: GraphQLApi
    rest: RestApi
    metadata_rest: MetadataRestApi
    metadata: GraphQLApi
    events: Events
    webhooks: Webhooks
    broadcast: Broadcast
    builder: Builder
    audit: AuditTrail
    failed_tokens: FailedTokens
    failed_sign_ins: FailedTokens
    facts: ServerFacts
    slow: SlowOperations | None
    import_jobs: ImportJobs


@asynccontextmanager
async def assemble(
    settings: Settings, parts: Parts = PLAIN, *, place: WorkerPlace | None = None
) -> AsyncIterator[Services]:
    """Open everything that the endpoints need.

    Args:
        settings: those of the process.
        parts: the kinds of its parts.
        place: its place among the workers of its supervisor, if it is one.

    Raises:
        SqlError: the database cannot be had.
        MetadataError: its catalog is not for this program.
    """
    async with (
        open_foundation(
            settings, connect=parts.connect, joined=None if place is None else place.embedded
        ) as foundation,
        _identity(settings, foundation) as identity,
        open_leases(
            settings.shared_rate_limit_url,
            length=settings.rate_window_ms / 1000,
            counts=None if place is None else place.counts,
            workers=1 if place is None else place.workers,
        ) as leases,
        open_reads(foundation.database, settings, pool_settings(settings), connect=parts.connect) as reads,
    ):
        box = await _open_secrets(settings, foundation)
        writer = foundation.writer
        writer.require_nodes = reads.require_nodes
        written = Wake()
        limiter = build_limiter(settings, foundation.current, leases)
        foundation.keys.changed.connect(lambda _: identity.sessions.forget_all())
        watch = PrincipalWatch(identity)
        facts = facts_of(settings)
        slow = _slow_operations(settings, foundation)
        documents = StoredDocuments(
            foundation.database,
            only_trusted=settings.documents is not Documents.ANY,
            with_rest=settings.documents is Documents.TRUSTED_AND_REST,
            most_persisted=settings.persisted_queries,
            time_limit=settings.statement_timeout,
        )
        shared = ApiParts(
            database=foundation.database,
            current=foundation.current,
            limits=limits_of(settings),
            work=foundation.work,
            time_limit=settings.statement_timeout,
            relay=settings.relay,
            slots=slots_of(settings, foundation.database, foundation.shedding),
            reads=reads,
            share=foundation.share,
            build_compiler=parts.compiler,
            build_api=partial(parts.api, slow=slow),
        )
        core = build_core_api(shared, written=written, documents=documents)
        webhooks = Webhooks(
            foundation.database,
            foundation.current,
            Targets(settings.webhook_allow),
            webhook_options_of(settings, box),
            build_sender=parts.sender,
        )
        metadata = build_metadata_api(
            shared,
            writer,
            foundation.keys,
            webhooks=webhooks,
            denied=identity.tokens.denied,
            sessions=identity.sessions,
            server=facts,
            find_broken=broken_operations(core.compiler.plans, foundation.work, relay=settings.relay),
        )
        if not settings.prepare_statements and settings.listen_url is None:
            _LOG.warning(
                "DATABASE_URL leads to a pooler, which gives the lock and the settings of builds to other clients, so"
                " that later builds wait. FIELDSTONE_LISTEN_URL takes an address without the pooler"
            )
        async with (
            keep_in_step(settings, foundation, writer) as broadcast,
            _building(foundation) as builder,
            running(
                {
                    "kept answers": lambda: keep_swept(foundation.database),
                    "principal watch": watch.run,
                    "uses": lambda: keep_noted(foundation.keys, identity.sessions),
                }
                | ({} if slow is None else {"slow operations": slow.run})
            ),
            _auditing(settings, foundation) as audit,
            open_events(
                foundation.database,
                foundation.current,
                core,
                written,
                retention=retention_of(settings),
                quotas=quotas_of(settings),
                hints=broadcast,
                live_poll=settings.live_poll,
                watch=parts.watch,
            ) as events,
            _renewing_plans(foundation, core),
            _comparing_documents(documents, events.hub),
            webhooks.running(events),
            _importing(settings, foundation, core, identity, limiter) as import_jobs,
        ):
            yield Services(
                foundation=foundation,
                keys=foundation.keys,
                identity=identity,
                watch=watch,
                limiter=limiter,
                core=core,
                rest=RestApi(core),
                metadata_rest=MetadataRestApi(metadata, core),
                metadata=metadata,
                events=events,
                webhooks=webhooks,
                broadcast=broadcast,
                builder=builder,
                audit=audit,
                failed_tokens=FailedTokens(),
                failed_sign_ins=FailedTokens(most=MOST_SIGN_INS, window=SIGN_IN_WINDOW, noun="sign-ins"),
                facts=facts,
                slow=slow,
                import_jobs=import_jobs,
            )


def _identity(settings: Settings, foundation: Foundation) -> AbstractAsyncContextManager[Identity]:
    role = settings.anonymous_role
    return open_identity(
        foundation.database,
        foundation.keys,
        foundation.current,
        issuers=settings.issuers,
        providers=settings.providers,
        visitors=None if role is None else VisitorSettings(role, settings.anonymous_workspaces or (DEFAULT_WORKSPACE,)),
    )


@asynccontextmanager
async def _building(foundation: Foundation) -> AsyncIterator[Builder]:
    """Do the work in the background that changes leave for after their commit."""
    builder = Builder(foundation.database, foundation.writer, trigram=foundation.catalog.trigram)
    foundation.writer.postponed.connect(builder.wake)
    async with running({"builder": builder.run}):
        yield builder


@asynccontextmanager
async def _importing(
    settings: Settings, foundation: Foundation, core: GraphQLApi, identity: Identity, limiter: RateLimiter
) -> AsyncIterator[ImportJobs]:
    """Work on import jobs, and remove old ones."""
    means = Means(
        core=core,
        work=foundation.work,
        database=foundation.database,
        identity=identity,
        store=JobStore(foundation.database, settings.import_store_mb << 20),
        count=limiter.count,
        most=settings.max_body_bytes,
    )
    jobs = ImportJobs(foundation.database, means, settings.import_retention_hours)
    async with running({"import jobs": jobs.run, "import retention": jobs.keep_trimmed}):
        yield jobs


@asynccontextmanager
async def _auditing(settings: Settings, foundation: Foundation) -> AsyncIterator[AuditTrail]:
    """Write the acts of requests to the audit log, and delete its old entries."""
    audit = AuditTrail(foundation.database)
    works = {
        "audit log": audit.run,
        "audit retention": lambda: keep_trimmed(foundation.database, settings.audit_retention_days),
    }
    async with running(works):
        yield audit


@asynccontextmanager
async def _renewing_plans(foundation: Foundation, core: GraphQLApi) -> AsyncIterator[None]:
    """Make the plans again in the background that changes of a model touch."""
    renewal = PlanRenewal(core.compiler)
    foundation.current.swapped.connect(renewal.notice)
    async with running({"plan renewal": renewal.run}):
        yield


@asynccontextmanager
async def _comparing_documents(documents: StoredDocuments, hub: Hub) -> AsyncIterator[None]:
    """End the subscriptions whose trusted document is removed, where no other documents are answered."""
    async with running(
        {"trusted documents": lambda: keep_compared(documents, hub.served, hub.renew)} if documents.only_trusted else {}
    ):
        yield


async def _open_secrets(settings: Settings, foundation: Foundation) -> SecretBox:
    """Return the box of the secrets, when those in the database are encrypted and can be decrypted."""
    box = SecretBox(settings.secret_key)
    await check_secrets(foundation.database, box)
    if box.names and (count := await rotate_secrets(foundation.database, box)):
        _LOG.info("%d secrets are encrypted under the key %s now", count, box.names[0])
    return box


def _slow_operations(settings: Settings, foundation: Foundation) -> SlowOperations | None:
    limit = settings.slow_operation / 1_000
    return SlowOperations(foundation.database, limit) if limit else None
