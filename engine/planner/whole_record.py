"""A record with all that it holds itself, as events carry it where nobody selected anything."""

from collections.abc import Mapping
from dataclasses import replace

from fieldstone.engine.documents.document import DocumentLimits, parse_operation
from fieldstone.engine.planner.access.rules import RULES
from fieldstone.engine.planner.arguments.trees import Binder
from fieldstone.engine.planner.context import ParameterList, PlanContext, RecordLimits, readable
from fieldstone.engine.planner.subscriptions import LOG, SetParameters, seen_image
from fieldstone.engine.planner.writes.events import ACTIONS
from fieldstone.metadata.field_types import FieldType
from fieldstone.metadata.model import Field, Object, Part, Snapshot
from fieldstone.sql.frozen import frozen
from fieldstone.sql.plan.elements import And
from fieldstone.sql.plan.operands import Parameter
from fieldstone.sql.plan.outputs import Output, Record, Value
from fieldstone.sql.plan.read import EventFeed
from fieldstone.sql.types import SqlType

_QUIET = frozenset({"updatedAt"})
"""Fields that change with every write: to name them says nothing."""


@frozen
class WholeRecord:
    """An object's records in full.

    Attributes:
        record: every active field by its name, a relation by the name of its key.
        keys: those names, by the physical names of the columns that they stand for, in older events too.
    """

    record: Record
    keys: Mapping[str, str]


def whole_record(object_: Object) -> WholeRecord:
    """Return all values of a record, as the API names them, but for those that are computed for search alone."""
    entries: list[tuple[str, Output]] = []
    keys: dict[str, str] = {}
    for name, field in object_.by_name.items():
        if not field.parts or field.type is FieldType.TS_VECTOR:
            continue
        key = field.member_name
        entries.append((key, _output(field)))
        if name not in _QUIET:
            of_now = object_.active[name]
            keys |= {part.column.name: key for part in of_now.parts} | dict.fromkeys(of_now.former_columns, key)
    return WholeRecord(record=Record(entries=tuple(entries)), keys=keys)


def whole_feed(object_: Object, action: str, *, limit: int) -> EventFeed:
    """Return the feed of an object's events of one action: its parameters are after, upto, and the sets `[{}]`."""
    if action not in ACTIONS.values():
        msg = f"{action} is no action"
        raise ValueError(msg)
    return EventFeed(
        log=LOG,
        table=object_.table,
        object_id=str(object_.id),
        action=action,
        after=Parameter(slot=0, type=SqlType.BIGINT),
        upto=Parameter(slot=1, type=SqlType.BIGINT),
        sets=Parameter(slot=2, type=SqlType.JSONB),
        set_size=0,
        changed=None,
        condition=And(terms=()),
        limit=limit,
        record=whole_record(object_).record,
        former=object_.former_columns,
    )


@frozen
class SeenFeed:
    """The feed of an object's events of one action for principals of a role.

    Attributes:
        feed: its parameters are those that guarded fields name, after, upto, and the sets.
        guards: the binders of the former: principals with equal values of them get the same texts.
        binders: those of the values of a set, for each principal.
    """

    feed: EventFeed
    guards: tuple[Binder, ...]
    binders: tuple[Binder, ...]


def seen_feed(view: Snapshot, object_: Object, action: str, *, limit: int) -> SeenFeed:
    """Return the feed of an object's events as the role sees them that a view is of."""
    sets, guards = SetParameters(), ParameterList()
    context = PlanContext(
        snapshot=view,
        operation=parse_operation("{ __typename }", None, DocumentLimits()),
        variables={},
        limits=RecordLimits(),
        parameters=guards,
        rules=RULES,
    )
    table, slots = readable(context, object_), len(guards.binders)
    context.parameters = sets
    condition = And(terms=tuple(seen_image(context, object_)))
    whole = whole_feed(object_, action, limit=limit)
    feed = replace(
        whole,
        table=table,
        after=replace(whole.after, slot=slots),
        upto=replace(whole.upto, slot=slots + 1),
        sets=replace(whole.sets, slot=slots + 2),
        set_size=len(sets.binders),
        condition=condition,
        tells_changed=True,
    )
    return SeenFeed(feed=feed, guards=tuple(guards.binders), binders=tuple(sets.binders))


def _output(field: Field) -> Output:
    if not field.is_composite:
        return _value(field.parts[0])
    return Record(entries=tuple((part.name or "", _value(part)) for part in field.parts))


def _value(part: Part) -> Value:
    # An event may be older than the rule that a column is required.
    return Value(column=replace(part.column, nullable=True), encoding=part.scalar.encoding)
