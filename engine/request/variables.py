"""Variables: the request's values held against the types that the operation declares, and the shape that they give it.

Coercion follows the GraphQL specification (section 6.1.2) but leaves each leaf as the client sent it, so that no digit
of a number is lost: the column's scalar reads it when it is bound.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import field

from graphql import (
    ConstValueNode,
    GraphQLError,
    GraphQLInputType,
    GraphQLScalarType,
    GraphQLSchema,
    NonNullTypeNode,
    TypeNode,
    VariableDefinitionNode,
    is_input_type,
    parse_type,
    print_ast,
    type_from_ast,
)

from fieldstone.engine.errors import BadUserInput, ValidationFailed
from fieldstone.engine.planner.arguments.input_values import FilterSize, check_input, leaf_check, scalar_of
from fieldstone.engine.planner.arguments.trees import constant_value
from fieldstone.metadata.errors import InvalidValue
from fieldstone.metadata.json_text import JsonValue
from fieldstone.metadata.scalars import JSON
from fieldstone.sql.frozen import frozen

Variables = Mapping[str, JsonValue]


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
        object.__setattr__(self, "check", None if self.scalar is None else leaf_check(self.scalar))

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
            scalar=scalar_of(type_from_ast(schema, definition.type)),
            default=definition.default_value,
            places=tuple(map(parse_type, sorted(places.get(definition.variable.name.value, ())))),
        )
        for definition in definitions
    )


def coerce_variables(
    schema: GraphQLSchema, declarations: Sequence[Declaration], given: Variables, *, depth: int
) -> dict[str, JsonValue]:
    """Return the values of the declared variables; one that is absent and has no default is not in it.

    Raises:
        BadUserInput: a value is not of its type; the message names the variable and the place in it.
        QueryTooComplex: it is nested deeper than `depth` lists and input objects, or its filters are too large.
    """
    values: dict[str, JsonValue] = {}
    size: FilterSize | None = None
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
            size = size or FilterSize()
            check_input(_type_in(schema, declaration.type, name), value, f"${name}", name, depth, size)
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
        check_input(_type_in(schema, place, name), value, f"${name}", name, depth)
