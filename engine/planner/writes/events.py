"""Events: every write leaves one; and the parameters that writes share."""

from fieldstone.engine.planner.arguments.trees import Binder, Bindings
from fieldstone.engine.planner.context import PlanContext
from fieldstone.metadata.api_names import Verb
from fieldstone.metadata.model import Object
from fieldstone.sql.plan.elements import Table
from fieldstone.sql.plan.writes.elements import Assignment, EventTarget, Now
from fieldstone.sql.types import SqlType

STAGING = Table(schema="fieldstone", name="event_staging")

ACTIONS = {
    Verb.CREATE: "created",
    Verb.UPDATE: "updated",
    Verb.DELETE: "deleted",
    Verb.RESTORE: "restored",
    Verb.DESTROY: "destroyed",
}
"""The action of an event, by the verb of the write that leaves it."""


def event_target(context: PlanContext, object_: Object, action: str) -> EventTarget:
    """Return where the written records of an object leave their events."""
    return EventTarget(
        table=STAGING,
        workspace_id=str(context.snapshot.workspace.id),
        object_id=str(object_.id),
        action=action,
        actor=context.parameters.add(bind_actor, SqlType.TEXT),
    )


def touched_at(object_: Object) -> tuple[Assignment, ...]:
    """Return the assignment of updatedAt."""
    stamp = object_.active.get("updatedAt")
    return (Assignment(column=stamp.parts[0].column, value=Now()),) if stamp else ()


def bind_actor(bindings: Bindings) -> bytes:
    """Return the name of the actor."""
    return bindings.actor.encode()


def bind_ids(bindings: Bindings) -> bytes:
    """Return the ids that an earlier statement answered."""
    return bindings.ids


def bind_created(bindings: Bindings) -> bytes:
    """Return which of those ids an upsert created."""
    return bindings.created


def bind_given(place: int) -> Binder:
    """Return the binder of one of the values that a nested write brings to a statement."""
    return lambda bindings: bindings.given[place]
