"""A role: the rights of a key, a user or an anonymous visitor, immutable. Rules, checks and presets keep field ids."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from functools import cached_property
from typing import Final
from uuid import UUID

from fieldstone.metadata.scalars import Scalar
from fieldstone.sql.frozen import frozen

ADMIN: Final = "admin"
EDITOR: Final = "editor"
VIEWER: Final = "viewer"
"""The names of the roles that each workspace begins with."""

PRINCIPAL_PREFIX: Final = "$principal."
"""The beginning of a text in a rule, a check or a preset that stands for a principal's value."""


_KEY = re.compile(r'"@([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})')


class Action(Enum):
    """An action on the records of an object."""

    READ = "read"
    CREATE = "create"
    UPDATE = "update"
    DELETE = "delete"
    RESTORE = "restore"
    DESTROY = "destroy"


class Setting(Enum):
    """A part of the administration of a workspace that a role may see and change."""

    DATA_MODEL = "DATA_MODEL"
    ROLES = "ROLES"
    API_KEYS = "API_KEYS"
    WEBHOOKS = "WEBHOOKS"
    HISTORY = "HISTORY"
    METRICS = "METRICS"
    AUDIT = "AUDIT"
    IMPERSONATE = "IMPERSONATE"
    DOCUMENTS = "DOCUMENTS"
    EXPLAIN = "EXPLAIN"


@dataclass(frozen=True, slots=True)
class Stored:
    """A filter or the data of a record in the language of the API, with ids in the place of the fields' names.

    Attributes:
        text: canonical JSON. The key `@ID` stands for the field with this id, and keeps the ending of the name that it
            was made from: `@IDId` is the key of a relation, `@IDAggregate` an aggregate of it. `and`, `or`, `not`,
            operators, quantifiers and sub-fields of composites stand as they are. A text that begins with `$principal.`
            stands for the principal's value of that name.
    """

    text: str


@frozen
class Fields:
    """Fields of an object: `only` these, or all but these. The ids of deleted fields are kept.

    A field that comes later belongs to the second kind. `id` may always be read where the object is visible.
    """

    ids: frozenset[UUID] = frozenset()
    only: bool = False

    def has(self, field_id: UUID) -> bool:
        """Return whether a field is among them."""
        return (field_id in self.ids) is self.only


ALL_FIELDS: Final = Fields()


@frozen
class Way:
    """One way in which an action is allowed: these records, these fields, this check and these presets together.

    Attributes:
        rule: the condition on the records; None: all of them.
        fields: those that may be read, or written.
        check: the condition on a record as it is written. None: an update's result must fulfil `rule`, a created
            record nothing. The filter `{}` lifts the former.
        presets: the data that is written whatever the client gives; None where there is none.
    """

    rule: Stored | None = None
    fields: Fields = ALL_FIELDS
    check: Stored | None = None
    presets: Stored | None = None

    @property
    def stored(self) -> tuple[Stored, ...]:
        """Its rule, check and presets, those that it has."""
        return tuple(one for one in (self.rule, self.check, self.presets) if one is not None)


WHOLLY: Final = (Way(),)
"""The ways of an action that is allowed without a restriction."""


@frozen
class Grant:
    """The ways of one action on one object, or on all objects that have no grant of their own for it.

    Attributes:
        object_id: None: all objects.
        ways: () is none, which an object may have although all others are granted.
        aggregates: of READ: whether counts, aggregates and groups may be asked for.
    """

    object_id: UUID | None
    action: Action
    ways: tuple[Way, ...] = WHOLLY
    aggregates: bool = True


@frozen
class Claim:
    """A principal's value that a role needs, with its type; a missing one of a list type is [] with `may_lack`."""

    name: str
    scalar: Scalar
    is_list: bool = False
    may_lack: bool = False


@frozen
class RoleLimits:
    """The limits of a role's requests; None: those of the server.

    Attributes:
        page: the largest page.
        cost: the highest price of an operation.
        rate: requests in a window of the rate limit.
    """

    page: int | None = None
    cost: int | None = None
    rate: int | None = None


NO_LIMITS: Final = RoleLimits()


@dataclass(frozen=True, kw_only=True)
class Role:
    """A role of a workspace. Not slotted: `mentioned` is made at first use.

    Attributes:
        name: unique among the workspace's roles.
        parents: the ids of the roles that it inherits; it has their ways beside its own.
        is_system: whether each workspace has it from its beginning.
    """

    id: UUID
    name: str
    label: str
    description: str | None = None
    parents: tuple[UUID, ...] = ()
    grants: tuple[Grant, ...] = ()
    claims: tuple[Claim, ...] = ()
    limits: RoleLimits = NO_LIMITS
    settings: frozenset[Setting] = frozenset()
    is_system: bool = False

    @cached_property
    def mentioned(self) -> frozenset[UUID]:
        """The ids of all objects and fields that its grants could name; a few others may be among them."""
        found = {grant.object_id for grant in self.grants if grant.object_id is not None}
        for way in (way for grant in self.grants for way in grant.ways):
            found |= way.fields.ids
            found |= {UUID(key) for stored in way.stored for key in _KEY.findall(stored.text)}
        return frozenset(found)


RoleReference = UUID | str
"""A role by its id or by its name; it is resolved in the snapshot of the request."""


def find_role(roles: Mapping[UUID, Role], reference: RoleReference) -> Role | None:
    """Return the role that a reference means; None where there is none (any more)."""
    if isinstance(reference, UUID):
        return roles.get(reference)
    return next((role for role in roles.values() if role.name == reference), None)
