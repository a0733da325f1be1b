"""A record with all that it holds itself, as events carry it where nobody selected anything."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from engine.planner.mutations import ACTIONS
from engine.planner.subscriptions import LOG
from metadata.field_types import FieldType
from metadata.model import Field, Object, Part
from sql.plan import And, Parameter
from sql.read_plan import EventFeed, Output, Record, Value
from sql.types import SqlType

_QUIET = frozenset({"updatedAt"})
"""Fields that change with every write: to name them says nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WholeRecord:
    """An object's records in full.

    Attributes:
        record: every active field by its name, a relation by the name of its key.
        keys: those names, by the physical names of the columns that they stand for.
    """

    record: Record
    keys: Mapping[str, str]


def whole_record(thing: Object) -> WholeRecord:
    """Return what a record holds, as the API names it; what is computed for search alone is left out."""
    entries: list[tuple[str, Output]] = []
    keys: dict[str, str] = {}
    for name, field in thing.by_name.items():
        if not field.parts or field.type is FieldType.TS_VECTOR:
            continue
        key = f"{name}Id" if field.relation_id else name
        entries.append((key, _output(field)))
        if name not in _QUIET:
            keys |= {part.column.name: key for part in field.parts}
    return WholeRecord(record=Record(entries=tuple(entries)), keys=keys)


def whole_feed(thing: Object, action: str, *, limit: int) -> EventFeed:
    """Return the feed of an object's events of one action: its parameters are after, upto, and the sets `[{}]`."""
    if action not in ACTIONS.values():
        msg = f"{action} is no action"
        raise ValueError(msg)
    return EventFeed(
        log=LOG,
        table=thing.table,
        object_id=str(thing.id),
        action=action,
        after=Parameter(slot=0, type=SqlType.BIGINT),
        upto=Parameter(slot=1, type=SqlType.BIGINT),
        sets=Parameter(slot=2, type=SqlType.JSONB),
        set_size=0,
        changed=None,
        condition=And(terms=()),
        limit=limit,
        record=whole_record(thing).record,
    )


def _output(field: Field) -> Output:
    if not field.is_composite:
        return _value(field.parts[0])
    return Record(entries=tuple((part.name or "", _value(part)) for part in field.parts))


def _value(part: Part) -> Value:
    # An event may be older than the rule that a column is required.
    return Value(column=replace(part.column, nullable=True), encoding=part.scalar.encoding)
