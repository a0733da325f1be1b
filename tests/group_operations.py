"""Groups as a client could ask for them: values to group by, and a key that selects exactly these."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from graphql import GraphQLField, GraphQLInputObjectType, GraphQLObjectType, get_named_type
from hypothesis import strategies as st

from tests.operation_writer import Selection, Writer, write_set

if TYPE_CHECKING:
    from tests.operations import Selections, Values

_BUCKETS = [
    "DAY", "WEEK", "MONTH", "QUARTER", "YEAR", "NONE", "DAY_OF_WEEK", "DAY_OF_THE_WEEK", "MONTH_OF_YEAR",
    "QUARTER_OF_YEAR",
]  # fmt: skip
_OF_TIMES = ["HOUR", "MINUTE", "HOUR_OF_DAY"]
_ZONES = [
    "UTC", "Europe/Berlin", "America/Sao_Paulo", "Asia/Kathmandu", "Pacific/Apia", "Atlantic/Azores", "Etc/GMT+12",
    "Australia/Lord_Howe",
]  # fmt: skip


@dataclass(frozen=True, slots=True)
class DrawnGrouping:
    """A value to group by: the argument, the names that lead to it, and for a date its bucket."""

    given: dict[str, Any]
    names: tuple[str, ...]
    bucket: str | None

    def select(self, number: int) -> str:
        """The selection of the value in a group's key."""
        *above, name = self.names
        leaf = name
        if self.bucket is not None:
            leaf = f"k{number}: {name}(bucket: {self.bucket}) {{ date dateTime number }}"
        for step in reversed(above):
            leaf = f"{step} {{ {leaf} }}"
        return leaf


def draw_groupings(values: "Values", of_type: GraphQLInputObjectType, times: Collection[str]) -> list[DrawnGrouping]:
    """One to three values to group by; `times` are the names of fields that have a time of the day."""
    return [_draw(values, of_type, times, 2) for _ in range(values.draw(st.integers(1, 3)))]


def _draw(values: "Values", of_type: GraphQLInputObjectType, times: Collection[str], depth: int) -> DrawnGrouping:
    names = [
        name
        for name, member in of_type.fields.items()
        if depth > 0 or not isinstance(get_named_type(member.type), GraphQLInputObjectType)
    ]
    name = values.draw(st.sampled_from(names))
    named = get_named_type(of_type.fields[name].type)
    if isinstance(named, GraphQLInputObjectType):
        inner = _draw(values, named, times, depth - 1)
        return DrawnGrouping({name: inner.given}, (name, *inner.names), inner.bucket)
    if named.name == "DateGrouping":
        return _draw_date(values, name, is_time=name in times)
    if named.name == "NumberGrouping" and values.chance(60):
        return DrawnGrouping({name: {"width": values.draw(st.sampled_from([1, 3, 1000, 2**31 - 1]))}}, (name,), None)
    return DrawnGrouping({name: True}, (name,), None)


def _draw_date(values: "Values", name: str, *, is_time: bool) -> DrawnGrouping:
    bucket = values.draw(st.sampled_from([*_BUCKETS, *(_OF_TIMES if is_time else [])]))
    given: dict[str, Any] = {"bucket": bucket}
    if values.chance(60):
        given["timeZone"] = values.draw(st.sampled_from(_ZONES))
    if bucket == "WEEK" and values.chance(60):
        # With any other day the first week of the calendar begins before Python's.
        given["firstDayOfWeek"] = "MONDAY"
    return DrawnGrouping({name: given}, (name,), bucket)


def draw_group_arguments(selections: "Selections", one: GraphQLField) -> tuple[dict[str, Any], list[DrawnGrouping]]:
    """The arguments of a field of groups without those of a page, and the values that it groups by."""
    values, of_type = selections.values, get_named_type(one.args["groupBy"].type)
    order_type = get_named_type(one.args["orderBy"].type)
    assert isinstance(of_type, GraphQLInputObjectType)
    assert isinstance(order_type, GraphQLInputObjectType)
    drawn = draw_groupings(values, of_type, selections.times)
    given: dict[str, Any] = {
        "groupBy": values.liftable(f"[{of_type.name}!]!", lambda: [grouping.given for grouping in drawn])
    }
    for argument in ("filter", "having"):
        input_type = one.args[argument].type
        if values.chance(40) and isinstance(input_type, GraphQLInputObjectType):
            given[argument] = values.liftable(input_type.name, lambda of=input_type: values.filter(of))  # type: ignore[misc]  # a lambda's default
    if values.chance(50):
        given["orderBy"] = values.liftable(f"[{order_type.name}]", lambda: _draw_order(values, order_type, drawn))
    return given, drawn


def draw_groups(selections: "Selections", name: str, one: GraphQLField, depth: int) -> Selection:
    """A field of groups, its key selected as it is grouped by."""
    values, result = selections.values, get_named_type(one.type)
    assert isinstance(result, GraphQLObjectType)
    given, drawn = draw_group_arguments(selections, one)
    given["first"] = values.liftable("Int", lambda: selections.draw(st.sampled_from([0, 1, 3, 20])))
    others = [other for other in result.fields if other not in {"key", "cursor"}]
    chosen = selections.draw(st.lists(st.sampled_from(others), max_size=3))
    lines = [selections.line(result, other, depth - 1) for other in chosen if depth > 1 or other == "count"]
    key = " ".join(["__typename", *(grouping.select(number) for number, grouping in enumerate(drawn))])
    lines.append(Selection(lambda _: f"key {{ {key} }} cursor"))
    alias = selections.alias(always=True)

    def write(writer: Writer) -> str:
        arguments = ", ".join(f"{key}: {writer.value(value)}" for key, value in given.items())
        return f"{alias}{name}({arguments}) {write_set(writer, lines)}"

    return Selection(write)


def _draw_order(values: "Values", of_type: GraphQLInputObjectType, drawn: Sequence[DrawnGrouping]) -> list[Any]:
    found: list[Any] = []
    for _ in range(values.draw(st.integers(0, 2))):
        if values.chance(50):
            given: Any = values.leaf(get_named_type(of_type.fields["count"].type))
            for step in reversed(values.draw(st.sampled_from(drawn)).names):
                given = {step: given}
            found.append({"key": given})
            continue
        name = values.draw(st.sampled_from([name for name in of_type.fields if name != "key"]))
        named = get_named_type(of_type.fields[name].type)
        is_object = isinstance(named, GraphQLInputObjectType)
        found.append({name: values.order(named) if is_object else values.leaf(named)})
    return found
