"""The output of a write of a record: the action, its author and time, the changed fields and the record itself."""

from collections.abc import Callable, Sequence

from fieldstone.engine.documents.document import Selected
from fieldstone.engine.planner.arguments.field_errors import AnswerPath
from fieldstone.engine.planner.arguments.trees import Binder, Bindings, Blame, Tree, array_literal, bind_tree, constant
from fieldstone.engine.planner.context import PlanContext, type_literal
from fieldstone.engine.planner.reads.selection import build_record
from fieldstone.engine.planner.writes.events import ACTIONS
from fieldstone.metadata.api_names import EVENT_TYPE_NAMES, SubscriptionRoot, TypeRole, type_name
from fieldstone.metadata.changes.rules.options import NO_ENUM_VALUES
from fieldstone.metadata.json_text import JsonValue, dumps, loads
from fieldstone.metadata.model import Object
from fieldstone.sql.plan.operands import Column, Parameter
from fieldstone.sql.plan.outputs import Literal, Output, Record, Value
from fieldstone.sql.plan.read import EventColumns
from fieldstone.sql.types import Encoding, SqlType

_UNNAMED = NO_ENUM_VALUES | {"updatedAt"}
"""The fields that are never told as changed: those that no enum can name, and the one that each write changes."""
_, _ACTOR = EVENT_TYPE_NAMES
_VALUES: dict[str, tuple[Column, Encoding]] = {
    "action": (EventColumns.ACTION, Encoding.STRING),
    "at": (EventColumns.AT, Encoding.INSTANT),
    "changed": (EventColumns.CHANGED, Encoding.ARRAY),
}
_AUTHOR: dict[str, tuple[Column, Encoding]] = {
    "kind": (EventColumns.ACTOR_KIND, Encoding.STRING),
    "id": (EventColumns.ACTOR_ID, Encoding.QUOTED),
    "name": (EventColumns.ACTOR, Encoding.STRING),
}

Actions = Callable[[Bindings], tuple[str, ...]]
"""Yields the actions of events that a request means; raises BadUserInput."""


def build_event(context: PlanContext, object_: Object, selected: Selected, path: AnswerPath) -> Record:
    """Return the output of a write with the fields that are selected below a field."""
    entries: list[tuple[str, Output]] = []
    for one in context.selected_below(selected):
        output: Output
        match one.name:
            case "record":
                output = build_record(context, object_, one, (*path, one.key))
            case "actor":
                output = _build_actor(context.selected_below(one), is_shown=reads_author(object_))
            case "__typename":
                output = type_literal(type_name(object_, TypeRole.RECORD_EVENT))
            case name:
                output = _value(*_VALUES[name])
        entries.append((one.key, output))
    return Record(entries=tuple(entries))


def _build_actor(selected: Sequence[Selected], *, is_shown: bool) -> Record:
    def build(name: str) -> Output:
        if name == "__typename":
            return type_literal(_ACTOR)
        return _value(*_AUTHOR[name]) if is_shown else Literal(text="null")

    return Record(entries=tuple((one.key, build(one.name)) for one in selected))


def reads_author(object_: Object) -> bool:
    """Return whether a role is told the authors of writes: not if it lacks `createdBy` of a record of the object."""
    own = object_.whole.active.get("createdBy")
    return own is None or (own.name in object_.by_name and own.id not in object_.guarded)


def _value(column: Column, encoding: Encoding) -> Value:
    return Value(column=column, encoding=encoding)


def read_actions(root: SubscriptionRoot, tree: Tree, blame: Blame) -> Actions:
    """Return the actions of the events that a subscription means: that of its root field, or those that are given."""
    if root.verb is not None:
        only = (ACTIONS[root.verb],)
        return lambda _: only
    if tree is None:
        return lambda _: list_actions(None, blame)
    bind = bind_tree(tree, lambda value: dumps(value).encode(), blame)
    return lambda bindings: list_actions(loads(bind(bindings) or b"null"), blame)


def list_actions(given: JsonValue, blame: Blame) -> tuple[str, ...]:
    """Return the actions that an argument names, all of them for null.

    Raises:
        BadUserInput: it names none.
    """
    if given is None:
        return tuple(ACTIONS.values())
    named = given if isinstance(given, list) else [given]
    found = tuple(action for action in ACTIONS.values() if action.upper() in named)
    if not found:
        raise blame.error(f"'actions' must name a write at least: {', '.join(ACTIONS.values()).upper()}.")
    return found


def bind_actions(actions: Actions) -> Binder:
    """Return the binder of the array of the actions."""
    return lambda bindings: array_literal(actions(bindings))


def add_names(
    context: PlanContext, object_: Object, selected: Sequence[Selected]
) -> tuple[Parameter, Parameter] | None:
    """Return the parameters of the columns that a role reads, and of their fields' names, if these are asked for."""
    if all(one.name != "changed" for one in selected):
        return None
    named = [
        (part.column.name, name)
        for name in object_.by_name
        if name not in _UNNAMED
        for part in object_.active[name].parts
    ]

    def add(texts: Sequence[str]) -> Parameter:
        return context.parameters.add(constant(array_literal(texts)), SqlType.TEXT, array=True)

    return add([column for column, _ in named]), add([name for _, name in named])
