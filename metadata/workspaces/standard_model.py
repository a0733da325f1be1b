"""The standard objects: the changes that fill a new workspace."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from fieldstone.metadata.changes import Change, CreateField, CreateIndex, CreateObject, NewRelation
from fieldstone.metadata.changes.kinds.create_index import TRIGRAM
from fieldstone.metadata.field_types import FieldType
from fieldstone.metadata.json_text import JsonValue


@dataclass(frozen=True, slots=True, kw_only=True)
class _StandardField:
    name: str
    type: FieldType
    label: str
    description: str
    icon: str
    is_nullable: bool = True
    is_unique: bool = False
    options: Sequence[tuple[str, str, str]] = ()
    settings: Mapping[str, JsonValue] | None = None
    is_searched: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class _StandardObject:
    singular: str
    plural: str
    label_singular: str
    label_plural: str
    description: str
    icon: str
    has_name: bool
    fields: Sequence[_StandardField]


@dataclass(frozen=True, slots=True, kw_only=True)
class _StandardRelation:
    source: str
    name: str
    label: str
    description: str
    icon: str
    target: str
    inverse_label: str
    inverse_icon: str


_OBJECTS = (
    _StandardObject(
        singular="company",
        plural="companies",
        label_singular="Company",
        label_plural="Companies",
        description="A business that one has to do with.",
        icon="building",
        has_name=True,
        fields=(
            _StandardField(
                name="website", type=FieldType.TEXT, label="Website", description="The company's website.", icon="link"
            ),
            _StandardField(
                name="employees",
                type=FieldType.NUMBER,
                label="Employees",
                description="How many people work there.",
                icon="users",
                settings={"dataType": "int"},
            ),
            _StandardField(
                name="annualRevenue",
                type=FieldType.NUMBER,
                label="Annual revenue",
                description="The company's income of a year.",
                icon="coins",
            ),
        ),
    ),
    _StandardObject(
        singular="person",
        plural="people",
        label_singular="Person",
        label_plural="People",
        description="A contact.",
        icon="user",
        has_name=False,
        fields=(
            _StandardField(
                name="firstName", type=FieldType.TEXT, label="First name", description="The first name.", icon="user"
            ),
            _StandardField(
                name="lastName", type=FieldType.TEXT, label="Last name", description="The last name.", icon="user"
            ),
            _StandardField(
                name="email",
                type=FieldType.TEXT,
                label="Email",
                description="The email address; no two people share one.",
                icon="mail",
                is_nullable=False,
                is_unique=True,
                is_searched=True,
            ),
            _StandardField(
                name="phone", type=FieldType.TEXT, label="Phone", description="The phone number.", icon="phone"
            ),
            _StandardField(
                name="jobTitle",
                type=FieldType.TEXT,
                label="Job title",
                description="The person's work.",
                icon="briefcase",
                is_searched=True,
            ),
            _StandardField(
                name="city", type=FieldType.TEXT, label="City", description="The city of residence.", icon="map"
            ),
        ),
    ),
    _StandardObject(
        singular="opportunity",
        plural="opportunities",
        label_singular="Opportunity",
        label_plural="Opportunities",
        description="A sale that may come about.",
        icon="target",
        has_name=True,
        fields=(
            _StandardField(
                name="amount", type=FieldType.NUMBER, label="Amount", description="Its value.", icon="coins"
            ),
            _StandardField(
                name="closeDate",
                type=FieldType.DATE,
                label="Close date",
                description="When it is expected to be closed.",
                icon="calendar",
            ),
            _StandardField(
                name="stage",
                type=FieldType.SELECT,
                label="Stage",
                description="How far it has come.",
                icon="progress",
                options=(
                    ("NEW", "New", "red"),
                    ("SCREENING", "Screening", "purple"),
                    ("MEETING", "Meeting", "sky"),
                    ("PROPOSAL", "Proposal", "turquoise"),
                    ("CUSTOMER", "Customer", "yellow"),
                ),
            ),
        ),
    ),
    _StandardObject(
        singular="activity",
        plural="activities",
        label_singular="Activity",
        label_plural="Activities",
        description="Something done, or to do.",
        icon="checklist",
        has_name=False,
        fields=(
            _StandardField(
                name="title", type=FieldType.TEXT, label="Title", description="Its subject.", icon="heading"
            ),
            _StandardField(name="body", type=FieldType.TEXT, label="Body", description="The text.", icon="notes"),
            _StandardField(
                name="type",
                type=FieldType.SELECT,
                label="Type",
                description="The kind of activity.",
                icon="category",
                options=(
                    ("CALL", "Call", "green"),
                    ("EMAIL", "Email", "blue"),
                    ("MEETING", "Meeting", "sky"),
                    ("NOTE", "Note", "gray"),
                    ("TASK", "Task", "orange"),
                ),
            ),
            _StandardField(
                name="dueAt",
                type=FieldType.DATE_TIME,
                label="Due at",
                description="When it is to be done.",
                icon="calendar-due",
            ),
            _StandardField(
                name="completedAt",
                type=FieldType.DATE_TIME,
                label="Completed at",
                description="When it was done.",
                icon="calendar-check",
            ),
        ),
    ),
)
_RELATIONS = (
    _StandardRelation(
        source="person",
        name="company",
        label="Company",
        description="Where the person works.",
        icon="building",
        target="company",
        inverse_label="People",
        inverse_icon="users",
    ),
    _StandardRelation(
        source="opportunity",
        name="company",
        label="Company",
        description="A possible customer.",
        icon="building",
        target="company",
        inverse_label="Opportunities",
        inverse_icon="target",
    ),
    _StandardRelation(
        source="opportunity",
        name="person",
        label="Person",
        description="The contact for it.",
        icon="user",
        target="person",
        inverse_label="Opportunities",
        inverse_icon="target",
    ),
    _StandardRelation(
        source="activity",
        name="person",
        label="Person",
        description="The partner of the activity.",
        icon="user",
        target="person",
        inverse_label="Activities",
        inverse_icon="checklist",
    ),
    _StandardRelation(
        source="activity",
        name="company",
        label="Company",
        description="The company that it concerns.",
        icon="building",
        target="company",
        inverse_label="Activities",
        inverse_icon="checklist",
    ),
)


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
            label_singular=spec.label_singular,
            label_plural=spec.label_plural,
            description=spec.description,
            icon=spec.icon,
            skip_name_field=not spec.has_name,
            is_custom=False,
        )
        ids[spec.singular] = object_.id
        yield object_
        if with_trigram and spec.has_name:
            yield CreateIndex(object_id=object_.id, field_ids=(object_.name_field_id,), method=TRIGRAM)
        for field_spec in spec.fields:
            created = _create_field(object_.id, field_spec)
            yield created
            if with_trigram and field_spec.is_searched:
                yield CreateIndex(object_id=object_.id, field_ids=(created.id,), method=TRIGRAM)
    for relation in _RELATIONS:
        yield CreateField(
            object_id=ids[relation.source],
            name=relation.name,
            label=relation.label,
            type=FieldType.RELATION,
            description=relation.description,
            icon=relation.icon,
            is_custom=False,
            relation=NewRelation(
                target_object_id=ids[relation.target],
                target_field_label=relation.inverse_label,
                target_field_icon=relation.inverse_icon,
            ),
        )


def _create_field(object_id: UUID, spec: _StandardField) -> CreateField:
    return CreateField(
        object_id=object_id,
        name=spec.name,
        label=spec.label,
        type=spec.type,
        description=spec.description,
        icon=spec.icon,
        options=[
            {"value": value, "label": label, "color": color, "position": position}
            for position, (value, label, color) in enumerate(spec.options)
        ],
        settings=spec.settings,
        is_nullable=spec.is_nullable,
        is_unique=spec.is_unique,
        is_custom=False,
    )
