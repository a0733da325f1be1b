"""The validation of an operation against a schema, by the rules of the GraphQL specification."""

from functools import partial
from typing import cast

from graphql import (
    FieldNode,
    GraphQLSchema,
    GraphQLType,
    NamedTypeNode,
    Node,
    ValidationContext,
    ValidationRule,
    get_named_type,
    validate,
)

from fieldstone.engine.documents.allowances import RULES
from fieldstone.engine.documents.document import Operation, location_of, locations_of
from fieldstone.engine.documents.field_merging import find_conflicts
from fieldstone.engine.documents.merged_rules import MergedRules
from fieldstone.engine.documents.suggestions import add_suggestions
from fieldstone.engine.documents.sure_validity import is_surely_valid
from fieldstone.engine.documents.variable_positions import Places, VariablePositions
from fieldstone.engine.errors import ApiError, QueryTooComplex, ValidationFailed

VALIDATION_ERRORS = 20
"""Errors reported for one document; there may be more."""


def validate_operation(
    schema: GraphQLSchema,
    operation: Operation,
    *,
    named: set[str] | None = None,
    places: Places | None = None,
    suggests: bool = True,
) -> list[ApiError]:
    """Return the errors that the GraphQL specification's validation rules find.

    Args:
        schema: the schema that the operation must fit.
        operation: as it was parsed.
        named: gets the names of the types of all its fields, arguments and variables.
        places: gets the types that the values of its variables must be of beside the declared ones.
        suggests: True if messages may name parts of the schema.
    """
    if schema.get_root_type(operation.type) is None:
        return _unknown_roots(operation)
    named, places = set() if named is None else named, {} if places is None else places
    errors: list[ApiError] = []
    if not is_surely_valid(schema, operation, named=named, places=places):
        try:
            errors += find_errors(schema, operation, named=named, places=places, suggests=suggests)
        except RecursionError:
            return [QueryTooComplex("The document is nested too deeply.")]
    left = VALIDATION_ERRORS - len(errors)
    return errors + find_conflicts(operation.document, operation.fragments, most_errors=left) if left > 0 else errors


def find_errors(
    schema: GraphQLSchema, operation: Operation, *, named: set[str], places: Places, suggests: bool
) -> list[ApiError]:
    """Return the errors that graphql-core finds, without those of merged fields.

    The arguments are those of `validate_operation`.

    Raises:
        RecursionError: the document is nested too deeply.
    """
    # Whatever makes a rule of a context will do; to walk the document once more would take a sixth of all this.
    collecting = cast("type[ValidationRule]", partial(_NamedTypes, names=named))
    positions = partial(VariablePositions, executed=operation.definition, places=places)
    merged = MergedRules((*RULES, cast("type[ValidationRule]", positions), collecting))
    rule = cast("type[ValidationRule]", merged)
    try:
        found = validate(schema, operation.document, [rule], max_errors=VALIDATION_ERRORS, hide_suggestions=True)
    finally:
        merged.release()
    messages = [error.message for error in found]
    if suggests:
        messages = add_suggestions(schema, messages)
    return [
        ValidationFailed(message, locations=locations_of(error)) for message, error in zip(messages, found, strict=True)
    ]


def _unknown_roots(operation: Operation) -> list[ApiError]:
    """Return the errors of an operation whose root type the schema lacks: those of names that it does not know."""
    root = operation.type.value.capitalize()
    fields = [node for node in operation.definition.selection_set.selections if isinstance(node, FieldNode)]
    if not fields:
        return [ValidationFailed(f"Unknown type '{root}'.")]
    return [
        ValidationFailed(f"Cannot query field '{node.name.value}' on type '{root}'.", locations=location_of(node))
        for node in fields[:VALIDATION_ERRORS]
    ]


class _NamedTypes(ValidationRule):
    """Finds nothing, and notes the names of the types that it comes by."""

    def __init__(self, context: ValidationContext, *, names: set[str]) -> None:
        super().__init__(context)
        self._names = names

    def enter_named_type(self, node: NamedTypeNode, *_: object) -> None:
        self._names.add(node.name.value)

    def enter_field(self, _node: Node, *_: object) -> None:
        self._note(self.context.get_parent_type())
        self._note(self.context.get_type())

    def enter_argument(self, _node: Node, *_: object) -> None:
        self._note(self.context.get_input_type())

    enter_object_field = enter_argument

    def _note(self, type_: GraphQLType | None) -> None:
        if type_ is not None:
            self._names.add(get_named_type(type_).name)
