"""Opening a subscription: its plan with the values of one request."""

from fieldstone.engine.events.subscriptions.live_query import AnySubscription, LivePlan, bind_live_query
from fieldstone.engine.events.subscriptions.subscription import bind_subscription
from fieldstone.engine.events.subscriptions.tail import TailPlan
from fieldstone.engine.events.subscriptions.tail_binding import bind_tail
from fieldstone.engine.positions import positions_of
from fieldstone.engine.request.compiler import Call
from fieldstone.engine.request.stored_documents.request import GraphQLRequest
from fieldstone.engine.request.valid_operation import AnySubscriptionPlan
from fieldstone.sql.executor import Database
from fieldstone.sql.statement import Statement

_TRY_ZONE = Statement(text="SELECT (now() AT TIME ZONE $1::text)::text")


async def open_subscription(
    database: Database,
    plan: AnySubscriptionPlan,
    call: Call[AnySubscriptionPlan],
    request: GraphQLRequest,
    *,
    time_limit: float,
) -> AnySubscription:
    """Return the subscription that a call of this plan is; raises ApiError or DatabaseError."""
    positions, depends = positions_of(call.snapshot), call.operation.depends
    if isinstance(plan, LivePlan):
        return bind_live_query(
            plan,
            principal=call.principal,
            operation=request,
            bindings=call.bindings,
            positions=positions,
            depends=depends,
        )
    if isinstance(plan, TailPlan):
        return bind_tail(
            plan,
            principal=call.principal,
            operation=request,
            bindings=call.bindings,
            view=call.snapshot,
            claims=call.claims,
        )
    for zone in plan.zones:
        # Its group shares a statement, which a zone that does not exist would make fail for all members.
        share = call.principal.share
        await database.read(_TRY_ZONE, [zone(call.bindings)], timeout=time_limit, share=share)
    return bind_subscription(
        plan,
        principal=call.principal,
        operation=request,
        bindings=call.bindings,
        positions=positions,
        depends=depends,
    )
