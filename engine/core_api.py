"""The Core API: the records of a workspace."""

from collections.abc import Callable

from engine.pipeline import Call, GraphQLApi
from engine.plan_cache import MutationPlan, PlanCache
from engine.planner.inputs import Bindings
from engine.preparation import Limits, plan
from engine.schema.lazy import lazy_schema
from engine.writes import run_writes
from metadata.current import CurrentSnapshots
from sql.executor import Database


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
