"""The Metadata API: the model of a workspace, read like records and changed in one transaction a request."""

from fieldstone.engine.access.principals import see_catalog
from fieldstone.engine.metadata_api.catalog_source import CatalogSource
from fieldstone.engine.metadata_api.model.facts import model_facts
from fieldstone.engine.metadata_api.mutations.changes import change_runs
from fieldstone.engine.metadata_api.mutations.documents import document_checks, document_runs
from fieldstone.engine.metadata_api.mutations.keys import key_runs
from fieldstone.engine.metadata_api.mutations.tokens import token_facts, token_runs
from fieldstone.engine.metadata_api.mutations.webhooks import webhook_checks, webhook_runs
from fieldstone.engine.metadata_api.operating import process_facts
from fieldstone.engine.metadata_api.plans.broken_documents import DocumentSearch
from fieldstone.engine.metadata_api.plans.broken_operations import FindBroken, none_broken
from fieldstone.engine.metadata_api.plans.document_facts import document_facts
from fieldstone.engine.metadata_api.plans.runs import plan_runs
from fieldstone.engine.metadata_api.record_events import event_facts
from fieldstone.engine.metadata_api.roles.explain import explanation_facts
from fieldstone.engine.metadata_api.roles.me import UNKNOWN_SERVER, ServerFacts, principal_facts
from fieldstone.engine.metadata_api.root_fields import RootFields
from fieldstone.engine.metadata_api.views.facts import view_facts
from fieldstone.engine.metadata_api.views.runs import view_runs
from fieldstone.engine.replicas.reads import ModelReads
from fieldstone.engine.request.core_api import ApiParts
from fieldstone.engine.request.path import GraphQLApi
from fieldstone.engine.schema.lazy import lazy_schema
from fieldstone.engine.schema.roots.metadata_mutations import METADATA_MUTATIONS
from fieldstone.engine.webhooks.service import Webhooks
from fieldstone.metadata.workspaces.denied_tokens import DeniedTokens
from fieldstone.metadata.workspaces.key_store import KeyStore
from fieldstone.metadata.workspaces.sessions import SessionStore
from fieldstone.metadata.writer.model_writer import ModelWriter


def build_metadata_api(
    parts: ApiParts,
    writer: ModelWriter,
    keys: KeyStore,
    *,
    webhooks: Webhooks | None = None,
    denied: DeniedTokens | None = None,
    sessions: SessionStore | None = None,
    server: ServerFacts = UNKNOWN_SERVER,
    find_broken: FindBroken = none_broken,
) -> GraphQLApi:
    """Return the Metadata API.

    Args:
        parts: those that it shares with the Core API.
        writer: changes the models.
        keys: the API keys.
        webhooks: are told of webhooks that were made or changed; by default they may send to public addresses alone.
        denied: the denied tokens of this process; by default those that nothing here asks for.
        sessions: the sessions of this process; by default likewise.
        server: the facts of it that `me` tells.
        find_broken: tells which operations of clients a change would break.
    """
    database, current, work, time_limit = parts.database, parts.current, parts.work, parts.time_limit
    compiler = parts.compiler(lambda snapshot: lazy_schema(snapshot, METADATA_MUTATIONS))
    documents = DocumentSearch(work, parts.limits, relay=parts.relay)
    webhooks = webhooks or Webhooks(database, current)
    roots = RootFields(
        compiler,
        writer,
        current.peek,
        runs={
            **change_runs(),
            **key_runs(keys),
            **document_runs(),
            **token_runs(denied or DeniedTokens(database), sessions or SessionStore(database), keys),
            **view_runs(),
            **webhook_runs(webhooks),
        },
        checks={**webhook_checks(webhooks), **document_checks(parts.limits.document, work)},
        plans=plan_runs(find_broken, documents),
        facts={
            **principal_facts(server),
            **explanation_facts(database, time_limit=time_limit),
            **model_facts(database, work, time_limit=time_limit),
            **process_facts(database, time_limit),
            **event_facts(database, time_limit),
            **view_facts(database),
            **token_facts(database),
            **document_facts(database, documents),
        },
    )
    return parts.api(
        is_metadata=True,
        source=CatalogSource(current),
        see=see_catalog(current.peek),
        compiler=compiler,
        mutate=roots,
        compute=roots.compute,
        permit=roots.permit,
        watch=roots.watch,
        reads=None if parts.reads is None else ModelReads(parts.reads),
    )
