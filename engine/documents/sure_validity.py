"""Whether an operation is surely valid, found in one walk through it; graphql-core finds the errors of all others.

graphql-core walks through a document with some 27 rules, and twice more for its variables: half of the processor's time
for a new document. Nearly all documents are valid, and have nothing rare in them. The walk gives up at the first part
that may break a rule, or that is rare: several operations, subscriptions, introspection, whose depth has a bound,
directives other than `@skip` and `@include`, inputs that take exactly one member, or text for their enums. A test holds
it to graphql-core over generated documents.
"""

from collections.abc import Collection, Mapping, Sequence
from typing import cast

from graphql import (
    DirectiveNode,
    FieldNode,
    FragmentSpreadNode,
    GraphQLArgument,
    GraphQLCompositeType,
    GraphQLEnumType,
    GraphQLError,
    GraphQLInputField,
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLList,
    GraphQLNamedType,
    GraphQLNonNull,
    GraphQLScalarType,
    GraphQLSchema,
    GraphQLType,
    InlineFragmentNode,
    ListTypeNode,
    NamedTypeNode,
    NonNullTypeNode,
    NullValueNode,
    OperationType,
    SelectionSetNode,
    TypeNode,
    Undefined,
    ValueNode,
    VariableDefinitionNode,
    VariableNode,
    is_composite_type,
    is_input_type,
    type_from_ast,
    validate_input_literal,
)
from graphql.language import ArgumentNode, ListValueNode, ObjectFieldNode, ObjectValueNode
from graphql.utilities import do_types_overlap

from fieldstone.engine.documents.allowances import IS_ALSO_WHOLE, JSON, accepted
from fieldstone.engine.documents.document import Operation
from fieldstone.engine.documents.variable_positions import Places, note_place, read_as

MOST_SHARED = 5_000
"""Fragment spreads and uses of variables: graphql-core refuses a document for some ten times as many."""
MOST_NESTED = 200
"""Selection sets inside one another, with fragments spread: graphql-core refuses a document with more."""

_DIRECTIVES = frozenset({"skip", "include"})
_INTROSPECTION = frozenset({"__schema", "__type"})


class _Unsure(Exception):
    """The operation may be invalid."""


def is_surely_valid(schema: GraphQLSchema, operation: Operation, *, named: set[str], places: Places) -> bool:
    """Return whether all rules but that of merged fields hold for an operation; False if that is not sure, too.

    Args:
        schema: the schema that the operation must fit.
        operation: as it was parsed.
        named: gets the names of the types of all its fields, arguments and variables, if it is valid.
        places: gets the types that the values of its variables must be of beside the declared ones, if it is valid.
    """
    walk = _Walk(schema, operation)
    try:
        walk.check()
    except (_Unsure, RecursionError):
        return False
    named |= walk.named
    places.update(walk.places)
    return True


class _Walk:
    __slots__ = ("_declared", "_heights", "_operation", "_schema", "_spreads", "_usages", "named", "places")

    def __init__(self, schema: GraphQLSchema, operation: Operation) -> None:
        self.named: set[str] = set()
        self.places: dict[str, set[str]] = {}
        self._schema = schema
        self._operation = operation
        self._declared: dict[str, tuple[VariableDefinitionNode, GraphQLInputType]] = {}
        self._usages: list[tuple[str, GraphQLInputType | None, object]] = []
        self._heights: dict[str, int] = {}
        self._spreads = 0

    def check(self) -> None:
        """Raise _Unsure if the operation may be invalid."""
        operation, definition = self._operation, self._operation.definition
        root = self._schema.get_root_type(operation.type)
        if (
            root is None
            or operation.type is OperationType.SUBSCRIPTION
            or definition.directives
            # Otherwise it has other operations, definitions of types, or two fragments of one name.
            or len(operation.document.definitions) != 1 + len(operation.fragments)
            or any(one.directives for one in operation.fragments.values())
        ):
            raise _Unsure
        for one in definition.variable_definitions or ():
            self._declare(one)
        height = self._selections(definition.selection_set, root)
        if (
            height > MOST_NESTED
            or len(self._heights) != len(operation.fragments)
            or self._spreads + len(self._usages) > MOST_SHARED
            or {name for name, *_ in self._usages} != self._declared.keys()
        ):
            raise _Unsure
        for name, expected, default in self._usages:
            if expected is None:
                continue
            variable, declared = self._declared[name]
            read = read_as(self._schema, variable, declared, expected, default)
            if read is None:
                raise _Unsure
            if read is not declared:
                note_place(self.places, name, expected)

    def _declare(self, definition: VariableDefinitionNode) -> None:
        name = definition.variable.name.value
        declared = type_from_ast(self._schema, definition.type)
        if definition.directives or name in self._declared or not is_input_type(declared):
            raise _Unsure
        self.named.add(_written(definition.type))
        self._declared[name] = definition, declared
        if definition.default_value is not None:
            self._value(definition.default_value, declared, Undefined)

    def _selections(self, selection_set: SelectionSetNode, parent: GraphQLCompositeType) -> int:
        """Return how many selection sets are inside one another, this one included."""
        height = 0
        for one in selection_set.selections:
            if one.directives:
                self._directives(one.directives)
            if isinstance(one, FieldNode):
                below = self._field(one, parent)
            elif isinstance(one, FragmentSpreadNode):
                below = self._spread(one.name.value, parent)
            elif isinstance(one, InlineFragmentNode):
                on = parent if one.type_condition is None else self._condition(one.type_condition, parent)
                below = self._selections(one.selection_set, on)
            else:
                raise _Unsure
            height = max(height, below)
        return height + 1

    def _field(self, node: FieldNode, parent: GraphQLCompositeType) -> int:
        name = node.name.value
        definition = self._schema.get_field(parent, name)
        if definition is None or name in _INTROSPECTION:
            raise _Unsure
        type_ = _named(definition.type)
        self.named.add(parent.name)
        self.named.add(type_.name)
        if node.arguments or definition.args:
            self._members(node.arguments or (), definition.args)
        below = node.selection_set
        if isinstance(type_, GraphQLScalarType | GraphQLEnumType):
            if below is not None:
                raise _Unsure
            return 0
        if below is None:
            if not definition.extensions.get(IS_ALSO_WHOLE):
                raise _Unsure
            return 0
        if not is_composite_type(type_):
            raise _Unsure
        return self._selections(below, type_)

    def _spread(self, name: str, parent: GraphQLCompositeType) -> int:
        self._spreads += 1
        fragment = self._operation.fragments.get(name)
        if fragment is None:
            raise _Unsure
        on = self._condition(fragment.type_condition, parent)
        height = self._heights.get(name)
        if height is None:
            self._heights[name] = 0
            height = self._heights[name] = self._selections(fragment.selection_set, on)
        elif not height:
            raise _Unsure  # the fragment spreads itself
        return height

    def _condition(self, node: NamedTypeNode, parent: GraphQLCompositeType) -> GraphQLCompositeType:
        name = node.name.value
        self.named.add(name)
        found = self._schema.get_type(name)
        if not is_composite_type(found) or not do_types_overlap(self._schema, found, parent):
            raise _Unsure
        return found

    def _directives(self, nodes: Sequence[DirectiveNode]) -> None:
        found = set()
        for node in nodes:
            name = node.name.value
            directive = self._schema.get_directive(name)
            if directive is None or name not in _DIRECTIVES or name in found:
                raise _Unsure
            found.add(name)
            self._members(node.arguments or (), directive.args)

    def _members(
        self,
        nodes: Collection[ArgumentNode | ObjectFieldNode],
        defined: Mapping[str, GraphQLArgument] | Mapping[str, GraphQLInputField],
    ) -> None:
        """Check arguments, or the members of an input object."""
        given = set()
        for node in nodes:
            name = node.name.value
            one = defined.get(name)
            if one is None or name in given:
                raise _Unsure
            given.add(name)
            self.named.add(_named(one.type).name)
            self._value(node.value, one.type, one.default_value if one.default is None else one.default)
        for name, one in defined.items():
            if (
                isinstance(one.type, GraphQLNonNull)
                and name not in given
                and one.default is None
                and one.default_value is Undefined
            ):
                raise _Unsure

    def _value(self, node: ValueNode, type_: GraphQLInputType, default: object) -> None:
        if isinstance(node, VariableNode):
            self._usages.append((node.name.value, type_, default))
            return
        is_null = isinstance(node, NullValueNode)
        if isinstance(type_, GraphQLNonNull):
            if is_null:
                raise _Unsure
            type_ = type_.of_type
        if is_null:
            return
        if isinstance(type_, GraphQLList):
            for item in node.values if isinstance(node, ListValueNode) else (node,):
                self._value(item, type_.of_type, Undefined)
            return
        if JSON in accepted(type_):
            raise _Unsure
        if isinstance(type_, GraphQLInputObjectType):
            if type_.is_one_of or not isinstance(node, ObjectValueNode):
                raise _Unsure
            self._members(node.fields, type_.fields)
        else:
            self._untyped(node)
            validate_input_literal(node, type_, _refuse, hide_suggestions=True)

    def _untyped(self, node: ValueNode) -> None:
        """Check a literal of a leaf, which may be a list or an object with variables of any type."""
        if isinstance(node, VariableNode):
            self._usages.append((node.name.value, None, Undefined))
        elif isinstance(node, ListValueNode):
            for item in node.values:
                self._untyped(item)
        elif isinstance(node, ObjectValueNode):
            if len({one.name.value for one in node.fields}) != len(node.fields):
                raise _Unsure
            for one in node.fields:
                self._untyped(one.value)


def _refuse(_error: GraphQLError, _path: object) -> None:
    raise _Unsure


def _named(type_: GraphQLType) -> GraphQLNamedType:
    """Return the type within lists and non-null types: graphql-core's own function takes three times as long."""
    while isinstance(type_, GraphQLNonNull | GraphQLList):
        type_ = type_.of_type
    return cast("GraphQLNamedType", type_)


def _written(node: TypeNode) -> str:
    """Return the name of a type as the document writes it."""
    while isinstance(node, NonNullTypeNode | ListTypeNode):
        node = node.type
    return cast("NamedTypeNode", node).name.value
