"""Specimens: an object or a field whose every word is a placeholder, and the words of a real one for each."""

import re
from collections.abc import Mapping
from dataclasses import replace
from json.encoder import encode_basestring
from uuid import UUID

from fieldstone.metadata.model import Field, Index, Object, Option, RelationEnd, Snapshot, capitalised

# Each is a legal name of four letters, and in no word of ours; those of names occur with a capital letter too.
_SINGULAR, _PLURAL, _LABEL, _DESCRIPTION = "qxSa", "qxPa", "qxLa", "qxDa"
FIELD, _FIELD_LABEL, _FIELD_DESCRIPTION = "qxNf", "qxLf", "qxDf"
_TARGET_SINGULAR, _TARGET_PLURAL, _TARGET_LABEL, _TARGET_FIELD = "qxSt", "qxPt", "qxLt", "qxNt"
_OPTION, _OPTION_LABEL = "qxVo", "qxLo"

PLACEHOLDER = re.compile(r"[qQ]x[SPLDNV][afto]")

_TARGET, _INDEX = UUID(int=1), UUID(int=2)


def object_specimen(snapshot: Snapshot, object_: Object) -> tuple[Snapshot, Object]:
    """Return a snapshot of one object, which is made as `object_` is but for its relations."""
    fields = tuple(field for field in object_.fields if field.relation_id is None)
    return _alone(snapshot, replace(_renamed(object_), fields=fields), {})


def field_specimen(snapshot: Snapshot, object_: Object, field: Field, *, in_key: bool) -> tuple[Snapshot, Object]:
    """Return a snapshot of an object that has a field such as this one of `object_`, and an id.

    `in_key` says that the field is in a unique key.
    """
    described = _FIELD_DESCRIPTION if field.description else None
    options = (Option(value=_OPTION, label=_OPTION_LABEL, position=0),) if field.options else ()
    own = replace(field, name=FIELD, label=_FIELD_LABEL, description=described, options=options)
    key = () if field.name == "id" else (object_.by_name["id"],)
    specimen = replace(_renamed(object_), fields=(*key, own))
    if object_.reads(field) and FIELD not in specimen.by_name:
        # The id may always be read, which is known by its name.
        vars(specimen)["by_name"] = {**specimen.by_name, FIELD: own}
    index = Index(id=_INDEX, object_id=object_.id, name="", field_ids=(field.id,), is_unique=True)
    indexes = {_INDEX: index} if in_key else {}
    if field.relation_id is None:
        return _alone(snapshot, specimen, indexes)
    relation = snapshot.relations[field.relation_id]
    holds_key = field.id == relation.source_field_id
    other = snapshot.objects[relation.target_object_id if holds_key else relation.source_object_id]
    other_field = other.by_id[relation.target_field_id if holds_key else relation.source_field_id]
    other_key = other.by_name["id"]
    if other_field is not other_key:
        other_field = replace(other_field, name=_TARGET_FIELD, object_id=_TARGET)
    # A relation of an object to itself has two ends here as well.
    target = replace(
        other,
        id=_TARGET,
        name_singular=_TARGET_SINGULAR,
        name_plural=_TARGET_PLURAL,
        label_plural=_TARGET_LABEL,
        fields=tuple({one.id: one for one in (other_key, other_field)}.values()),
        base=None,
    )
    moved = replace(relation, target_object_id=_TARGET) if holds_key else replace(relation, source_object_id=_TARGET)
    alone, specimen = _alone(snapshot, specimen, indexes)
    objects = {**alone.objects, _TARGET: target}
    return replace(alone, objects=objects, relations={relation.id: moved}), specimen


def _renamed(object_: Object) -> Object:
    return replace(
        object_,
        name_singular=_SINGULAR,
        name_plural=_PLURAL,
        label_plural=_LABEL,
        description=_DESCRIPTION if object_.description else None,
        base=None,  # which has other fields
    )


def _alone(snapshot: Snapshot, object_: Object, indexes: Mapping[UUID, Index]) -> tuple[Snapshot, Object]:
    return replace(snapshot, objects={object_.id: object_}, relations={}, indexes=indexes), object_


def object_words(object_: Object) -> dict[str, str]:
    """Return the words of an object."""
    return {
        **_names(_SINGULAR, object_.name_singular),
        **_names(_PLURAL, object_.name_plural),
        _LABEL: _within_string(object_.label_plural),
        _DESCRIPTION: _within_string(object_.description or ""),
    }


def field_words(field: Field, end: RelationEnd | None) -> dict[str, str]:
    """Return the words of a field, and of the object that it leads to."""
    words = {
        **_names(FIELD, field.name),
        _FIELD_LABEL: _within_string(field.label),
        _FIELD_DESCRIPTION: _within_string(field.description or ""),
    }
    if end is None:
        return words
    target = end.target
    return {
        **words,
        **_names(_TARGET_SINGULAR, target.name_singular),
        **_names(_TARGET_PLURAL, target.name_plural),
        _TARGET_LABEL: _within_string(target.label_plural),
        _TARGET_FIELD: end.target_field.name,
    }


def option_words(option: Option) -> dict[str, str]:
    """Return the words of an option."""
    return {_OPTION: option.value, _OPTION_LABEL: _within_string(option.label or option.value)}


def _names(placeholder: str, name: str) -> dict[str, str]:
    return {placeholder: name, capitalised(placeholder): capitalised(name)}


def _within_string(text: str) -> str:
    return encode_basestring(text)[1:-1]
