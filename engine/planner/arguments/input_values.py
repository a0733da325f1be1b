"""Values of inputs held against their types.

A leaf stays as the client sent it, so that no digit of a number is lost: the column's scalar reads it when it is bound.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from graphql import (
    GraphQLEnumType,
    GraphQLError,
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLScalarType,
    GraphQLType,
)

from fieldstone.engine.access.withheld import WITHHELD
from fieldstone.engine.documents.document import FILTER_MEMBERS
from fieldstone.engine.documents.suggestions import suggest, suggest_member
from fieldstone.engine.errors import BadUserInput, Forbidden, QueryTooComplex
from fieldstone.engine.schema.values.filters import is_operator
from fieldstone.engine.schema.values.open_enums import OpenEnum
from fieldstone.metadata.errors import InvalidValue
from fieldstone.metadata.json_text import JsonValue
from fieldstone.metadata.scalars import DECIMAL, INT, STRING, shown

_MEMBERS = "members"
"""The extension of an input type that has its `_Members`."""


def scalar_of(declared: GraphQLType | None) -> GraphQLScalarType | None:
    """Return the scalar that a type is, null or not; None where it is another type."""
    inner = declared.of_type if isinstance(declared, GraphQLNonNull) else declared
    return inner if isinstance(inner, GraphQLScalarType) else None


class _Members(NamedTuple):
    """All that the check of an input object has to know about its type's members; it is kept with the type.

    Attributes:
        required: the names of those that are required.
        leaves: the checks of those that are scalars, by their names.
        filters: whether the type is part of a filter.
    """

    required: Sequence[str]
    leaves: Mapping[str, Callable[[JsonValue], object]]
    filters: bool


def _members_of(declared: GraphQLInputObjectType) -> _Members:
    known: _Members | None = declared.extensions.get(_MEMBERS)
    if known is None:
        fields = declared.fields
        types = {name: field.type for name, field in fields.items()}
        scalars = {name: scalar_of(type_) for name, type_ in types.items()}
        known = declared.extensions[_MEMBERS] = _Members(
            required=[name for name, type_ in types.items() if isinstance(type_, GraphQLNonNull)],
            leaves={name: leaf_check(scalar) for name, scalar in scalars.items() if scalar is not None},
            # A record's filter has junctions, and all members of a column's filter are operators.
            filters="not" in fields or is_operator(next(iter(fields.values()))),
        )
    return known


@dataclass(slots=True)
class FilterSize:
    """Counts the members of the filters in the values of an operation's variables."""

    found: int = 0

    def count(self, given: Mapping[str, JsonValue]) -> None:
        """Count those of one input object of a filter."""
        self.found += len(given) or 1
        if self.found > FILTER_MEMBERS:
            raise QueryTooComplex(
                f"The filters in the variables have more than {FILTER_MEMBERS:,} members. "
                "An 'in' with a list is one, whatever its length."
            )


def check_input(
    declared: GraphQLInputType,
    value: JsonValue,
    place: str,
    field: str,
    depth: int,
    size: FilterSize | None = None,
) -> None:
    """Check a value against its type.

    Args:
        declared: the type.
        value: as the client sent it.
        place: where it stands, as a message names it; that of a variable begins with `$`.
        field: the input that an error blames.
        depth: levels of lists and input objects that it may have.
        size: counts the members of its filters with those of other values.

    Raises:
        BadUserInput: it is not of the type.
        Forbidden: it has a member that the role may not give.
        QueryTooComplex: it is nested deeper, or its filters are too large.
    """
    _check(declared, value, place, field, depth, size or FilterSize())


def _named(place: str) -> str:
    return f"Variable '{place}'" if place.startswith("$") else f"'{place}'"


def _check(declared: GraphQLInputType, value: JsonValue, place: str, field: str, depth: int, size: FilterSize) -> None:
    if isinstance(declared, GraphQLNonNull):
        if value is None:
            raise BadUserInput(f"{_named(place)} must not be null: it is of type '{declared}'.", field=field)
        declared = declared.of_type
    if value is None:
        return
    if depth < 0:
        raise QueryTooComplex(f"{_named(place.partition('.')[0])} is nested too deeply.", field=field)
    match declared:
        case GraphQLScalarType():
            _check_leaf(declared, value, place, field)
        case GraphQLList():
            for index, item in enumerate(value) if isinstance(value, list) else ((None, value),):
                _check(declared.of_type, item, place if index is None else f"{place}[{index}]", field, depth - 1, size)
        case GraphQLInputObjectType():
            _check_object(declared, value, place, field, depth - 1, size)
        case GraphQLEnumType():
            if isinstance(declared, OpenEnum) and _is_other(declared, value, place, field):
                return
            if not isinstance(value, str) or value not in declared.values:
                known = ", ".join(declared.values)
                hint = suggest(value, declared.values) if isinstance(value, str) else ""
                raise BadUserInput(f"{_named(place)} must be one of {known}, not {shown(value)}.{hint}", field=field)


def _is_other(declared: OpenEnum, value: JsonValue, place: str, field: str) -> bool:
    try:
        return declared.takes(value)
    except InvalidValue as error:
        raise BadUserInput(f"{_named(place)} {error.message}.", field=field) from None


def _check_object(
    declared: GraphQLInputObjectType, value: JsonValue, place: str, field: str, depth: int, size: FilterSize
) -> None:
    if not isinstance(value, dict):
        raise BadUserInput(f"{_named(place)} must be an object ('{declared}'), not {shown(value)}.", field=field)
    if declared.is_one_of and len(value) != 1:
        known = ", ".join(declared.fields)
        raise BadUserInput(
            f"{_named(place)} must have exactly one of the fields {known}, not {len(value)}.", field=field
        )
    members = _members_of(declared)
    if members.filters:
        size.count(value)
    fields, leaves = declared.fields, members.leaves
    for name, item in value.items():
        # Most members are leaves, and right: the text of an error about them need not be put together.
        check = leaves.get(name)
        if check is not None and item is not None and depth >= 0:
            try:
                check(item)
            except (InvalidValue, GraphQLError):
                pass
            else:
                continue
        defined = fields.get(name)
        if defined is None:
            if withheld := declared.extensions.get(WITHHELD, {}).get(name):
                raise Forbidden(withheld, field=name)
            raise BadUserInput(
                f"{_named(place)} has the field {shown(name)}, which '{declared}' does not define."
                f"{suggest_member(name, declared)}",
                field=name,
            )
        blamed = field if is_operator(defined) else name
        _check(defined.type, item, f"{place}.{name}", blamed, depth, size)
    for name in members.required:
        if name not in value:
            raise BadUserInput(f"{_named(place)} lacks the field '{name}', which is required.", field=name)


def _check_leaf(declared: GraphQLScalarType, value: JsonValue, place: str, field: str) -> None:
    if reason := _leaf_problem(declared, value):
        raise BadUserInput(f"{_named(place)} {reason}.", field=field)


def is_of(declared: GraphQLScalarType, value: JsonValue) -> bool:
    """Return whether a value that is not null is one of the scalar's."""
    return _leaf_problem(declared, value) is None


def _leaf_problem(declared: GraphQLScalarType, value: JsonValue) -> str | None:
    """Return the fault of a value that is not null, None where it is one of the type's."""
    try:
        leaf_check(declared)(value)
    except (InvalidValue, GraphQLError) as error:
        return error.message
    return None


def leaf_check(declared: GraphQLScalarType) -> Callable[[JsonValue], object]:
    """Return the function that raises InvalidValue or GraphQLError for a value that is none of the type's."""
    return _BUILT_IN.get(declared.name) or declared.parse_value


def _check_boolean(value: JsonValue) -> None:
    if not isinstance(value, bool):
        raise InvalidValue(f"must be true or false, not {shown(value)}")


def _check_id(value: JsonValue) -> None:
    """Refuse values that are no ID: the specification takes whole numbers as well (section 3.5.5)."""
    if isinstance(value, bool) or not isinstance(value, int):
        STRING.coerce(value)


# graphql-core's own scalars would read a Decimal as no number, and 3.0 as a float.
_BUILT_IN = {
    "Int": INT.coerce,
    "Float": DECIMAL.coerce,
    "String": STRING.coerce,
    "ID": _check_id,
    "Boolean": _check_boolean,
}
