"""The members of a model file's objects, fields, indexes and roles: those of the model, and those of files alone."""

from collections.abc import Mapping
from decimal import Decimal

from fieldstone.metadata.changes import members
from fieldstone.metadata.changes.members import Member, Shape
from fieldstone.metadata.errors import InvalidChange
from fieldstone.metadata.json_text import JsonValue
from fieldstone.metadata.scalars import shown

VERSION = 1


_KINDS: Mapping[Shape, type[object] | tuple[type[object], ...]] = {
    Shape.FLAG: bool,
    Shape.NUMBER: (int, float, Decimal),
    Shape.LIST: list,
    Shape.MAPPING: Mapping,
    Shape.VALUE: object,
}
"""The types of values; those of all other shapes are text."""


def _own(shape: Shape = Shape.TEXT, default: JsonValue = None) -> Member:
    """Return a member that model files alone have; its name is its key."""
    return Member(name="", attribute="", shape=shape, default=default, is_kept=False)


def _of(table: tuple[Member, ...], *names: str) -> Mapping[str, Member]:
    return {member.name: member for name in names for member in table if member.name == name}


DOCUMENT: Mapping[str, Member] = {
    "version": _own(Shape.VALUE),
    "objects": _own(Shape.MAPPING),
    "roles": _own(Shape.MAPPING),
}

OBJECT: Mapping[str, Member] = {
    "renamedFrom": _own(),
    **_of(members.OBJECT, *(member.name for member in members.OBJECT if member.name != "nameSingular")),
    "fields": _own(Shape.MAPPING),
    "indexes": _own(Shape.LIST),
}

FIELD: Mapping[str, Member] = {
    "renamedFrom": _own(),
    "type": _own(),
    **_of(members.FIELD, *(member.name for member in members.FIELD if member.is_shown)),
    **_of(members.FIELD, "defaultValue", "options", "isNullable", "isUnique", "isActive", "settings"),
    "relation": _own(Shape.MAPPING),
    "inverseOf": _own(),
    "morph": _own(),
    # Hints: one change uses them, and the model does not store them.
    **_of(members.FIELD, "optionMapping", "backfillValue", "allowDataLoss"),
}

RELATION: Mapping[str, Member] = {
    "type": _own(default="MANY_TO_ONE"),
    **dict.fromkeys(("target", "inverse", "inverseLabel"), _own()),
}

INDEX: Mapping[str, Member] = {
    "fields": _own(Shape.LIST),
    **_of(members.INDEX, "method", "subField", "isUnique", "isPartial"),
}

ROLE: Mapping[str, Member] = {
    "renamedFrom": _own(),
    **dict.fromkeys(("label", "description"), _own()),
    **dict.fromkeys(("parents", "claims", "settings", "grants"), _own(Shape.LIST)),
    "limits": _own(Shape.MAPPING),
}


def read_members(given: JsonValue, known: Mapping[str, Member], where: str) -> dict[str, JsonValue]:
    """Return every known member, with its default where it is left out or null.

    Raises:
        InvalidChange: it is no mapping, has a member that is not known, or one is of another kind.
    """
    found = read_mapping(given, where)
    for key, value in found.items():
        if key not in known:
            raise InvalidChange(f"{where} has no member {shown(key)}; it has {', '.join(known)}")
        shape = known[key].shape
        is_flag = isinstance(value, bool) and shape is Shape.NUMBER
        if value is not None and (is_flag or not isinstance(value, _KINDS.get(shape, str))):
            kind = shape.value if shape in _KINDS else Shape.TEXT.value
            raise InvalidChange(f"{where}: {key} must be {kind}, not {shown(value)}", field=key)
    return {name: _value_of(member, found.get(name)) for name, member in known.items()}


def _value_of(member: Member, value: JsonValue) -> JsonValue:
    if value is None:
        return member.default
    return float(value) if member.shape is Shape.NUMBER else value


def read_mapping(given: JsonValue, where: str) -> Mapping[str, JsonValue]:
    """Return a mapping whose keys are text, empty for null.

    Raises:
        InvalidChange: it is none.
    """
    if given is None:
        return {}
    if not isinstance(given, Mapping) or not all(isinstance(key, str) for key in given):
        raise InvalidChange(f"{where} must be a mapping of names, not {shown(given)}")
    return given


def without_defaults(values: Mapping[str, JsonValue], known: Mapping[str, Member]) -> dict[str, JsonValue]:
    """Return the values that differ from their defaults."""
    return {name: value for name, value in values.items() if value != known[name].default}
