"""Changes of every kind that a rollback takes back, and the model that it has to restore."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Any

from fieldstone.metadata.changes import (
    Change,
    CreateIndex,
    CreateRole,
    DeleteField,
    DeleteIndex,
    DeleteObject,
    DeleteRole,
    NewRelation,
    UpdateField,
    UpdateObject,
    UpdateRole,
)
from fieldstone.metadata.field_types import FieldType
from fieldstone.metadata.model import Object, RelationType, Snapshot
from tests.metadata.desk import new_field, new_object, new_relation, person, role_named
from tests.metadata.updates import field_of, options

Build = Callable[[Snapshot], Iterable[Change]]


def fill(snapshot: Snapshot) -> Iterable[Change]:
    """An object with everything, for the changes to be about."""
    object_ = new_object("project", description="Work")
    yield object_
    yield new_field(object_.id, "budget", FieldType.CURRENCY, default={"amountMicros": 5})
    yield new_field(object_.id, "stage", FieldType.SELECT, options=options("NEW", "OLD"), default="NEW")
    code = new_field(object_.id, "code", is_unique=True, is_nullable=False)
    yield code
    yield CreateIndex(object_id=object_.id, field_ids=(code.id,), is_partial=True)
    yield new_relation(person(snapshot), "project", replace(person(snapshot), id=object_.id), "Members")
    yield new_relation(replace(person(snapshot), id=object_.id), "lead", person(snapshot), "Leads", is_active=False)
    targets = (person(snapshot), snapshot.by_singular["company"])
    owner = tuple(NewRelation(target_object_id=one.id, target_field_label="Owned projects") for one in targets)
    yield new_field(object_.id, "owner", FieldType.MORPH_RELATION, morph=owner)
    yield new_relation(person(snapshot), "mate", person(snapshot), "Mate of", kind=RelationType.ONE_TO_ONE)
    yield UpdateField(field_id=object_.name_field_id, settings={"keepAccents": True})
    number = new_field(object_.id, "number")
    yield number
    yield CreateIndex(object_id=object_.id, field_ids=(number.id,))
    yield UpdateField(field_id=number.id, is_unique=True)
    yield index_on_key(snapshot, "person", "company")
    ticket = new_object("ticket")
    yield ticket
    yield UpdateField(field_id=ticket.name_field_id, type=FieldType.NUMBER)
    parcel = new_object("parcel")
    yield parcel
    yield UpdateField(field_id=parcel.name_field_id, settings={"skipLabelIndex": True})
    yield new_field(parcel.id, "owner", FieldType.FULL_NAME, settings={"skipLabelIndex": True})
    yield CreateIndex(object_id=parcel.id, field_ids=(parcel.name_field_id,))


def index_on_key(snapshot: Snapshot, object_: str, name: str) -> CreateIndex:
    """An index of before such ones were refused, beside the one that the relation has brought."""
    field = field_of(snapshot, object_, name)
    return CreateIndex(object_id=field.object_id, field_ids=(field.id,), is_recreated=True)


def project(snapshot: Snapshot) -> Object:
    return snapshot.by_singular["project"]


def on(name: str, /, **values: Any) -> Build:
    return lambda snapshot: [UpdateField(field_id=field_of(snapshot, "project", name).id, **values)]


CHANGES: dict[str, Build] = {
    "new object": lambda _: [new_object("task")],
    "new field": lambda snapshot: [new_field(person(snapshot), "extra")],
    "new relation": lambda snapshot: [new_relation(person(snapshot), "boss", person(snapshot), "Reports")],
    "new index": lambda snapshot: [
        CreateIndex(object_id=person(snapshot).id, field_ids=(person(snapshot).by_name["city"].id,))
    ],
    "new index of a key alone": lambda snapshot: [
        index_on_key(snapshot, "activity", "company")
    ],
    "object renamed": lambda snapshot: [
        UpdateObject(object_id=project(snapshot).id, name_singular="plan", name_plural="plans", description=None)
    ],
    "object off": lambda snapshot: [UpdateObject(object_id=project(snapshot).id, is_active=False)],
    "field renamed": on("budget", name="money", label="Money", icon="coins"),
    "field off": on("code", is_active=False),
    "field optional": on("code", is_nullable=True),
    "field no longer unique": on("code", is_unique=False),
    "default gone": on("budget", default=None),
    "options changed": on(
        "stage", options=options("FIRST", "OLD", "LATE"), option_mapping={"NEW": "FIRST"}, default="FIRST"
    ),
    "relation's rule": lambda snapshot: [
        UpdateField(field_id=field_of(snapshot, "person", "project").id, settings={"onDelete": "CASCADE"})
    ],
    "one-to-one": lambda snapshot: [
        new_relation(person(snapshot), "twin", person(snapshot), "Twin of", kind=RelationType.ONE_TO_ONE)
    ],
    "one-to-one no more": lambda snapshot: [
        UpdateField(field_id=field_of(snapshot, "person", "mate").id, is_unique=False)
    ],
    "many-to-one made one-to-one": lambda snapshot: [
        UpdateField(field_id=field_of(snapshot, "person", "company").id, is_unique=True)
    ],
    "one-to-one deleted": lambda snapshot: [DeleteField(field_id=field_of(snapshot, "person", "mate").id)],
    "part of a morph relation deleted": lambda snapshot: [
        DeleteField(field_id=field_of(snapshot, "project", "ownerPerson").id)
    ],
    "index deleted": lambda snapshot: [DeleteIndex(index_id=snapshot.constraints["project_code_livesort"].id)],
    "index of a key alone deleted": lambda snapshot: [
        DeleteIndex(index_id=snapshot.constraints["person_companyId_idx"].id)
    ],
    "index of a label given up": on("name", settings={"skipLabelIndex": True}),
    "indexes of labels taken back": lambda snapshot: [
        UpdateField(field_id=field_of(snapshot, "parcel", name).id, settings={"skipLabelIndex": None})
        for name in ("name", "owner")
    ],
    "object without indexes of its labels deleted": lambda snapshot: [
        DeleteObject(object_id=snapshot.by_singular["parcel"].id)
    ],
    "field deleted": lambda snapshot: [DeleteField(field_id=field_of(snapshot, "project", "code").id)],
    "unique field with an index of its own deleted": lambda snapshot: [
        DeleteField(field_id=field_of(snapshot, "project", "number").id)
    ],
    "object with a name of another type deleted": lambda snapshot: [
        DeleteObject(object_id=snapshot.by_singular["ticket"].id)
    ],
    "composite deleted": lambda snapshot: [DeleteField(field_id=field_of(snapshot, "project", "budget").id)],
    "relation deleted": lambda snapshot: [DeleteField(field_id=field_of(snapshot, "person", "project").id)],
    "role created": lambda _: [CreateRole(name="clerk", grants=[{"object": "project", "read": {}}])],
    "role changed": lambda snapshot: [
        UpdateRole(role_id=role_named(snapshot, "viewer").id, name="reader", settings=["HISTORY"], grants=[])
    ],
    "role deleted": lambda snapshot: [DeleteRole(role_id=role_named(snapshot, "editor").id)],
    "object deleted": lambda snapshot: [DeleteObject(object_id=project(snapshot).id)],
}  # fmt: skip


def shown(snapshot: Snapshot) -> Any:
    """The model without its physical names and the order of its parts, which a rollback does not bring back."""
    return (
        {
            object_.id: (
                replace(object_, fields=(), retired_columns=frozenset(), table=replace(object_.table, name="")),
                {field.id: replace(field, column="", former_columns=()) for field in object_.fields},
            )
            for object_ in snapshot.objects.values()
        },
        dict(snapshot.relations),
        dict(snapshot.roles),
        {
            (one.object_id, one.field_ids, one.is_unique, one.is_partial, one.method)
            for one in snapshot.indexes.values()
        },
    )
