"""Enums in whose place values stand that they do not list: other spellings, which a schema accepts."""

from collections.abc import Callable

from graphql import GraphQLEnumType, GraphQLError
from graphql.language import ConstValueNode

from fieldstone.engine.documents.allowances import ACCEPTS
from fieldstone.engine.schema.values.scalars import literal_value
from fieldstone.metadata.errors import InvalidValue
from fieldstone.metadata.json_text import JsonValue


class OpenEnum(GraphQLEnumType):
    """An enum in whose place other values may stand. It equals the one that it opens: a schema has one of the name.

    Args:
        listed: the enum without the other values.
        takes: returns whether a value is one of the others; raises InvalidValue ("must be ...") for a wrong one.
        declared: names of further types that a variable in its place may be declared to have.
    """

    def __init__(self, listed: GraphQLEnumType, takes: Callable[[JsonValue], bool], *declared: str) -> None:
        super().__init__(
            listed.name,
            listed.values,
            description=listed.description,
            extensions={ACCEPTS: (listed.name, *declared)},
        )
        self._listed, self.takes = listed, takes

    def __eq__(self, other: object) -> bool:
        return other is self or other is self._listed

    def __hash__(self) -> int:
        return hash(self._listed)

    def coerce_input_value(self, input_value: JsonValue, hide_suggestions: bool = False) -> object:
        """Return the value of a variable, or the name of the enum's value that it is."""
        if self._is_other(input_value):
            return input_value
        return super().coerce_input_value(input_value, hide_suggestions)

    def coerce_input_literal(self, value_node: ConstValueNode, hide_suggestions: bool = False) -> object:
        """Return the value of a literal, as of a variable."""
        # Validation knows no variables yet, and leaves members that are one out: the reader checks them.
        value = literal_value(value_node, None)
        return value if self._is_other(value) else super().coerce_input_literal(value_node, hide_suggestions)

    def _is_other(self, value: JsonValue) -> bool:
        try:
            return self.takes(value)
        except InvalidValue as error:
            raise GraphQLError(f"The value {error.message}.") from None
