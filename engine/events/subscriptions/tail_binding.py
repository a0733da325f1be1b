"""A subscription to the events of all objects for the hub, from the plan and the values of one request."""

from collections.abc import Mapping

from fieldstone.engine.events.subscriptions.subscription import Subscription, SubscriptionRequest, keep_request
from fieldstone.engine.events.subscriptions.tail import TailKey, TailPlan
from fieldstone.engine.planner.arguments.trees import Bindings
from fieldstone.engine.planner.event_tail import pick
from fieldstone.engine.positions import positions_of
from fieldstone.engine.record_history.following import Follower
from fieldstone.engine.record_history.reading import EventFilter
from fieldstone.metadata.json_text import JsonValue, dumps
from fieldstone.metadata.model import Snapshot
from fieldstone.metadata.roles.principal import Principal


def bind_tail(
    plan: TailPlan,
    *,
    principal: Principal,
    operation: SubscriptionRequest,
    bindings: Bindings,
    view: Snapshot,
    claims: Mapping[str, JsonValue],
) -> Subscription:
    """Return the subscription of one request.

    Raises:
        BadUserInput: a value is refused.
    """
    planned = plan.planned
    wanted, values = planned.filter(bindings), dumps(dict(claims))
    is_guarded = any(view.objects[id_].guarded for id_ in wanted.objects)
    follower = Follower(
        view,
        EventFilter(actions=wanted.actions, since=wanted.since, until=wanted.until),
        wanted.objects,
        lambda event: dumps(pick(planned.chosen, event)),
    )
    return Subscription(
        principal=principal,
        operation=keep_request(operation),
        group=TailKey(
            workspace_id=principal.workspace_id,
            role=principal.role,
            positions=positions_of(view),
            key=planned.key,
            chosen=planned.chosen,
            objects=frozenset(wanted.objects),
            actions=frozenset(wanted.actions),
            since=wanted.since,
            until=wanted.until,
            claims=values if is_guarded else "",
            known=view.objects,
            follower=follower,
        ),
        parameter_set=dumps([values, wanted.record_id, wanted.actor_id]).encode(),
        after=planned.after(bindings),
        depends=plan.depends,
    )
