"""`deriveNames`: the names that a label suggests for an object or a field, as far as they are free."""

from dataclasses import replace
from typing import Any
from uuid import UUID

from fieldstone.engine.errors import BadUserInput, NotFound
from fieldstone.metadata.changes.rules.collisions import check_field_name, check_object_names
from fieldstone.metadata.changes.rules.names import check_name, derive_label, derive_name, join_words
from fieldstone.metadata.errors import InvalidChange
from fieldstone.metadata.field_types import FieldType
from fieldstone.metadata.json_text import JsonValue
from fieldstone.metadata.model import Object, Snapshot
from fieldstone.metadata.scalars import shown
from fieldstone.metadata.shown_text import LONGEST
from fieldstone.sql.identifiers import MAXIMUM_BYTES
from fieldstone.sql.plan.elements import Table

_NO_ID = UUID(int=0)


def derive_names(model: Snapshot, label: str, object_name: str | None) -> JsonValue:
    """Return the names for a label: those of an object, and of a field of the object that is named.

    Raises:
        BadUserInput: the label has no letter of which a name could be made, or too many.
        NotFound: there is no such object.
    """
    from fieldstone.metadata.schema_import.names import object_names  # noqa: PLC0415 - a server needs it for this alone

    label = label.strip()
    if len(label) > LONGEST:
        raise BadUserInput(f"label must have at most {LONGEST} characters, not {len(label)}.", field="label")
    field_name = join_words(label)
    if not field_name:
        raise BadUserInput(
            f'label must have letters of which a name can be made, such as "Job title", not {shown(label)}.',
            field="label",
        )
    singular, plural = object_names(label)
    longest = max(len(field_name), len(plural))
    if longest > MAXIMUM_BYTES:
        raise BadUserInput(
            f"label gives a name of {longest} characters, and a name has at most {MAXIMUM_BYTES}: give a shorter one.",
            field="label",
        )
    return {**_of_object(model, label, singular, plural), "fieldName": _of_field(model, field_name, object_name)}


def _of_object(model: Snapshot, label: str, singular: str, plural: str) -> dict[str, Any]:
    draft = Object(
        id=_NO_ID,
        name_singular=singular,
        name_plural=plural,
        label_singular=singular,
        label_plural=plural,
        table=Table(schema=model.workspace.schema, name=singular),
    )
    own = derive_name(label)
    labels = {
        "labelSingular": label if own == singular else derive_label(singular),
        "labelPlural": label if own == plural else derive_label(plural),
    }
    free = {problem.field: problem.suggestion for problem in check_object_names(model, draft)}
    return {
        "nameSingular": free.get("nameSingular", singular),
        "namePlural": free.get("namePlural", plural),
        **labels,
        "isTaken": bool(free),
    }


def _of_field(model: Snapshot, name: str, object_name: str | None) -> str | None:
    """Return the name of a field, with a number where it is taken; None where no number makes it free."""
    if object_name is None:
        return name
    object_ = model.named(object_name)
    if object_ is None:
        raise NotFound(f"There is no object {shown(object_name)}.", field="object")
    field = replace(object_.fields[0], name=name, type=FieldType.TEXT)
    problem: InvalidChange | None = check_name(name, "name")
    problem = problem or check_field_name(model, object_, field, holds_key=False)
    return name if problem is None else problem.suggestion
