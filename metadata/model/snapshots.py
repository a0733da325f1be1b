"""A snapshot: the whole model of one workspace at one version."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple
from uuid import UUID

from fieldstone.metadata.json_text import JsonValue
from fieldstone.metadata.model.indexes import Index
from fieldstone.metadata.model.objects import Object
from fieldstone.metadata.model.relations import Relation
from fieldstone.metadata.roles.principal import Principal
from fieldstone.metadata.roles.role import NO_LIMITS, Role, RoleLimits, RoleReference
from fieldstone.sql.frozen import frozen

_SNAPSHOT_BYTES, _RELATION_BYTES, _INDEX_BYTES = 3_000, 500, 700


@frozen
class Workspace:
    """A tenant: its records live in the PostgreSQL schema `schema`.

    Attributes:
        is_distributed: whether Citus has distributed the schema.
        epoch: the number of its moves between cells.
        seal_key: the key under which clients are told positions of its events; empty before its row is inserted.
    """

    id: UUID
    name: str
    schema: str
    is_distributed: bool = False
    epoch: int = 0
    seal_key: bytes = field(default=b"", compare=False, repr=False)


@dataclass(frozen=True, kw_only=True)
class Snapshot:
    """All that one workspace's API is built from. A change makes a new one that shares every untouched object.

    Attributes:
        role: of a view: the role whose view of the snapshot `base` it is.
        own_weight: of a view: about the bytes of memory that it takes beside `base` and the views made before it.
    """

    workspace: Workspace
    version: int
    objects: Mapping[UUID, Object]
    relations: Mapping[UUID, Relation]
    indexes: Mapping[UUID, Index]
    retired_tables: frozenset[str] = frozenset()
    roles: Mapping[UUID, Role] = field(default_factory=dict)
    role: Role | None = field(default=None, compare=False)
    base: "Snapshot | None" = field(default=None, compare=False, repr=False)
    own_weight: int = field(default=0, compare=False, repr=False)

    @property
    def whole(self) -> "Snapshot":
        """The snapshot itself, or the whole one that a role's view restricts."""
        return self.base or self

    @cached_property
    def views(self) -> "dict[RoleReference, Snapshot]":
        """The views of this snapshot that roles have asked for, by the id or the name of the role."""
        return {}

    @property
    def view_weight(self) -> int:
        """About the bytes of memory that its views take beside it."""
        return sum({id(view): view.own_weight for view in (*self.views.values(),)}.values())

    @cached_property
    def seen(self) -> "dict[int, Seen]":
        """The snapshot as principals have seen it, by the identity of the principal."""
        return {}

    @cached_property
    def has_role_limits(self) -> bool:
        """Whether any of the roles has limits."""
        return any(role.limits != NO_LIMITS for role in self.roles.values())

    @cached_property
    def role_limits(self) -> "dict[RoleReference, RoleLimits]":
        """The limits of the roles that requests had, by the id or the name of the role."""
        return {}

    @cached_property
    def by_singular(self) -> Mapping[str, Object]:
        """The active objects by nameSingular."""
        return {object_.name_singular: object_ for object_ in self.objects.values() if object_.is_active}

    @cached_property
    def readable(self) -> Mapping[str, Object]:
        """The objects of `by_singular` of which at least some records may be read."""
        found = {name: object_ for name, object_ in self.by_singular.items() if object_.rights.read}
        return self.by_singular if len(found) == len(self.by_singular) else found

    def named(self, name_singular: str) -> Object | None:
        """Return the object with this name, active or not."""
        return next((object_ for object_ in self.objects.values() if object_.name_singular == name_singular), None)

    @cached_property
    def by_plural(self) -> Mapping[str, Object]:
        """The active objects by namePlural."""
        return {object_.name_plural: object_ for object_ in self.objects.values() if object_.is_active}

    @cached_property
    def by_type_name(self) -> Mapping[str, Object]:
        """The active objects by the name of their GraphQL type."""
        return {object_.type_name: object_ for object_ in self.objects.values() if object_.is_active}

    @cached_property
    def weight(self) -> int:
        """About the bytes of memory that it takes, if it shares nothing with another."""
        shared = _RELATION_BYTES * len(self.relations) + _INDEX_BYTES * len(self.indexes)
        return _SNAPSHOT_BYTES + shared + sum(object_.weight for object_ in self.objects.values())

    @cached_property
    def indexes_of(self) -> Mapping[UUID, tuple[Index, ...]]:
        """The indexes of each object that has any."""
        found: dict[UUID, tuple[Index, ...]] = {}
        for index in self.indexes.values():
            found[index.object_id] = (*found.get(index.object_id, ()), index)
        return found

    @cached_property
    def constraints(self) -> Mapping[str, Index]:
        """The indexes by their physical name."""
        return {index.name: index for index in self.indexes.values()}


class Seen(NamedTuple):
    """A snapshot as a principal sees it.

    Attributes:
        view: the view of the principal's role: the snapshot itself if the role sees all of it whole.
        claims: the principal's values, of the types that the role declares.
        limits: those of the role.
    """

    principal: Principal
    view: Snapshot
    claims: Mapping[str, JsonValue]
    limits: RoleLimits
