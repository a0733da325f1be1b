"""The shape of a request: its variables as far as they decide about its SQL. Equal shapes share a plan.

Where a value stands says whether it decides anything, not its name: a field may be called `isEmpty` or
`disconnect`, too.
"""

from collections.abc import Callable, Sequence
from dataclasses import field
from enum import Enum

from graphql import (
    ArgumentNode,
    DirectiveNode,
    FieldNode,
    NameNode,
    Node,
    ObjectFieldNode,
    VariableDefinitionNode,
    VariableNode,
)

from fieldstone.engine.documents.document import children
from fieldstone.engine.planner.reads.orders import DIRECTIONS
from fieldstone.engine.request.variables import Declaration, Variables
from fieldstone.engine.schema.values.groupings import GRANULARITY
from fieldstone.engine.schema.values.paging import PAGING
from fieldstone.metadata import operators
from fieldstone.metadata.json_text import JsonValue
from fieldstone.metadata.operators import Argument
from fieldstone.sql.frozen import frozen
from fieldstone.sql.values.page_cursor import CursorError, cursor_nulls

WIDE_SHAPE = 500
"""Parts of a shape above which its plan is made in the work thread: `{name: {eq: $v}}` has four, and takes 0.1 ms."""


class Probe(Enum):
    """The part of a variable's value that decides how its operation is compiled."""

    VALUE = "the value itself: a limit, a direction, a condition of @skip"
    CURSOR = "which of the cursor's keys are null"
    DATA = "which links to other records the data of a create sets, and how"
    CHANGES = "the keys of an update's data, its nulls, and which relations are disconnected"
    NESTED = "the keys of a nested write's rows together, and their nulls"
    MEMBER = "the same for one member of such data"
    FILTER = "its keys, its nulls, and the operators that ask whether there is a value"
    PRESENCE = "as ORDER, or the value itself, a text or a flag, of an operator that asks whether there is a value"
    GROUPING = "its keys, and its values except widths and time zones"
    OPAQUE = "its keys, and which values are true or false"
    ORDER = "as FILTER, and the directions, of which two have two names"
    NODES = "the objects that ids of nodes name"
    PAGING = "the numbers of a page, and which of its cursor's keys are null"
    COUNT = "how many items it has, as a list"
    STRUCTURE = "its keys and nulls"


@frozen
class Usage:
    """A variable and one of the ways in which the operation uses it.

    Attributes:
        read: returns the part of a value that the probe sees.
    """

    variable: str
    probe: Probe
    read: Callable[[JsonValue], object] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "read", _SHAPES[self.probe])


_ARGUMENT_PROBES = {
    "first": Probe.VALUE,
    "last": Probe.VALUE,
    "limit": Probe.VALUE,
    "orderBy": Probe.ORDER,
    "after": Probe.CURSOR,
    "before": Probe.CURSOR,
    "filter": Probe.FILTER,
    "having": Probe.FILTER,
    "distinctOn": Probe.VALUE,
    "groupBy": Probe.GROUPING,
    "bucket": Probe.VALUE,
    "data": Probe.CHANGES,
    "objects": Probe.VALUE,
    "nodeId": Probe.NODES,
    "nodeIds": Probe.NODES,
    "ids": Probe.COUNT,
    "updates": Probe.NESTED,
    "onConflict": Probe.VALUE,
    "upsert": Probe.VALUE,
    "dryRun": Probe.VALUE,
    PAGING: Probe.PAGING,
}
# Leaves of a filter stand below its operators alone: a field with such a name has an object of operators below it.
_PRESENCE_OPERATORS = frozenset(
    {one.name for one in operators.ALL if one.argument in {Argument.PRESENCE, Argument.FLAG}} | {"unit", "this"}
)
RELATION_VERBS = frozenset({"create", "connect", "connectOrCreate", "disconnect", "set", "update", "delete"})
"""The verbs of a relation in a record's data. The value of any other field with such a member is read as a whole."""
_ORDER_VALUES = frozenset({"path", "type", GRANULARITY})
"""The members of an order by a value in JSON or by a date that decide about the statement; a field may be called so."""
_GROUPING_VALUES = frozenset({"width", "timeZone"})


def find_usages(
    nodes: Sequence[Node], declarations: Sequence[Declaration], *, by_value: bool = False
) -> tuple[Usage, ...]:
    """Return how the variables are used below these nodes, in a fixed order; `by_value`: all by their value.

    A use of which all values have the same shape is left out.
    """
    if not declarations:
        return ()
    found: dict[Usage, None] = {}
    pending: list[tuple[Node, Probe]] = [(node, Probe.STRUCTURE) for node in nodes]
    while pending:
        node, probe = pending.pop()
        if isinstance(node, VariableNode):
            found[Usage(variable=node.name.value, probe=Probe.VALUE if by_value else probe)] = None
        elif not isinstance(node, VariableDefinitionNode):
            pending += [
                (child, _probe(node, child, probe)) for child in children(node) if not isinstance(child, NameNode)
            ]
    plain = {one.name for one in declarations if one.is_plain}
    return tuple(
        sorted(
            (one for one in found if one.probe is not Probe.STRUCTURE or one.variable not in plain),
            key=lambda usage: (usage.variable, usage.probe.name),
        )
    )


def _probe(parent: Node, node: Node, outer: Probe) -> Probe:
    match node:
        case DirectiveNode():
            return Probe.VALUE
        case FieldNode():
            return Probe.STRUCTURE
        case ArgumentNode() if isinstance(parent, FieldNode):
            if node.name.value == "data" and parent.name.value.startswith(("create", "upsert")):
                return Probe.DATA if isinstance(node.value, VariableNode) else Probe.CHANGES
            if node.name.value == "data" and parent.name.value.endswith("Duplicates"):
                return Probe.COUNT
            return _ARGUMENT_PROBES.get(node.name.value, Probe.STRUCTURE)
        case ObjectFieldNode(name=name, value=value):
            if outer in {Probe.FILTER, Probe.ORDER} and name.value in _PRESENCE_OPERATORS:
                # The declared type does not tell: a literal of JSON takes any, and a field may have such a name.
                return Probe.PRESENCE if isinstance(value, VariableNode) else outer
            if outer is Probe.ORDER and name.value in _ORDER_VALUES:
                return Probe.VALUE
            if outer is Probe.GROUPING and name.value in _GROUPING_VALUES:
                return Probe.OPAQUE if isinstance(value, VariableNode) else outer
            if outer is Probe.PAGING:
                return _ARGUMENT_PROBES[name.value]
            if outer is Probe.MEMBER:
                return Probe.NESTED if name.value in RELATION_VERBS else Probe.STRUCTURE
            return Probe.MEMBER if outer is Probe.CHANGES else outer
    return outer


ABSENT_SHAPE = "absent"


def shape_of(usages: Sequence[Usage], values: Variables) -> tuple[object, ...]:
    """Return the shape that the values give the operation's SQL; hashable; equal shapes may share a plan."""
    return tuple([usage.read(values[usage.variable]) if usage.variable in values else ABSENT_SHAPE for usage in usages])


def is_wide_shape(shape: object) -> bool:
    """Return whether a shape has so many parts that to plan for it takes long."""
    parts, level = 0, [shape]
    while level and parts <= WIDE_SHAPE:
        level = [part for whole in level if isinstance(whole, tuple) for part in whole]
        parts += sum(isinstance(part, tuple) for part in level)
    return parts > WIDE_SHAPE


def _value_shape(value: JsonValue) -> object:
    match value:
        case dict():
            return tuple((key, _value_shape(item)) for key, item in value.items())
        case list():
            return ("[", *map(_value_shape, value))
        case _:
            return (type(value).__name__, value)


def _structure_shape(value: JsonValue) -> object:
    if isinstance(value, dict):
        return tuple((name, _structure_shape(item)) for name, item in value.items())
    if isinstance(value, list):
        return _list_shape(value, _structure_shape)
    return None if value is None else True


def _list_shape(value: list[JsonValue], shape: Callable[[JsonValue], object]) -> object:
    if not value:
        return "[]"
    return ("[", *map(shape, value)) if isinstance(value[0], dict) else "["


def _filter_shape(value: JsonValue, key: str = "") -> object:
    match value:
        case dict():
            return tuple((name, _filter_shape(item, name)) for name, item in value.items())
        case list():
            return _list_shape(value, _filter_shape)
        case None:
            return None
        case str() | bool() if key in _PRESENCE_OPERATORS:
            return value
        case _:
            return True


def _order_shape(value: JsonValue, key: str = "") -> object:
    # A filter beside an aggregate may hold such a text too: then it has plans of its own.
    match value:
        case _ if key in _ORDER_VALUES:
            return _value_shape(value)
        case dict():
            return tuple((name, _order_shape(item, name)) for name, item in value.items())
        case list():
            return _list_shape(value, _order_shape)
        case str() if value in DIRECTIONS:
            return DIRECTIONS[value]
        case _:
            return _filter_shape(value, key)


def _presence_shape(value: JsonValue) -> object:
    return value if isinstance(value, str | bool) else _order_shape(value)


def _changes_shape(value: JsonValue) -> object:
    match value:
        case dict():
            return tuple((name, _member_shape(item)) for name, item in value.items())
        case list():
            return _list_shape(value, _changes_shape)
        case _:
            return _structure_shape(value)


def _member_shape(value: JsonValue) -> object:
    """Return the shape of a field's value; if it is that of a relation, its rows count together."""
    if not isinstance(value, dict):
        return _structure_shape(value)
    return tuple(
        (name, _nested_shape(item) if name in RELATION_VERBS else _structure_shape(item))
        for name, item in value.items()
    )


def _nested_shape(value: JsonValue) -> object:
    return value if isinstance(value, bool) else _joint_shape([value])


def _joint_shape(values: list[JsonValue]) -> object:
    """Return the shape of values together, and of the items of lists: the keys and the nulls."""
    leaves: set[object] = set()
    members: dict[str, list[JsonValue]] = {}
    pending = [*values]
    for value in pending:
        match value:
            case dict():
                for name, item in value.items():
                    members.setdefault(name, []).append(item)
            case list():
                leaves.add("[")
                pending += value
            case _:
                leaves.add(value is not None)
    found = {
        (name, _records_shape(items) if name == "create" else _joint_shape(items)) for name, items in members.items()
    }
    if "where" in members:
        # The fields of one key, not those of several keys together, say by which of them a record is looked up.
        keys = (tuple(sorted(item)) if isinstance(item, dict) else None for item in members["where"])
        found.add(("where", frozenset(keys)))
    if "disconnect" in members:
        found.add(("disconnect", frozenset(item for item in members["disconnect"] if isinstance(item, bool))))
    return frozenset(leaves), frozenset(found)


def _data_shape(value: JsonValue) -> object:
    return _records_shape([value])


_TOLD_APART = frozenset({"id", "createdAt"})
"""Fields of which a create's statement depends on whether they are given."""


def _records_shape(values: list[JsonValue]) -> object:
    """Return the shape of records to create: only their links to other records, and few fields, decide anything."""
    given: set[str] = set()
    links: dict[str, list[JsonValue]] = {}
    for row in [row for value in values for row in (value if isinstance(value, list) else (value,))]:
        for key, item in row.items() if isinstance(row, dict) else ():
            if isinstance(item, dict):
                if not RELATION_VERBS.isdisjoint(item):
                    links.setdefault(key, []).append(item)
            elif item is not None:
                given.add(key)
    found: set[object] = {key for key in given if key in _TOLD_APART or key.endswith("Id")}
    return frozenset(found | {(key, _joint_shape(items)) for key, items in links.items()})


def _grouping_shape(value: JsonValue, key: str = "") -> object:
    """Return the shape of values to group by; a field may be called `width`, too, but has true or an object there."""
    match value:
        case dict():
            return tuple((name, _grouping_shape(item, name)) for name, item in value.items())
        case list():
            return ("[", *[_grouping_shape(item) for item in value])
        case _:
            return _opaque_shape(value) if key in _GROUPING_VALUES else _value_shape(value)


def _opaque_shape(value: JsonValue) -> object:
    match value:
        case dict():
            return tuple((name, _opaque_shape(item)) for name, item in value.items())
        case bool():
            return value
        case _:
            return _structure_shape(value)


def _cursor_shape(value: JsonValue) -> object:
    if not isinstance(value, str):
        return value
    try:
        return cursor_nulls(value)
    except CursorError:
        return "invalid"


def _paging_shape(value: JsonValue) -> object:
    if not isinstance(value, dict):
        return value
    return tuple((name, _SHAPES[_ARGUMENT_PROBES[name]](item)) for name, item in value.items())


def _nodes_shape(value: JsonValue) -> object:
    # The first 16 bytes of an id are 21 letters and two bits of the next one.
    return frozenset(
        one[:22] if isinstance(one, str) else None for one in (value if isinstance(value, list) else [value])
    )


def _count_shape(value: JsonValue) -> object:
    if value is None:
        return None
    return len(value) if isinstance(value, list) else 1


_SHAPES = {
    Probe.VALUE: _value_shape,
    Probe.CURSOR: _cursor_shape,
    Probe.DATA: _data_shape,
    Probe.NESTED: _nested_shape,
    Probe.CHANGES: _changes_shape,
    Probe.MEMBER: _member_shape,
    Probe.FILTER: _filter_shape,
    Probe.GROUPING: _grouping_shape,
    Probe.OPAQUE: _opaque_shape,
    Probe.ORDER: _order_shape,
    Probe.PRESENCE: _presence_shape,
    Probe.NODES: _nodes_shape,
    Probe.PAGING: _paging_shape,
    Probe.COUNT: _count_shape,
    Probe.STRUCTURE: _structure_shape,
}
