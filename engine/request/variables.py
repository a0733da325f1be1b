"""Variables: the request's values held against the types that the operation declares, and the shape that they give it.

Coercion follows the GraphQL specification (section 6.1.2) but leaves each leaf as the client sent it, so that no digit
of a number is lost: the column's scalar reads it when it is bound.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from graphql import (
    ConstValueNode,
    GraphQLBoolean,
    GraphQLEnumType,
    GraphQLError,
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLScalarType,
    GraphQLSchema,
    GraphQLType,
    NonNullTypeNode,
    TypeNode,
    VariableDefinitionNode,
    is_input_type,
    parse_type,
    print_ast,
    type_from_ast,
)

from fieldstone.engine.access.withheld import WITHHELD
from fieldstone.engine.documents.allowances import accepted
from fieldstone.engine.documents.document import FILTER_MEMBERS
from fieldstone.engine.documents.suggestions import suggest
from fieldstone.engine.errors import BadUserInput, Forbidden, QueryTooComplex, ValidationFailed
from fieldstone.engine.planner.arguments.trees import constant_value
from fieldstone.engine.schema.values.filters import is_operator
from fieldstone.metadata.errors import InvalidValue
from fieldstone.metadata.json_text import JsonValue
from fieldstone.metadata.scalars import DECIMAL, INT, JSON, STRING, shown
from fieldstone.sql.frozen import frozen

Variables = Mapping[str, JsonValue]

_MEMBERS = "members"
"""The extension of an input type that has its `_Members`."""


@frozen
class Declaration:
    """A variable as its operation declares it.

    Attributes:
        scalar: its type, where that is a scalar, which all schemas share; any other is looked up in the schema at hand.
        places: the types that a value must be of as well, because of the places where the variable is used.
        check: raises InvalidValue or GraphQLError for a value that is none of the scalar's.
    """

    name: str
    type: TypeNode
    scalar: GraphQLScalarType | None
    default: ConstValueNode | None
    places: tuple[TypeNode, ...] = ()
    check: Callable[[JsonValue], object] | None = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "check", None if self.scalar is None else _leaf_check(self.scalar))

    @property
    def is_plain(self) -> bool:
        """Whether all values are neither null nor lists nor objects."""
        is_scalar = self.scalar is not None and self.scalar.name != JSON.name
        return is_scalar and isinstance(self.type, NonNullTypeNode)


def declare(
    schema: GraphQLSchema, definitions: Sequence[VariableDefinitionNode], places: Mapping[str, Collection[str]]
) -> tuple[Declaration, ...]:
    """Return the variables of an operation that is valid under this schema.

    Args:
        schema: the one whose types the definitions name.
        definitions: the operation's.
        places: by a variable's name, the types that its values must be of beside the declared one.
    """
    return tuple(
        Declaration(
            name=definition.variable.name.value,
            type=definition.type,
            scalar=_scalar(type_from_ast(schema, definition.type)),
            default=definition.default_value,
            places=tuple(map(parse_type, sorted(places.get(definition.variable.name.value, ())))),
        )
        for definition in definitions
    )


def _scalar(declared: GraphQLType | None) -> GraphQLScalarType | None:
    inner = declared.of_type if isinstance(declared, GraphQLNonNull) else declared
    return inner if isinstance(inner, GraphQLScalarType) else None


def coerce_variables(
    schema: GraphQLSchema, declarations: Sequence[Declaration], given: Variables, *, depth: int
) -> dict[str, JsonValue]:
    """Return the values of the declared variables; one that is absent and has no default is not in it.

    Raises:
        BadUserInput: a value is not of its type; the message names the variable and the place in it.
        QueryTooComplex: it is nested deeper than `depth` lists and input objects, or its filters are too large.
    """
    values: dict[str, JsonValue] = {}
    size: _FilterSize | None = None
    for declaration in declarations:
        name = declaration.name
        if name not in given:
            if declaration.default is not None:
                values[name] = constant_value(declaration.default)
                _check_places(schema, declaration, values[name], depth)
            elif isinstance(declaration.type, NonNullTypeNode):
                raise BadUserInput(
                    f"Variable '${name}' of type '{print_ast(declaration.type)}' is required.", field=name
                )
            continue
        value = values[name] = given[name]
        if (check := declaration.check) is not None and value is not None:
            # Most values are right: the text of an error about them need not be put together.
            try:
                check(value)
            except (InvalidValue, GraphQLError) as error:
                raise BadUserInput(f"Variable '${name}' {error.message}.", field=name) from None
        else:
            size = size or _FilterSize()
            _check(_type_in(schema, declaration.type, name), value, f"${name}", name, depth, size)
        if declaration.places:
            _check_places(schema, declaration, value, depth)
    return values


def _type_in(schema: GraphQLSchema, declared: TypeNode, name: str) -> GraphQLInputType:
    found = type_from_ast(schema, declared)
    if found is None or not is_input_type(found):
        raise ValidationFailed(f"Variable '${name}' is of the unknown type '{print_ast(declared)}'.")
    return found


def _check_places(schema: GraphQLSchema, declaration: Declaration, value: JsonValue, depth: int) -> None:
    name = declaration.name
    for place in declaration.places:
        _check(_type_in(schema, place, name), value, f"${name}", name, depth, _FilterSize())


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
        scalars = {name: _scalar(type_) for name, type_ in types.items()}
        known = declared.extensions[_MEMBERS] = _Members(
            required=[name for name, type_ in types.items() if isinstance(type_, GraphQLNonNull)],
            leaves={name: _leaf_check(scalar) for name, scalar in scalars.items() if scalar is not None},
            # A record's filter has junctions, and all members of a column's filter are operators.
            filters="not" in fields or is_operator(next(iter(fields.values()))),
        )
    return known


@dataclass(slots=True)
class _FilterSize:
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


def check_input(declared: GraphQLInputType, value: JsonValue, place: str, field: str, depth: int) -> None:
    """Check a value against its type.

    Args:
        declared: the type.
        value: as the client sent it.
        place: where it stands, as a message names it; that of a variable begins with `$`.
        field: the input that an error blames.
        depth: levels of lists and input objects that it may have.

    Raises:
        BadUserInput: it is not of the type.
        QueryTooComplex: it is nested deeper.
    """
    _check(declared, value, place, field, depth, _FilterSize())


def _named(place: str) -> str:
    return f"Variable '{place}'" if place.startswith("$") else f"'{place}'"


def _check(declared: GraphQLInputType, value: JsonValue, place: str, field: str, depth: int, size: _FilterSize) -> None:
    if isinstance(declared, GraphQLNonNull):
        if value is None:
            raise BadUserInput(f"{_named(place)} must not be null: it is of type '{declared}'.", field=field)
        declared = declared.of_type
    if value is None:
        return
    if depth < 0:
        raise QueryTooComplex(f"{_named(place.partition('.')[0])} is nested too deeply.")
    match declared:
        case GraphQLScalarType():
            _check_leaf(declared, value, place, field)
        case GraphQLList():
            for index, item in enumerate(value) if isinstance(value, list) else ((None, value),):
                _check(declared.of_type, item, place if index is None else f"{place}[{index}]", field, depth - 1, size)
        case GraphQLInputObjectType():
            _check_object(declared, value, place, field, depth - 1, size)
        case GraphQLEnumType():
            if isinstance(value, bool) and GraphQLBoolean.name in accepted(declared):
                return
            if not isinstance(value, str) or value not in declared.values:
                known = ", ".join(declared.values)
                hint = suggest(value, declared.values) if isinstance(value, str) else ""
                raise BadUserInput(f"{_named(place)} must be one of {known}, not {shown(value)}.{hint}", field=field)


def _check_object(
    declared: GraphQLInputObjectType, value: JsonValue, place: str, field: str, depth: int, size: _FilterSize
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
                f"{suggest(name, fields)}",
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
        _leaf_check(declared)(value)
    except (InvalidValue, GraphQLError) as error:
        return error.message
    return None


def _leaf_check(declared: GraphQLScalarType) -> Callable[[JsonValue], object]:
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
