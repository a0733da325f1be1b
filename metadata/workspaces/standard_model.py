"""The standard objects: the changes that fill a new workspace."""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple
from uuid import UUID, uuid5

from fieldstone.metadata.changes import Change, CreateField, CreateIndex, CreateObject, NewRelation
from fieldstone.metadata.changes.rules.indexes.indexed_values import TRIGRAM
from fieldstone.metadata.changes.rules.indexes.label_indexes import STANDARD_LABELS
from fieldstone.metadata.changes.rules.names import derive_label, labelled
from fieldstone.metadata.field_types import FieldType
from fieldstone.metadata.json_text import JsonValue


class _StandardObject(NamedTuple):
    singular: str
    plural: str
    description: str
    icon: str
    has_name: bool
    fields: tuple[Mapping[str, Any], ...]


class _StandardRelation(NamedTuple):
    source: str
    name: str
    description: str
    icon: str
    inverse_label: str
    inverse_icon: str


def _options(**colors: str) -> JsonValue:
    """Return options in their order, with labels made of their values."""
    return [
        {"value": value, "label": value.capitalize(), "color": color, "position": position}
        for position, (value, color) in enumerate(colors.items())
    ]


_STAGES = _options(NEW="red", SCREENING="purple", MEETING="sky", PROPOSAL="turquoise", CUSTOMER="yellow")
_KINDS = _options(CALL="green", EMAIL="blue", MEETING="sky", NOTE="gray", TASK="orange")

# One row a field.
# fmt: off
_OBJECTS = (
    _StandardObject("company", "companies", "A business that one has to do with.", "building", True, (
        labelled("website", FieldType.TEXT, "The company's website.", "link"),
        labelled("employees", FieldType.NUMBER, "How many people work there.", "users", settings={"dataType": "int"}),
        labelled("annualRevenue", FieldType.NUMBER, "The company's income of a year.", "coins"),
    )),
    _StandardObject("person", "people", "A contact.", "user", False, (
        labelled("firstName", FieldType.TEXT, "The first name.", "user"),
        labelled("lastName", FieldType.TEXT, "The last name.", "user"),
        labelled("email", FieldType.TEXT, "The email address; no two people share one.", "mail",
            is_nullable=False, is_unique=True),
        labelled("phone", FieldType.TEXT, "The phone number.", "phone"),
        labelled("jobTitle", FieldType.TEXT, "The person's work.", "briefcase"),
        labelled("city", FieldType.TEXT, "The city of residence.", "map"),
    )),
    _StandardObject("opportunity", "opportunities", "A sale that may come about.", "target", True, (
        labelled("amount", FieldType.NUMBER, "Its value.", "coins"),
        labelled("closeDate", FieldType.DATE, "When it is expected to be closed.", "calendar"),
        labelled("stage", FieldType.SELECT, "How far it has come.", "progress", options=_STAGES),
    )),
    _StandardObject("activity", "activities", "Something done, or to do.", "checklist", False, (
        labelled("title", FieldType.TEXT, "Its subject.", "heading"),
        labelled("body", FieldType.TEXT, "The text.", "notes"),
        labelled("type", FieldType.SELECT, "The kind of activity.", "category", options=_KINDS),
        labelled("dueAt", FieldType.DATE_TIME, "When it is to be done.", "calendar-due"),
        labelled("completedAt", FieldType.DATE_TIME, "When it was done.", "calendar-check"),
    )),
)
_RELATIONS = (
    _StandardRelation("person", "company", "Where the person works.", "building", "People", "users"),
    _StandardRelation("opportunity", "company", "A possible customer.", "building", "Opportunities", "target"),
    _StandardRelation("opportunity", "person", "The contact for it.", "user", "Opportunities", "target"),
    _StandardRelation("activity", "person", "The partner of the activity.", "user", "Activities", "checklist"),
    _StandardRelation("activity", "company", "The company that it concerns.", "building", "Activities", "checklist"),
)
"""The relations; each has the name of its target."""
# fmt: on

_SEARCHED = frozenset({"email", "jobTitle"})
"""The fields, besides `name`, that are searched by `contains`."""


def standard_changes(*, with_trigram: bool) -> Iterator[Change]:
    """Yield the changes that make the standard objects.

    Args:
        with_trigram: whether the texts that are searched by `contains` get trigram indexes.
    """
    ids: dict[str, UUID] = {}
    for spec in _OBJECTS:
        object_ = CreateObject(
            name_singular=spec.singular,
            name_plural=spec.plural,
            label_singular=derive_label(spec.singular),
            label_plural=derive_label(spec.plural),
            description=spec.description,
            icon=spec.icon,
            skip_name_field=not spec.has_name,
            is_custom=False,
        )
        ids[spec.singular] = object_.id
        yield object_
        if with_trigram and spec.has_name:
            yield CreateIndex(object_id=object_.id, field_ids=(object_.name_field_id,), method=TRIGRAM)
        for values in spec.fields:
            created = CreateField(object_id=object_.id, is_custom=False, **values)
            yield created
            if created.name in STANDARD_LABELS:
                yield CreateIndex(object_id=object_.id, field_ids=(created.id,), id=uuid5(created.id, "label"))
            if with_trigram and created.name in _SEARCHED:
                yield CreateIndex(object_id=object_.id, field_ids=(created.id,), method=TRIGRAM)
    for relation in _RELATIONS:
        end = NewRelation(
            target_object_id=ids[relation.name],
            target_field_label=relation.inverse_label,
            target_field_icon=relation.inverse_icon,
        )
        values = labelled(relation.name, FieldType.RELATION, relation.description, relation.icon)
        yield CreateField(object_id=ids[relation.source], is_custom=False, relation=end, **values)
