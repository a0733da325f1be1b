"""Dimensions: the argument groupBy becomes the values that records are grouped by."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import cast

from fieldstone.engine.planner.arguments.trees import Absent, Blame, Leaf, Tree, bind_tree, listed
from fieldstone.engine.planner.context import PlanContext, hop_over
from fieldstone.engine.planner.reads.filters.relative_dates import time_zone
from fieldstone.engine.planner.reads.measures import operand_of
from fieldstone.engine.schema.values.groupings import BUCKET_NAMES, BUCKETS
from fieldstone.engine.schema.values.relative_dates import DAYS
from fieldstone.metadata.errors import InvalidValue
from fieldstone.metadata.json_text import JsonValue
from fieldstone.metadata.model import Object, Part, relation_end
from fieldstone.metadata.scalars import DATE, DATE_TIME, DECIMAL, INT, Scalar, shown
from fieldstone.sql.frozen import frozen
from fieldstone.sql.plan.elements import Hop
from fieldstone.sql.plan.groups import INSTANTS, Bucket, Dimension
from fieldstone.sql.plan.operands import Column, Operand, Parameter
from fieldstone.sql.plan.outputs import Value
from fieldstone.sql.types import Encoding, SqlType

MOST_DIMENSIONS = 16
"""Values that records may be grouped by at once."""

_BUCKETED = {SqlType.DATE: DATE.encoding, SqlType.TIMESTAMP: DATE_TIME.encoding, SqlType.INTEGER: INT.encoding}
"""The encodings of buckets."""


@frozen
class Grouping:
    """A value that records are grouped by.

    Attributes:
        names: those that lead to it in a record.
        column: the one that has it in the groups.
    """

    names: tuple[str, ...]
    part: Part
    dimension: Dimension
    column: Column

    @property
    def operand(self) -> Operand:
        """The operand that groups are ordered by."""
        if self.dimension.bucket is not None or self.dimension.width is not None:
            return self.column
        return operand_of(replace(self.part, column=self.column))

    @property
    def value(self) -> Value:
        """The output of the value."""
        encoding = self.part.scalar.encoding
        if self.dimension.bucket is not None:
            encoding = _BUCKETED[self.column.type]
        elif self.dimension.width is not None:
            encoding = Encoding.QUOTED_TRIMMED if encoding is Encoding.QUOTED else Encoding.TRIMMED
        return Value(column=self.column, encoding=encoding)


def build_groupings(context: PlanContext, object_: Object, tree: Tree, blame: Blame) -> tuple[Grouping, ...]:
    """Return the values that an argument groupBy names, in its order.

    Raises:
        BadUserInput: there are none, or too many, or one of them cannot be grouped by in this way.
    """
    items = listed(tree)
    if not items:
        raise blame.error("'groupBy' must name at least one value to group by, such as { id: true }.")
    if len(items) > MOST_DIMENSIONS:
        raise blame.error(f"'groupBy' names more than {MOST_DIMENSIONS} values.")
    groupings: list[Grouping] = []
    for index, item in enumerate(items):
        names, part, dimension = _walk(context, context.touch(object_), item, (), blame)
        groupings.append(Grouping(names=names, part=part, dimension=dimension, column=dimension.result(index)))
    return tuple(groupings)


def _walk(
    context: PlanContext, object_: Object, tree: Tree, hops: tuple[Hop, ...], blame: Blame
) -> tuple[tuple[str, ...], Part, Dimension]:
    name, member = _only_member(tree, blame)
    below = blame.at(name)
    if holder := object_.foreign_keys.get(name):
        return (name,), holder.parts[0], _dimension(context, holder.parts[0], member, hops, below)
    field = object_.by_name[name]
    if field.relation_id is not None:
        end = relation_end(context.snapshot, field)
        if end is None or not end.to_one:
            raise below.error(f"'{name}' cannot be grouped by.")
        target = context.touch(end.target)
        names, part, dimension = _walk(context, target, member, (*hops, hop_over(context, end)), below)
        return (name, *names), part, dimension
    if field.is_composite:
        sub, given = _only_member(member, below)
        part = next(part for part in field.parts if part.name == sub)
        return (name, sub), part, _dimension(context, part, given, hops, blame.at(sub))
    return (name,), field.parts[0], _dimension(context, field.parts[0], member, hops, below)


def _only_member(tree: Tree, blame: Blame) -> tuple[str, Tree]:
    """Return the one member of an object in a list whose order counts.

    Raises:
        BadUserInput: it has none, or several.
    """
    given = tree if isinstance(tree, dict) else {}
    members = {name: item for name, item in given.items() if not isinstance(item, Absent)}
    if len(members) != 1:
        names = ", ".join(f"{{ {name}: .. }}" for name in members) or "{ name: .. }"
        raise blame.error(f"An object of 'groupBy' takes one key: use a list, [{names}].")
    ((name, member),) = members.items()
    return name, member


def _dimension(context: PlanContext, part: Part, tree: Tree, hops: tuple[Hop, ...], blame: Blame) -> Dimension:
    plain = Dimension(hops=hops, column=part.column)
    if not part.scalar.is_comparable:
        raise blame.error(f"'{blame.field}' cannot be grouped by.")
    if isinstance(tree, Leaf) and tree.sample is True:
        return plain
    if not isinstance(tree, dict):
        raise blame.error(f"'{blame.field}' must be true to be grouped by.")
    given = {name: item for name, item in tree.items() if not isinstance(item, Absent)}
    for name, item in given.items():
        if item is None:
            raise blame.at(name).error(f"'{name}' must not be null: leave it out.")
    if part.scalar.total is None:
        return _bucketed(context, plain, given, blame)
    if "width" not in given:
        return plain
    return replace(plain, width=_width(context, part.scalar, given["width"], blame.at("width")))


def _width(context: PlanContext, scalar: Scalar, tree: Tree, blame: Blame) -> Parameter:
    is_whole = scalar.sql_type in {SqlType.INTEGER, SqlType.BIGINT}

    def convert(value: JsonValue) -> bytes:
        text = cast("str", DECIMAL.coerce(value))
        if not text.strip("0.") or text.startswith("-"):
            raise InvalidValue(f"must be a number greater than 0, not {shown(value)}")
        if is_whole and text.partition(".")[2].strip("0"):
            raise InvalidValue(f"must be a whole number, as the field is, not {shown(value)}")
        return text.encode()

    return context.parameters.add(bind_tree(tree, convert, blame), SqlType.NUMERIC)


def _bucketed(context: PlanContext, plain: Dimension, given: Mapping[str, Tree], blame: Blame) -> Dimension:
    name = next((name for name in BUCKET_NAMES if name in given), "bucket")
    bucket = read_bucket(given.get(name, Leaf(sample=Bucket.DAY.name)), blame.at(name))
    if plain.column.type is SqlType.DATE and bucket in {*INSTANTS, Bucket.HOUR_OF_DAY}:
        raise blame.at(name).error(f"'{blame.field}' is a date: its bucket must be DAY or a longer one.")
    zone = None
    if "timeZone" in given:
        # Dates have no zone, but a name that is none is refused all the same.
        zone = time_zone(context, given["timeZone"], blame.at("timeZone"))
    first_day = 0
    if "firstDayOfWeek" in given:
        first_day = _first_day(given["firstDayOfWeek"], bucket, blame.at("firstDayOfWeek"))
    return replace(plain, bucket=bucket, zone=zone, first_day=first_day)


def read_bucket(tree: Tree, blame: Blame) -> Bucket | None:
    """Return the bucket that a leaf names."""
    name = tree.sample if isinstance(tree, Leaf) else None
    if not isinstance(name, str) or name not in BUCKETS:
        raise blame.error(f"'{blame.field}' must be one of {' '.join(BUCKETS)}, not {shown(name)}.")
    return BUCKETS[name]


def _first_day(tree: Tree, bucket: Bucket | None, blame: Blame) -> int:
    name = tree.sample if isinstance(tree, Leaf) else None
    if name not in DAYS:
        raise blame.error(f"'firstDayOfWeek' must be one of {' '.join(DAYS)}, not {shown(name)}.")
    if bucket is not Bucket.WEEK:
        raise blame.error("'firstDayOfWeek' goes with the bucket WEEK alone.")
    return DAYS.index(cast("str", name))


def find_groupings(groupings: Sequence[Grouping], names: tuple[str, ...]) -> list[Grouping]:
    """Return the groupings by the value that these names lead to."""
    return [grouping for grouping in groupings if grouping.names == names]
