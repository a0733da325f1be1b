"""Events: what every write leaves behind, and the parameters that writes share."""

from engine.planner.context import PlanContext
from engine.planner.inputs import Bindings
from metadata.model import Object
from sql.plan import Table
from sql.types import SqlType
from sql.write_plan import Assignment, EventTarget, Now

STAGING = Table(schema="fieldstone", name="event_staging")


def event_target(context: PlanContext, thing: Object, action: str) -> EventTarget:
    """Return where the written records of an object leave their events."""
    return EventTarget(
        table=STAGING,
        workspace_id=str(context.snapshot.workspace.id),
        object_id=str(thing.id),
        action=action,
        actor=context.parameters.add(bind_actor, SqlType.TEXT),
    )


def touched_at(thing: Object) -> tuple[Assignment, ...]:
    """Return the assignment of updatedAt."""
    stamp = thing.by_name.get("updatedAt")
    return (Assignment(column=stamp.parts[0].column, value=Now()),) if stamp else ()


def bind_actor(bindings: Bindings) -> bytes:
    """Return the name of who acts."""
    return bindings.actor.encode()


def bind_ids(bindings: Bindings) -> bytes:
    """Return the ids that an earlier statement answered."""
    return bindings.ids
