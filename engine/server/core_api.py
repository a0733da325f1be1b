"""The Core API: the records of a workspace."""

from collections.abc import Callable

from fieldstone.engine.planner.arguments.trees import Bindings
from fieldstone.engine.request.compile import Limits, plan
from fieldstone.engine.request.execute_mutation import run_writes
from fieldstone.engine.request.path import Call, GraphQLApi
from fieldstone.engine.request.plan_cache import MutationPlan, PlanCache
from fieldstone.engine.schema.lazy import lazy_schema
from fieldstone.metadata.snapshot_cache import CurrentSnapshots
from fieldstone.sql.executor import Database


def build_core_api(
    database: Database,
    current: CurrentSnapshots,
    limits: Limits,
    *,
    time_limit: float,
    written: Callable[[], None] = lambda: None,
) -> GraphQLApi:
    """Return the Core API.

    Args:
        database: where the records are.
        current: the models.
        limits: what a request may ask for.
        time_limit: the seconds that an operation may take.
        written: called when a mutation has been committed.
    """
    plans = PlanCache(limits.cached_documents)

    async def mutate(call: Call) -> bytes:
        planned = plan(plans, call.prepared, call.snapshot, call.schema, limits, call.variables)
        if not isinstance(planned, MutationPlan):
            msg = "a mutation has a mutation's plan"
            raise TypeError(msg)
        bindings = Bindings(variables=call.variables, actor=call.principal.key_name)
        return await run_writes(
            database, planned.writes, bindings, call.snapshot, time_limit=time_limit, meter=call.meter
        )

    return GraphQLApi(
        database=database,
        source=current,
        build_schema=lazy_schema,
        mutate=mutate,
        plans=plans,
        limits=limits,
        time_limit=time_limit,
        written=written,
    )
