"""Members and types that a schema finds by their names but does not list: other spellings, which it accepts.

Introspection, printed schemas and everything else that lists members leave them out.
"""

from collections.abc import Callable, Iterator, Mapping
from functools import cached_property
from typing import Final, TypeVar, overload

from graphql import GraphQLInputField, GraphQLInputObjectType

from fieldstone.engine.documents.allowances import IS_OPEN

V = TypeVar("V")
D = TypeVar("D")

UNLISTED: Final = "unlisted"
"""Of a type, in its `extensions`: True if the schema does not list it."""


class FullDict(dict[str, V]):
    """A dict whose `get` finds all that `[name]` finds: also the values that `__missing__` returns."""

    @overload
    def get(self, name: str, default: None = None, /) -> V | None: ...
    @overload
    def get(self, name: str, default: V, /) -> V: ...
    @overload
    def get(self, name: str, default: D, /) -> V | D: ...
    def get(self, name: str, default: D | None = None, /) -> V | D | None:
        """Return the value of a name, `default` where there is none."""
        try:
            return self[name]
        except KeyError:
            return default


class WithUnlisted(FullDict[V]):
    """A dict of members that finds others, too; to iterate over it leaves those out."""

    def __init__(self, listed: Mapping[str, V], unlisted: Mapping[str, V]) -> None:
        super().__init__(listed)
        self._unlisted = unlisted

    def __missing__(self, name: str) -> V:
        return self._unlisted[name]

    def __contains__(self, name: object) -> bool:
        return super().__contains__(name) or name in self._unlisted


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
