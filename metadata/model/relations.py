"""The relations between objects."""

from enum import Enum
from uuid import UUID

from fieldstone.sql.frozen import frozen


class OnDelete(Enum):
    """The effect of destroying the target on the records that point to it."""

    SET_NULL = "SET_NULL"
    CASCADE = "CASCADE"
    RESTRICT = "RESTRICT"


class RelationType(Enum):
    """A relation as one of its ends sees it."""

    MANY_TO_ONE = "MANY_TO_ONE"
    ONE_TO_MANY = "ONE_TO_MANY"
    ONE_TO_ONE = "ONE_TO_ONE"


@frozen
class Relation:
    """The source object's field holds the key of a record of the target object; one-to-one where it is unique."""

    id: UUID
    source_object_id: UUID
    source_field_id: UUID
    target_object_id: UUID
    target_field_id: UUID
    on_delete: OnDelete = OnDelete.SET_NULL
