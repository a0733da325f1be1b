"""The oracle's groups: rows in memory by their values, in Python's time zones and exact numbers."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal, localcontext
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from fieldstone.metadata.model import Field, Object, Part, relation_end
from fieldstone.metadata.scalars import DATE, DATE_TIME, INT, STRING, TOTAL
from fieldstone.sql.plan.operands import Column
from fieldstone.sql.types import SqlType
from tests.reference_aggregates import aggregate, compute_raw
from tests.reference_filters import SILENT, Said, all_of, any_of, evaluate, negated
from tests.reference_values import DIRECTIONS, NumberText, Row, encode_cursor, refuse, sort_value, write_value

if TYPE_CHECKING:
    from tests.reference import Reference

_DAYS = ["MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY", "SATURDAY", "SUNDAY"]
_ALIASES = {f"{part}_OF_THE_{whole}": f"{part}_OF_{whole}" for part, whole in [("DAY", "WEEK"), ("MONTH", "YEAR")]}


@dataclass(frozen=True, slots=True)
class Dimension:
    """A value to group by: the names that lead to it, its part, how a row has it, and its bucket."""

    names: tuple[str, ...]
    part: Part
    read: Callable[[Row], Any]
    bucket: str | None
    is_stepped: bool

    def sort(self, value: Any) -> Any:
        return value if self.bucket or self.is_stepped else sort_value(self.part, value)

    def write(self, value: Any) -> Any:
        if value is None:
            return None
        if self.bucket:
            part = _part(DATE_TIME.sql_type) if isinstance(value, datetime) else _part(SqlType.DATE)
            return value if isinstance(value, int) else write_value(part, value)
        if isinstance(value, Decimal):
            # A group has numbers that are equal, and 12.50 is 12.5.
            exact = format(value.normalize(), "f") if value else "0"
            return exact if self.part.scalar.name in {"BigInt", "BigFloat"} else float(value)
        return write_value(self.part, value)

    def text(self, value: Any) -> str | None:
        shown = self.write(value)
        if shown is None or isinstance(shown, str):
            return shown
        if isinstance(shown, bool | list | tuple):
            return json.dumps(shown, ensure_ascii=False, separators=(",", ":"))
        return NumberText(str(shown))


def _part(kind: SqlType) -> Part:
    scalar = {SqlType.DATE: DATE, SqlType.TIMESTAMP: DATE_TIME, SqlType.BIGINT: INT, SqlType.TEXT: STRING}.get(
        kind, TOTAL
    )
    return Part(name=None, description="", column=Column(name="", type=kind), scalar=scalar, operators=())


def _dimension(reference: "Reference", object_: Object, given: Any) -> Dimension:
    ((name, member),) = given.items()
    if holder := object_.foreign_keys.get(name):
        return _of_part((name,), holder.parts[0], member)
    field = object_.by_name[name]
    if field.relation_id is not None:
        end = relation_end(reference.snapshot, field)
        assert end is not None
        inner, target = _dimension(reference, end.target, member), end.target

        def read(row: Row) -> Any:
            there = reference.filters.target(field, row)
            return inner.read(there) if there is not None and reference.filters.is_live(target, there) else None

        return Dimension((name, *inner.names), inner.part, read, inner.bucket, inner.is_stepped)
    if field.is_composite:
        ((sub, member),) = member.items()
        return _of_part((name, sub), next(part for part in field.parts if part.name == sub), member)
    return _of_part((name,), field.parts[0], member)


def _of_part(names: tuple[str, ...], part: Part, given: Any) -> Dimension:
    column = part.column.name
    if given is True:
        return Dimension(names, part, lambda row: _known(row[column]), None, is_stepped=False)
    if part.scalar.total is not None:
        width = Decimal(str(given["width"])) if "width" in given else None
        if width is not None and width <= 0:
            raise refuse("width")
        if width is None:
            return Dimension(names, part, lambda row: row[column], None, is_stepped=False)
        smallest = {SqlType.INTEGER: -(2**31), SqlType.BIGINT: -(2**63)}.get(part.column.type)
        return Dimension(names, part, lambda row: _lower_end(row[column], width, smallest), None, is_stepped=True)
    bucket = given.get("bucket", "DAY")
    bucket = _ALIASES.get(bucket, bucket)
    zone = ZoneInfo(given.get("timeZone", "UTC"))
    first = _DAYS.index(given.get("firstDayOfWeek", "MONDAY"))
    if bucket == "NONE":
        return Dimension(names, part, lambda row: row[column], None, is_stepped=False)
    return Dimension(names, part, lambda row: _bucket(row[column], bucket, zone, first), bucket, is_stepped=False)


def _known(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


def _lower_end(value: Any, width: Decimal, smallest: int | None) -> Decimal | None:
    if value is None:
        return None
    with localcontext() as context:
        context.prec = 2_000
        number = Decimal(str(value)) if isinstance(value, float) else Decimal(value)
        lower = number - ((number % width) + width) % width
        return lower if smallest is None else max(lower, Decimal(smallest))


def _bucket(value: Any, bucket: str, zone: ZoneInfo, first: int) -> Any:
    if value is None:
        return None
    if bucket in {"HOUR", "MINUTE"}:
        local = value.astimezone(zone)
        rest = timedelta(minutes=local.minute if bucket == "HOUR" else 0, seconds=local.second)
        return (value - rest - timedelta(microseconds=local.microsecond)).astimezone(UTC)
    local = value.astimezone(zone).replace(tzinfo=None) if isinstance(value, datetime) else value
    day = date(local.year, local.month, local.day)
    match bucket:
        case "DAY":
            return day
        case "WEEK":
            return day - timedelta(days=(day.weekday() - first) % 7)
        case "MONTH":
            return day.replace(day=1)
        case "QUARTER":
            return day.replace(month=(day.month - 1) // 3 * 3 + 1, day=1)
        case "YEAR":
            return day.replace(month=1, day=1)
        case "HOUR_OF_DAY":
            return local.hour
        case "DAY_OF_WEEK":
            return day.isoweekday()
        case "MONTH_OF_YEAR":
            return day.month
        case _:
            return (day.month - 1) // 3 + 1


@dataclass(frozen=True, slots=True)
class Group:
    """The rows that have the same values."""

    values: tuple[Any, ...]
    rows: Sequence[Row]


def group(reference: "Reference", object_: Object, rows: Sequence[Row], arguments: Mapping[str, Any]) -> list[Any]:
    """The page of groups that a root field groupBy answers."""
    dimensions = [_dimension(reference, object_, item) for item in arguments["groupBy"]]
    found: dict[tuple[Any, ...], list[Row]] = {}
    for row in rows:
        found.setdefault(tuple(dimension.read(row) for dimension in dimensions), []).append(row)
    groups = [Group(values, members) for values, members in found.items()]
    groups = [one for one in groups if _having(object_, one, arguments.get("having") or {}) in {True, SILENT}]
    for read, descending, nulls_first in reversed(_order(object_, dimensions, arguments.get("orderBy") or [])):
        present = sorted([one for one in groups if read(one) is not None], key=read, reverse=descending)
        absent = [one for one in groups if read(one) is None]
        groups = [*absent, *present] if nulls_first else [*present, *absent]
    limit = next((arguments[name] for name in ("first", "limit") if arguments.get(name) is not None), 1_000)
    if not 0 <= limit <= 1_000:
        raise refuse("first")
    return [_answer(reference, object_, dimensions, one) for one in groups[:limit]]


def _answer(reference: "Reference", object_: Object, dimensions: Sequence[Dimension], one: Group) -> dict[str, Any]:
    def records(**arguments: Any) -> Any:
        # The rows are those under the filter, deleted ones among them if it names deletedAt.
        return reference.page(object_, one.rows, arguments)

    return aggregate(object_, one.rows) | {
        "key": lambda: _Key(dimensions, one.values, ()),
        "groupByDimensionValues": lambda: [
            dimension.text(value) for dimension, value in zip(dimensions, one.values, strict=True)
        ],
        "cursor": lambda: encode_cursor(json.dumps(["group"]), str(one.values)),
        "records": records,
    }


class _Key:
    """The values of a group in the shape of a record."""

    def __init__(self, dimensions: Sequence[Dimension], values: Sequence[Any], above: tuple[str, ...]) -> None:
        self.dimensions = dimensions
        self.values = values
        self.above = above

    def __getitem__(self, name: str) -> Callable[..., Any]:
        names = (*self.above, name)

        def answer(bucket: str | None = None) -> Any:
            found = [
                (one, value) for one, value in zip(self.dimensions, self.values, strict=True) if one.names == names
            ]
            wanted = None if bucket is None else _ALIASES.get(bucket, bucket)
            if wanted is not None:
                found = [(one, value) for one, value in found if (one.bucket or "NONE") == wanted]
            if not found:
                return _Key(self.dimensions, self.values, names)
            (one, value) = found[0]
            if one.part.scalar not in {DATE, DATE_TIME}:
                return one.write(value)
            kind = "date" if one.part.scalar is DATE else "dateTime"
            if one.bucket:
                is_instant = one.bucket in {"HOUR", "MINUTE"}
                kind = "number" if "_OF_" in one.bucket else "dateTime" if is_instant else "date"
            shown = one.write(value)
            return {
                name: (lambda name=name: shown if name == kind else None) for name in ("date", "dateTime", "number")
            }

        return answer


def _members(object_: Object, given: Mapping[str, Any]) -> list[tuple[Field, Part, Any]]:
    found: list[tuple[Field, Part, Any]] = []
    for name, member in given.items():
        field = object_.foreign_keys.get(name) or object_.by_name[name]
        if field.is_composite:
            parts = {part.name: part for part in field.parts}
            found += [(field, parts[sub], inner) for sub, inner in member.items()]
        else:
            found.append((field, field.parts[0], member))
    return found


def _value(function: str, field: Field, part: Part, one: Group) -> tuple[Part, Any]:
    value = compute_raw(function, field, part, [row[part.column.name] for row in one.rows])
    if function in {"min", "max"}:
        return part, value
    if isinstance(value, date):
        return part, value
    return _part(SqlType.NUMERIC), value


def _having(object_: Object, one: Group, given: Mapping[str, Any]) -> Said:
    said: list[Any] = []
    for name, member in given.items():
        if name in {"and", "or", "not"}:
            items = member if isinstance(member, list) else [member]
            inner = [term for item in items if (term := _having(object_, one, item)) is not SILENT]
            if inner:
                said.append(
                    any_of(inner) if name == "or" else all_of(inner) if name == "and" else negated(all_of(inner))
                )
        elif name == "count":
            said.append(evaluate(_part(SqlType.NUMERIC), len(one.rows), member))
        else:
            for field, part, operators in _members(object_, member):
                said.append(evaluate(*_value(name, field, part, one), operators))
    terms = [term for term in said if term is not SILENT]
    return all_of(terms) if terms else SILENT


_Key3 = tuple[Callable[[Group], Any], bool, bool]


def _order(object_: Object, dimensions: Sequence[Dimension], given: Sequence[Any]) -> list[_Key3]:
    keys: list[_Key3] = []
    for item in given:
        name, member = _only(item)
        if name is None:
            continue
        if name == "key":
            names: list[str | None] = []
            while isinstance(member, dict):
                step, member = _only(member)
                names.append(step)
            if None in names:
                continue
            indexes = [index for index, one in enumerate(dimensions) if one.names == tuple(names)]
            if not indexes:
                raise refuse("not grouped by")
            keys += [(_reader(dimensions[index], index), *DIRECTIONS[member]) for index in indexes]
        elif name == "count":
            keys.append((lambda one: len(one.rows), *DIRECTIONS[member]))
        else:
            found = list(_members(object_, member))
            if len(found) > 1:
                raise refuse("one key")
            if not found:
                continue
            ((field, part, direction),) = found

            def read(one: Group, name: str = name, field: Field = field, part: Part = part) -> Any:
                of, value = _value(name, field, part, one)
                return sort_value(of, value)

            keys.append((read, *DIRECTIONS[direction]))
    keys += [(_reader(one, index), False, False) for index, one in enumerate(dimensions)]
    return [*keys, *((_raw(index), False, False) for index in range(len(dimensions)))]


def _only(item: Mapping[str, Any]) -> tuple[str | None, Any]:
    """Return the name and the value of an order's one member; an absent variable leaves none."""
    if len(item) > 1:
        raise refuse("one key")
    return next(iter(item.items()), (None, None))


def _raw(index: int) -> Callable[[Group], Any]:
    """Return the key that tells texts with the same key apart; other values are told apart before."""
    return lambda one: one.values[index] if isinstance(one.values[index], str) else ""


def _reader(dimension: Dimension, index: int) -> Callable[[Group], Any]:
    return lambda one: dimension.sort(one.values[index])
