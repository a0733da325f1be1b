"""Members and types that a schema finds by their names but does not list: other spellings, which it accepts.

Introspection, printed schemas and everything else that lists members leave them out.
"""

from collections.abc import Callable, Iterator, Mapping
from functools import cached_property
from typing import Final, TypeVar, overload

from graphql import GraphQLEnumType, GraphQLError, GraphQLInputField, GraphQLInputObjectType
from graphql.language import ConstValueNode

from fieldstone.engine.documents.allowances import ACCEPTS, IS_OPEN
from fieldstone.engine.schema.values.scalars import literal_value
from fieldstone.metadata.errors import InvalidValue
from fieldstone.metadata.json_text import JsonValue

V = TypeVar("V")
D = TypeVar("D")

UNLISTED: Final = "unlisted"
"""Of a type, in its `extensions`: True if the schema does not list it."""


class WithUnlisted(dict[str, V]):
    """A dict of members that finds others, too; to iterate over it leaves those out."""

    def __init__(self, listed: Mapping[str, V], unlisted: Mapping[str, V]) -> None:
        super().__init__(listed)
        self._unlisted = unlisted

    def __missing__(self, name: str) -> V:
        return self._unlisted[name]

    def __contains__(self, name: object) -> bool:
        return super().__contains__(name) or name in self._unlisted

    @overload
    def get(self, name: str, default: None = None, /) -> V | None: ...
    @overload
    def get(self, name: str, default: V, /) -> V: ...
    @overload
    def get(self, name: str, default: D, /) -> V | D: ...
    def get(self, name: str, default: D | None = None, /) -> V | D | None:
        """Return the member of a name, `default` where there is none."""
        return self[name] if name in self else default  # noqa: SIM401  # it would call itself


class Found(Mapping[str, V]):
    """Members that are found by their names alone: `find` returns None where there is none."""

    def __init__(self, find: Callable[[str], V | None]) -> None:
        self._find = find

    def __getitem__(self, name: str) -> V:
        found = self._find(name)
        if found is None:
            raise KeyError(name)
        return found

    def __iter__(self) -> Iterator[str]:
        return iter(())

    def __len__(self) -> int:
        return 0


class OpenInput(GraphQLInputObjectType):
    """An input type that accepts members which it does not list."""

    def __init__(
        self,
        name: str,
        fields: Callable[[], Mapping[str, GraphQLInputField]],
        unlisted: Mapping[str, GraphQLInputField],
        *,
        description: str,
    ) -> None:
        super().__init__(name, fields, description=description, extensions={IS_OPEN: True})
        self._unlisted = unlisted

    @cached_property
    def fields(self) -> dict[str, GraphQLInputField]:
        """The members."""
        return WithUnlisted(super().fields, self._unlisted)


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
        value = literal_value(value_node, None)
        return value if self._is_other(value) else super().coerce_input_literal(value_node, hide_suggestions)

    def _is_other(self, value: JsonValue) -> bool:
        try:
            return self.takes(value)
        except InvalidValue as error:
            raise GraphQLError(f"The value {error.message}.") from None
