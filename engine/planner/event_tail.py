"""The events of all objects as a subscription: its filter and its selection become a plan that its group shares."""

from collections.abc import Callable, Mapping
from functools import partial
from typing import NamedTuple
from uuid import UUID

from fieldstone.engine.documents.document import Selected
from fieldstone.engine.planner.arguments.trees import (
    Bindings,
    Blame,
    Tree,
    arguments_of,
    bind_tree,
    value_of,
)
from fieldstone.engine.planner.context import PlanContext
from fieldstone.engine.planner.record_events import list_actions
from fieldstone.metadata.json_text import JsonValue, dumps, loads
from fieldstone.sql.frozen import frozen

_TYPE = "RecordEvent"
_BELOW = {"actor": "RecordEventActor", "changes": "RecordEventChange"}
"""The types of the members of an event that have members."""


class Chosen(NamedTuple):
    """A selected member; the name of the type in the place of `__typename`."""

    key: str
    name: str
    type_name: str
    below: tuple["Chosen", ...]


class TailFilter(NamedTuple):
    """The events that a subscriber means; None is any."""

    objects: tuple[UUID, ...]
    actions: tuple[str, ...]
    record_id: str | None
    actor_id: str | None
    since: str | None
    until: str | None


@frozen
class PlannedTail:
    """A subscription's plan.

    Attributes:
        key: the response key of its field.
        filter: yields the events that are meant; raises BadUserInput.
        after: yields the position to resume after, as the subscriber gave it; None where it gave none.
    """

    key: str
    chosen: tuple[Chosen, ...]
    filter: Callable[[Bindings], TailFilter]
    after: Callable[[Bindings], JsonValue]


def plan_tail(context: PlanContext, selected: Selected) -> PlannedTail:
    """Return the plan of a subscription to the events of all objects that the role reads."""
    path, arguments = (selected.key,), arguments_of(selected.nodes[0], context.variables)
    for object_ in context.snapshot.objects.values():
        context.touch(object_)
    context.roster = tuple(context.snapshot.readable)
    return PlannedTail(
        key=selected.key,
        chosen=_choose(context, selected, _TYPE),
        filter=_read_filter(context, arguments.get("filter"), Blame(field="filter", path=path)),
        after=partial(value_of, arguments.get("after")),
    )


def _choose(context: PlanContext, selected: Selected, type_name: str) -> tuple[Chosen, ...]:
    return tuple(
        Chosen(
            key=one.key,
            name=one.name,
            type_name=type_name,
            below=_choose(context, one, _BELOW[one.name]) if one.name in _BELOW else (),
        )
        for one in context.selected_below(selected)
    )


def pick(chosen: tuple[Chosen, ...], value: JsonValue) -> JsonValue:
    """Return the selected members of an event or of a part of it."""
    if not chosen:
        return value
    if isinstance(value, list):
        return [pick(chosen, item) for item in value]
    return {one.key: one.type_name if one.name == "__typename" else pick(one.below, value[one.name]) for one in chosen}


def _read_filter(context: PlanContext, tree: Tree, blame: Blame) -> Callable[[Bindings], TailFilter]:
    ids = {name: object_.id for name, object_ in context.snapshot.readable.items()}
    bind = None if tree is None else bind_tree(tree, lambda value: dumps(value).encode(), blame)

    def read(bindings: Bindings) -> TailFilter:
        given: Mapping[str, JsonValue] = loads((bind and bind(bindings)) or b"{}") or {}
        return TailFilter(
            objects=_objects(ids, given.get("object"), blame),
            actions=list_actions(given.get("actions"), blame),
            record_id=_id(given.get("recordId")),
            actor_id=_id(given.get("actorId")),
            since=given.get("since"),
            until=given.get("until"),
        )

    return read


def _id(given: str | None) -> str | None:
    """Return an id as the log has it."""
    return None if given is None else str(UUID(given))


def _objects(ids: Mapping[str, UUID], name: str | None, blame: Blame) -> tuple[UUID, ...]:
    if name is None:
        return tuple(ids.values())
    if name not in ids:
        raise blame.error(f"There is no object '{name[:80]}' whose records the role may read: give its nameSingular.")
    return (ids[name],)
