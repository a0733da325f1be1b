"""The members of a document's parts: what each may be, and what it means to leave it out."""

from collections.abc import Mapping
from dataclasses import dataclass

from fieldstone.metadata.errors import InvalidChange
from fieldstone.metadata.json_text import JsonValue
from fieldstone.metadata.scalars import shown

VERSION = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class DocumentMember:
    """One member.

    Attributes:
        kind: what it must be, but for null: `text`, `true or false`, `a list`, `a mapping`, `a value`.
        attribute: that of the Object, Field or Index that it stands for; "" where it is none's.
        default: what it is where it is left out.
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


def _flag(attribute: str = "", *, default: bool) -> DocumentMember:
    return DocumentMember(kind="true or false", attribute=attribute, default=default)


DOCUMENT: Mapping[str, DocumentMember] = {
    "version": DocumentMember(kind="a value"),
    "objects": DocumentMember(kind="a mapping"),
}

OBJECT: Mapping[str, DocumentMember] = {
    "renamedFrom": _text(),
    "namePlural": _text("name_plural"),
    "labelSingular": _text("label_singular"),
    "labelPlural": _text("label_plural"),
    "description": _text("description"),
    "icon": _text("icon"),
    "isActive": _flag("is_active", default=True),
    "skipNameField": _flag(default=False),
    "fields": DocumentMember(kind="a mapping"),
    "indexes": DocumentMember(kind="a list"),
}

FIELD: Mapping[str, DocumentMember] = {
    "renamedFrom": _text(),
    "type": _text(),
    "label": _text("label"),
    "description": _text("description"),
    "icon": _text("icon"),
    "defaultValue": DocumentMember(kind="a value", attribute="default"),
    "options": DocumentMember(kind="a list", attribute="options"),
    "isNullable": _flag("is_nullable", default=True),
    "isUnique": _flag("is_unique", default=False),
    "isActive": _flag("is_active", default=True),
    "settings": DocumentMember(kind="a mapping", attribute="settings"),
    "relation": DocumentMember(kind="a mapping"),
    "inverseOf": _text(),
    "morph": _text(),
    # Hints: a step of a change needs them, and nothing keeps them.
    "optionMapping": DocumentMember(kind="a mapping"),
    "backfillValue": DocumentMember(kind="a value"),
    "allowDataLoss": _flag(default=False),
}

RELATION: Mapping[str, DocumentMember] = {
    "type": _text(default="MANY_TO_ONE"),
    "target": _text(),
    "inverse": _text(),
    "inverseLabel": _text(),
}

INDEX: Mapping[str, DocumentMember] = {
    "fields": DocumentMember(kind="a list"),
    "method": _text("method", "btree"),
    "isUnique": _flag("is_unique", default=False),
    "isPartial": _flag("is_partial", default=False),
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
    """Return those values that are not what they would be if they were left out."""
    return {name: value for name, value in values.items() if value != known[name].default}
