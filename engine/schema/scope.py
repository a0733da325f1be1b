"""The scope of the definitions of GraphQL types: the snapshot, and the other types of the schema by name."""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property, partial
from typing import cast
from uuid import UUID

from graphql import (
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLUnionType,
)

from fieldstone.metadata.api_names import (
    EVENTS,
    SEARCH_TYPE_NAMES,
    TAIL_TYPE_NAMES,
    TypeRole,
    find_query,
    find_type,
    may_give,
    type_name,
)
from fieldstone.metadata.field_types import FieldType
from fieldstone.metadata.model import Object, Snapshot, relation_end
from fieldstone.sql.frozen import frozen

NODE = "Node"
NODE_ROOTS = ("node", "nodes")
"""The root fields that read nodes."""

SEARCH = "search"
"""The root field that searches."""
SEARCH_CONNECTION, SEARCH_EDGE, SEARCH_RESULT, SEARCH_RECORD = SEARCH_TYPE_NAMES


_EITHER = (False, True)


@frozen
class Members:
    """The fields of an object type: their names, and each by its name (None where there is none)."""

    names: Callable[[], Iterable[str]]
    find: Callable[[str], GraphQLField | None]


FieldBuilders = Mapping[str, Callable[["TypeScope"], GraphQLField]]
"""Root fields by name, each built for one schema."""

TypeBuilders = Mapping[str, Callable[["TypeScope"], GraphQLNamedType]]
"""Types by name, each built for one schema."""


@frozen
class MutationSet:
    """Mutations that stand in for those derived from the objects.

    Attributes:
        fields: the mutations.
        subscriptions: the subscriptions; those derived from the objects are left out.
        queries: queries beside those derived from the objects; their answers are not read by a statement.
        types: the types that only these mutations and queries use; they stand in for shared ones of their names.
        unlisted: types that variables may be declared to have, and that the schema does not list.
        other_names: names by which variables may be declared, each with that of the type.
    """

    fields: FieldBuilders
    queries: FieldBuilders
    subscriptions: FieldBuilders
    types: TypeBuilders
    unlisted: Mapping[str, GraphQLNamedType]
    other_names: Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class TypeScope:
    """One schema as its definitions see it. Not slotted: the look-up tables are made at first use.

    Attributes:
        mutations: None where the mutations are derived from the objects.
        relay: whether records are to have Relay's `Node`.
        named: a type of this schema by its name; KeyError where there is none.
        absent: the root types that a role has no field of.
        is_specimen: whether each object has all types, those that nothing leads to included.
        build_object: an object type from its name, description and members, all made at once or as they are used.
    """

    snapshot: Snapshot
    mutations: MutationSet | None
    named: Callable[[str], GraphQLNamedType]
    build_object: Callable[[str, str, Members], GraphQLObjectType]
    is_specimen: bool = False
    relay: bool = False
    absent: frozenset[str] = frozenset()

    @cached_property
    def has_nodes(self) -> bool:
        """Whether the schema has Relay's `Node`; an object that is called so takes the name."""
        taken = NODE in self.snapshot.by_type_name or any(map(partial(find_query, self.snapshot), NODE_ROOTS))
        return self.relay and self.mutations is None and not taken

    @cached_property
    def has_search(self) -> bool:
        """Whether the schema has the search; an object of an older workspace that is called so takes the name."""
        return self._has_root(SEARCH, SEARCH_TYPE_NAMES)

    @cached_property
    def has_events(self) -> bool:
        """Whether the schema has the subscription to the events of all objects, likewise."""
        return self._has_root(EVENTS, TAIL_TYPE_NAMES)

    def _has_root(self, root: str, type_names: Collection[str]) -> bool:
        """Return whether the schema has a root field over all objects, whose name and types no object takes."""
        if self.mutations is not None or self.is_specimen or not self.snapshot.readable:
            return False
        is_taken = any(find_type(self.snapshot, name) for name in type_names)
        return not is_taken and find_query(self.snapshot, root) is None

    def is_node(self, object_: Object) -> bool:
        """Return whether an object's records are nodes: unless it has a `nodeId` of its own."""
        return (
            self.has_nodes
            and bool(object_.rights.read)
            and "nodeId" not in object_.by_name
            and "nodeId" not in object_.foreign_keys
        )

    def interface_type(self, name: str) -> GraphQLInterfaceType:
        """Return an interface type."""
        return cast("GraphQLInterfaceType", self.named(name))

    def union_type(self, name: str) -> GraphQLUnionType:
        """Return a union."""
        return cast("GraphQLUnionType", self.named(name))

    @cached_property
    def one_way_targets(self) -> frozenset[UUID]:
        """The ids of the objects that a relation leads to which they do not show themselves."""
        return frozenset(
            relation.target_object_id
            for relation in self.snapshot.relations.values()
            if self.snapshot.objects[relation.target_object_id].by_id[relation.target_field_id].relation_id is None
        )

    @cached_property
    def led_to(self) -> Mapping[tuple[bool, bool], frozenset[UUID]]:
        """The ids of the objects that some relation of a role's view leads to.

        By whether the relation leads to many records, and whether it is one of data: the role may give it.
        """
        found: dict[tuple[bool, bool], set[UUID]] = {(many, data): set() for many in _EITHER for data in _EITHER}
        for relation in self.snapshot.relations.values():
            for object_id, field_id in (
                (relation.source_object_id, relation.source_field_id),
                (relation.target_object_id, relation.target_field_id),
            ):
                object_ = self.snapshot.objects[object_id]
                field = object_.by_id[field_id]
                end = relation_end(self.snapshot, field) if object_.is_active and object_.knows(field) else None
                if end is not None and object_.reads(field):
                    found[not end.to_one, False].add(end.target.id)
                if end is not None and may_give(object_) and field.name in object_.givable:
                    found[not end.to_one, True].add(end.target.id)
        return {kind: frozenset(ids) for kind, ids in found.items()}

    def is_led_to(self, object_: Object) -> tuple[bool, ...]:
        """Return all that an object's types depend on beside the object and those that its own relations lead to."""
        if self.snapshot.base is None:
            return (object_.id in self.one_way_targets,)
        return tuple(object_.id in ids for ids in self.led_to.values())

    @cached_property
    def most_fields(self) -> int:
        """How many fields the object has that has most."""
        return max((len(object_.fields) for object_ in self.snapshot.objects.values()), default=0)

    @cached_property
    def field_types(self) -> frozenset[FieldType]:
        """The types of all fields."""
        return frozenset(field.type for object_ in self.snapshot.objects.values() for field in object_.fields)

    @cached_property
    def scalar_types(self) -> frozenset[str]:
        """The names of the scalars of all fields, of the scalars of their sums, and of the filters of both."""
        parts = (part for object_ in self.snapshot.objects.values() for field in object_.fields for part in field.parts)
        scalars = {part.scalar.filter_name: part.scalar for part in parts}
        totals = [scalar.total for scalar in scalars.values() if scalar.total is not None]
        return frozenset(name for scalar in (*scalars.values(), *totals) for name in (scalar.name, scalar.filter_name))

    def object_type(self, name: str) -> GraphQLObjectType:
        """Return an object type."""
        return cast("GraphQLObjectType", self.named(name))

    def input_type(self, name: str) -> GraphQLInputObjectType:
        """Return an input object type."""
        return cast("GraphQLInputObjectType", self.named(name))

    def enum_type(self, name: str) -> GraphQLEnumType:
        """Return an enum."""
        return cast("GraphQLEnumType", self.named(name))

    def output_of(self, object_: Object, role: TypeRole) -> GraphQLObjectType:
        """Return an object's type for output."""
        return self.object_type(type_name(object_, role))

    def input_of(self, object_: Object, role: TypeRole) -> GraphQLInputObjectType:
        """Return an object's type for input."""
        return self.input_type(type_name(object_, role))
