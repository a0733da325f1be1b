"""The arguments of an update that change a value by the value before, and the fields that each can change."""

from collections.abc import Mapping
from enum import Enum
from typing import Final

from fieldstone.metadata.api_names import TypeRole
from fieldstone.metadata.field_types import FieldType
from fieldstone.metadata.model import Access, Field, Object
from fieldstone.metadata.roles.role import Action
from fieldstone.sql.types import SqlType


class Argument(Enum):
    """An argument of an update; the value is its name."""

    INCREMENT = "increment"
    APPEND = "append"
    REMOVE = "remove"
    SET_PATH = "setPath"
    DELETE_PATH = "deletePath"


ARGUMENTS: Final = tuple(Argument)

ROLES: Final[Mapping[Argument, TypeRole]] = {
    Argument.INCREMENT: TypeRole.INCREMENT,
    Argument.APPEND: TypeRole.LIST_ITEMS,
    Argument.REMOVE: TypeRole.LIST_ITEMS,
    Argument.SET_PATH: TypeRole.SET_PATH,
    Argument.DELETE_PATH: TypeRole.DELETE_PATH,
}
"""The type of each argument."""

CHANGED_ROLES: Final = tuple(dict.fromkeys(ROLES.values()))

_NUMBERS = frozenset({SqlType.INTEGER, SqlType.BIGINT, SqlType.DOUBLE, SqlType.NUMERIC})


def changeable(object_: Object, argument: Argument) -> Mapping[str, Field]:
    """Return the active fields of an object that an argument can change, by name."""
    return fields_of(object_, ROLES[argument])


def fields_of(object_: Object, role: TypeRole) -> Mapping[str, Field]:
    """Return the fields that an input of this role has as members.

    A role reads them in all records that it sees: the outcome of a change tells of the value before.
    """
    fitting = _fitting(object_.by_name, role)
    return {
        name: field
        for name, field in fitting.items()
        if field.id not in object_.guarded and object_.rights.gives(Action.UPDATE, field.id)
    }


def withheld_fields(object_: Object, role: TypeRole) -> Mapping[str, Field]:
    """Return the fields that the input would have as well if the role that reads them could change them."""
    given = fields_of(object_, role)
    return {name: field for name, field in _fitting(object_.by_name, role).items() if name not in given}


def _fitting(fields: Mapping[str, Field], role: TypeRole) -> Mapping[str, Field]:
    return {
        name: field
        for name, field in fields.items()
        if field.access is Access.READ_WRITE
        and field.relation_id is None
        and len(field.parts) == 1
        and not field.is_composite
        and _fits(field, role)
    }


def _fits(field: Field, role: TypeRole) -> bool:
    kind = field.parts[0].column.type
    match role:
        case TypeRole.INCREMENT:
            return kind in _NUMBERS
        case TypeRole.LIST_ITEMS:
            return kind is SqlType.TEXT_ARRAY
        case _:
            return field.type is FieldType.RAW_JSON
