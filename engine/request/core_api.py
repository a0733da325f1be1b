"""The Core API: the records of a workspace."""

from collections.abc import Callable
from functools import partial
from typing import Any

from graphql import GraphQLSchema

from fieldstone.engine.access.compile_share import CompileShare
from fieldstone.engine.access.principals import see
from fieldstone.engine.access.slots import Slots
from fieldstone.engine.replicas.reads import Reads
from fieldstone.engine.request.compile import Limits
from fieldstone.engine.request.compiler import Call, Compiler
from fieldstone.engine.request.execution.mutation import run_writes
from fieldstone.engine.request.idempotency.kept_answers import KeptAnswers
from fieldstone.engine.request.idempotency.trial import Trial, TrialOver
from fieldstone.engine.request.path import GraphQLApi
from fieldstone.engine.request.stored_documents.documents import StoredDocuments
from fieldstone.engine.request.valid_operation import MutationPlan
from fieldstone.engine.schema.lazy import lazy_schema
from fieldstone.engine.work_thread import WorkThread
from fieldstone.metadata.model import Snapshot
from fieldstone.metadata.snapshot_cache import CurrentSnapshots
from fieldstone.sql.executor import Database
from fieldstone.sql.frozen import frozen


@frozen
class ApiParts:
    """The parts that the APIs of a process share.

    Attributes:
        database: where the models and the records are.
        current: the models.
        limits: those of a request.
        work: the work thread.
        time_limit: the seconds that a query may take.
        relay: whether records have Relay's `Node`.
        slots: bounds the operations in progress; None: nothing does.
        reads: answers queries; None: the primary does.
        share: bounds the time in which documents of one workspace are compiled; None: nothing does.
        build_compiler: is called as the class of the compiler.
        build_api: is called as the class of the API.
    """

    database: Database
    current: CurrentSnapshots
    limits: Limits
    work: WorkThread
    time_limit: float
    relay: bool = False
    slots: Slots | None = None
    reads: Reads | None = None
    share: CompileShare | None = None
    build_compiler: Callable[..., Compiler] = Compiler
    build_api: Callable[..., GraphQLApi] = GraphQLApi

    def compiler(self, build_schema: Callable[[Snapshot], GraphQLSchema]) -> Compiler:
        """Return the compiler of an API that has these schemas."""
        return self.build_compiler(build_schema, self.limits, self.work, self.share)

    def api(self, **own: Any) -> GraphQLApi:
        """Return an API of its own parts and the shared ones."""
        api = self.build_api(database=self.database, time_limit=self.time_limit, slots=self.slots, **own)
        self.current.forgotten.connect(api.forget)
        return api


def build_core_api(
    parts: ApiParts, *, written: Callable[[], None] = lambda: None, documents: StoredDocuments | None = None
) -> GraphQLApi:
    """Return the Core API.

    Args:
        parts: those that it shares with the Metadata API.
        written: called when a mutation has been committed.
        documents: the stored documents; by default all documents are served, and clients may store some.
    """
    database, time_limit = parts.database, parts.time_limit
    compiler = parts.compiler(partial(lazy_schema, relay=parts.relay))

    async def mutate(call: Call[MutationPlan]) -> bytes:
        prepared = await compiler.prepare(call)
        try:
            return await run_writes(
                database,
                prepared.plan.writes,
                prepared.bound,
                call.bindings,
                call.snapshot,
                time_limit=time_limit,
                meter=call.meter,
                share=call.principal.share,
                keeping=Trial() if call.is_trial else call.keeping,
            )
        except TrialOver as over:
            return over.data

    return parts.api(
        source=parts.current,
        see=see,
        compiler=compiler,
        mutate=mutate,
        written=written,
        kept=KeptAnswers(database, time_limit),
        documents=documents or StoredDocuments(database, time_limit=time_limit),
        reads=parts.reads,
    )
