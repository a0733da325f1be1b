"""A GraphQLSchema that builds a type when its name is first asked for: all that leans on graphql-core's internals.

Written against graphql-core 3.3.2 (the version is pinned). It relies on these of its habits: types are looked up by
`schema.type_map` and the root types alone; `GraphQLObjectType.fields` is a `functools.cached_property`, so that an
assignment stands in for it; code that lists types or fields iterates the mapping, and code that changes them calls
`.copy` first. A mapping here answers for every name from the start and holds only the members that were asked for.
"""

from collections.abc import Callable, ItemsView, Iterable, Iterator, KeysView, ValuesView
from functools import cached_property
from threading import RLock
from typing import TypeVar

from graphql import (
    GraphQLAbstractType,
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLUnionType,
)
from graphql.type.schema import InterfaceImplementations

from fieldstone.engine.schema.definitions import absent_roots, build_type, describe_schema, has_root, type_names
from fieldstone.engine.schema.roots.records import MUTATION, QUERY
from fieldstone.engine.schema.roots.subscriptions import SUBSCRIPTION
from fieldstone.engine.schema.scope import NODE, Members, MutationSet, TypeScope
from fieldstone.engine.schema.unlisted import FullDict
from fieldstone.metadata.known_names import NameIndex
from fieldstone.metadata.model import Snapshot

V = TypeVar("V")


class LazyMap(FullDict[V]):
    """A dict whose values are made when they are asked for; to iterate over it makes them all."""

    def __init__(self, names: Callable[[], Iterable[str]], find: Callable[[str], V | None], lock: RLock) -> None:
        super().__init__()
        self._names = names
        self._find = find
        self._lock = lock

    def __missing__(self, name: str) -> V:
        # Two threads must not build two types of one name. To build a type never asks for the fields of another, whose
        # cached_property has a lock of its own before Python 3.12.
        with self._lock:
            if dict.__contains__(self, name):
                return super().__getitem__(name)
            value = self._find(name)
            if value is None:
                raise KeyError(name)
            self[name] = value
            return value

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and self.get(name) is not None

    def __iter__(self) -> Iterator[str]:
        return iter(self._names())

    def __len__(self) -> int:
        return sum(1 for _ in self._names())

    def __bool__(self) -> bool:
        return next(iter(self), None) is not None

    def keys(self) -> KeysView[str]:  # type: ignore[override]  # dict's own views know only the members that were made
        """Return all names."""
        return KeysView(self)

    def values(self) -> ValuesView[V]:  # type: ignore[override]  # see keys
        """Return all values."""
        return ValuesView(self)

    def items(self) -> ItemsView[str, V]:  # type: ignore[override]  # see keys
        """Return all names with their values."""
        return ItemsView(self)

    def copy(self) -> dict[str, V]:
        """Return an ordinary dict of all."""
        return {name: self[name] for name in self}

    @cached_property
    def index(self) -> NameIndex:
        """The index of all names, for searches for those that are close to a misspelt one."""
        return NameIndex(self)

    @property
    def made(self) -> int:
        """How many values were made so far."""
        return super().__len__()


class LazySchema(GraphQLSchema):
    """A schema whose type map is lazy; `scope` defines its types."""

    type_map: LazyMap[GraphQLNamedType]
    scope: TypeScope

    def get_implementations(self, interface_type: GraphQLInterfaceType) -> InterfaceImplementations:
        """Return the types that have an interface; all of them are made."""
        objects = [
            self.scope.object_type(object_.type_name)
            for object_ in self.scope.snapshot.by_singular.values()
            if interface_type.name == NODE and self.scope.is_node(object_)
        ]
        return InterfaceImplementations(objects=objects, interfaces=[])

    def is_sub_type(self, abstract_type: GraphQLAbstractType, maybe_sub_type: GraphQLNamedType) -> bool:
        """Return whether a type has an interface, or is in a union."""
        if isinstance(abstract_type, GraphQLUnionType):
            return maybe_sub_type in abstract_type.types
        return isinstance(maybe_sub_type, GraphQLObjectType) and abstract_type in maybe_sub_type.interfaces


def lazy_schema(
    snapshot: Snapshot,
    mutations: MutationSet | None = None,
    *,
    is_specimen: bool = False,
    relay: bool = False,
    absent: frozenset[str] | None = None,
) -> LazySchema:
    """Return the schema of a snapshot: at once, whatever the number of its objects.

    Args:
        snapshot: the objects whose records can be queried.
        relay: whether records have Relay's `Node`.
        mutations: take the place of the mutations derived from the objects.
        is_specimen: whether each object has all types.
        absent: the root types that are left out; by default those that the snapshot's role has no field of.
    """
    lock = RLock()

    def build_object(name: str, description: str, members: Members) -> GraphQLObjectType:
        built = GraphQLObjectType(name, {}, description=description)
        fields: LazyMap[GraphQLField] = LazyMap(members.names, members.find, lock)
        built.fields = fields
        return built

    # Mutations of the schema's own are there whatever a role may write: they ask for its settings.
    has_all_roots = is_specimen or mutations is not None
    scope = TypeScope(
        snapshot=snapshot,
        mutations=mutations,
        relay=relay,
        named=lambda name: schema.type_map[name],
        build_object=build_object,
        is_specimen=is_specimen,
        absent=frozenset() if has_all_roots else absent_roots(snapshot) if absent is None else absent,
    )
    # The constructor walks from the root types to all others, so it is given none.
    schema = LazySchema(assume_valid=True)
    schema.scope = scope
    schema.description = describe_schema(scope)
    schema.type_map = LazyMap(lambda: type_names(scope), lambda name: build_type(scope, name), lock)
    schema.query_type = scope.object_type(QUERY)
    schema.mutation_type = scope.object_type(MUTATION) if has_root(scope, MUTATION) else None
    schema.subscription_type = scope.object_type(SUBSCRIPTION) if has_root(scope, SUBSCRIPTION) else None
    return schema


def computed_queries(schema: GraphQLSchema) -> frozenset[str]:
    """Return the names of the queries that no statement answers."""
    mutations = schema.scope.mutations if isinstance(schema, LazySchema) else None
    return frozenset(mutations.queries) if mutations is not None else frozenset()


def built_types(schema: GraphQLSchema) -> int:
    """Return how many types a schema holds so far, shared and built-in ones included."""
    return schema.type_map.made if isinstance(schema, LazySchema) else len(schema.type_map)
