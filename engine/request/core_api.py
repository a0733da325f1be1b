"""The Core API: the records of a workspace."""

from collections.abc import Callable
from functools import partial

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
from fieldstone.metadata.snapshot_cache import CurrentSnapshots
from fieldstone.sql.executor import Database


def build_core_api(
    database: Database,
    current: CurrentSnapshots,
    limits: Limits,
    *,
    work: WorkThread,
    time_limit: float,
    written: Callable[[], None] = lambda: None,
    relay: bool = False,
    documents: StoredDocuments | None = None,
    slots: Slots | None = None,
    reads: Reads | None = None,
    share: CompileShare | None = None,
    build_compiler: Callable[..., Compiler] = Compiler,
    build_api: Callable[..., GraphQLApi] = GraphQLApi,
) -> GraphQLApi:
    """Return the Core API.

    Args:
        database: where the records are.
        current: the models.
        limits: those of a request.
        work: the work thread.
        time_limit: the seconds that an operation may take.
        relay: whether records have Relay's `Node`.
        written: called when a mutation has been committed.
        slots: bounds the operations in progress; by default nothing does.
        reads: answers queries; by default the primary does.
        documents: the stored documents; by default all documents are served, and clients may store some.
        share: bounds the time in which documents of one workspace are compiled; by default nothing does.
        build_compiler: is called as the class of the compiler.
        build_api: is called as the class of the API.
    """
    compiler = build_compiler(partial(lazy_schema, relay=relay), limits, work, share)

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
                keeping=Trial() if call.is_trial else call.keeping,
            )
        except TrialOver as over:
            return over.data

    api = build_api(
        database=database,
        source=current,
        see=see,
        compiler=compiler,
        mutate=mutate,
        time_limit=time_limit,
        written=written,
        kept=KeptAnswers(database, time_limit),
        documents=documents or StoredDocuments(database, time_limit=time_limit),
        slots=slots,
        reads=reads,
    )
    current.forgotten.connect(api.forget)
    return api
