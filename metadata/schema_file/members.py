"""The members of a document's parts: the kind of each, and its default."""

from collections.abc import Mapping
from dataclasses import dataclass

from fieldstone.metadata.changes import members
from fieldstone.metadata.changes.members import Member
from fieldstone.metadata.errors import InvalidChange
from fieldstone.metadata.json_text import JsonValue
from fieldstone.metadata.scalars import shown

VERSION = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentMember:
    """One member.

    Attributes:
        kind: the kind of its value, where that is not null: `text`, `true or false`, `a list`, `a mapping`, `a value`.
        attribute: that of the Object, Field or Index that it stands for; "" where it stands for none.
        default: its value where it is left out.
    """

    kind: str
    attribute: str = ""
    default: JsonValue = None


_KINDS: Mapping[str, type[object]] = {
    "text": str,
    "true or false": bool,
    "a list": list,
    "a mapping": Mapping,
    "a value": object,
}


def _text(attribute: str = "", default: JsonValue = None) -> DocumentMember:
    return DocumentMember(kind="text", attribute=attribute, default=default)


def _of(table: tuple[Member, ...], *names: str) -> Mapping[str, DocumentMember]:
    by_name = {member.name: member for member in table}
    return {
        name: DocumentMember(
            kind=member.shape.value if member.shape.value in _KINDS else "text",
            attribute=member.attribute if member.is_kept else "",
            default=member.default,
        )
        for name, member in ((name, by_name[name]) for name in names)
    }


DOCUMENT: Mapping[str, DocumentMember] = {
    "version": DocumentMember(kind="a value"),
    "objects": DocumentMember(kind="a mapping"),
}

OBJECT: Mapping[str, DocumentMember] = {
    "renamedFrom": _text(),
    **_of(members.OBJECT, *(member.name for member in members.OBJECT if member.name != "nameSingular")),
    "fields": DocumentMember(kind="a mapping"),
    "indexes": DocumentMember(kind="a list"),
}

FIELD: Mapping[str, DocumentMember] = {
    "renamedFrom": _text(),
    "type": _text(),
    **_of(members.FIELD, *(member.name for member in members.FIELD if member.is_shown)),
    **_of(members.FIELD, "defaultValue", "options", "isNullable", "isUnique", "isActive", "settings"),
    "relation": DocumentMember(kind="a mapping"),
    "inverseOf": _text(),
    "morph": _text(),
    # Hints: one change uses them, and the model does not store them.
    **_of(members.FIELD, "optionMapping", "backfillValue", "allowDataLoss"),
}

RELATION: Mapping[str, DocumentMember] = {
    "type": _text(default="MANY_TO_ONE"),
    "target": _text(),
    "inverse": _text(),
    "inverseLabel": _text(),
}

INDEX: Mapping[str, DocumentMember] = {
    "fields": DocumentMember(kind="a list"),
    **_of(members.INDEX, "method", "isUnique", "isPartial"),
}


def read_members(given: JsonValue, known: Mapping[str, DocumentMember], where: str) -> dict[str, JsonValue]:
    """Return every known member, with its default where it is left out or null.

    Raises:
        InvalidChange: it is no mapping, has a member that is not known, or one is of another kind.
    """
    found = read_mapping(given, where)
    for key, value in found.items():
        if key not in known:
            raise InvalidChange(f"{where} has no member {shown(key)}; it has {', '.join(known)}")
        if value is not None and not isinstance(value, _KINDS[known[key].kind]):
            raise InvalidChange(f"{where}: {key} must be {known[key].kind}, not {shown(value)}", field=key)
    return {name: member.default if found.get(name) is None else found[name] for name, member in known.items()}


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


def without_defaults(values: Mapping[str, JsonValue], known: Mapping[str, DocumentMember]) -> dict[str, JsonValue]:
    """Return the values that differ from their defaults."""
    return {name: value for name, value in values.items() if value != known[name].default}
