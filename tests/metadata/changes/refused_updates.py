"""Updates that a rule refuses, by the rule."""

from typing import Any

from fieldstone.metadata.changes import (
    CreateField,
    CreateIndex,
    DeleteField,
    DeleteIndex,
    DeleteObject,
    NewRelation,
    UpdateField,
    UpdateObject,
)
from fieldstone.metadata.errors import InvalidChange, MetadataError, NameTaken, UnknownObject
from fieldstone.metadata.field_types import FieldType
from fieldstone.metadata.model import Snapshot
from tests.metadata.changes.refusal import NOBODY, Build, Refusal, select
from tests.metadata.desk import new_field, new_relation, person
from tests.metadata.updates import field_of, options, update

Kind = type[MetadataError]


def renamed(field: str, says: str, kind: Kind = InvalidChange, **values: Any) -> Refusal:
    return Refusal(
        build=lambda snapshot: [UpdateObject(object_id=person(snapshot).id, **values)],
        field=field,
        says=says,
        kind=kind,
    )


def updated(
    name: str, blame: str, says: str, /, *, kind: Kind = InvalidChange, of: str = "person", **values: Any
) -> Refusal:
    return Refusal(build=update(of, name, **values), field=blame, says=says, kind=kind)


def deleted(build: Build, says: str, kind: Kind = InvalidChange) -> Refusal:
    return Refusal(build=build, field="id", says=says, kind=kind)


def field_deletion(object_: str, name: str) -> Build:
    return lambda snapshot: [DeleteField(field_id=field_of(snapshot, object_, name).id)]


def index_deletion(name: str) -> Build:
    return lambda snapshot: [DeleteIndex(index_id=snapshot.constraints[name].id)]


def indexed(field: str, says: str, /, *names: str, **more: Any) -> Refusal:
    def build(snapshot: Snapshot) -> list[CreateIndex]:
        fields = tuple(field_of(snapshot, "person", name).id for name in names)
        return [CreateIndex(object_id=person(snapshot).id, field_ids=fields, **more)]

    return Refusal(build=build, field=field, says=says)


def required_relation(snapshot: Snapshot, object_: str = "person") -> UpdateField:
    end = field_of(snapshot, object_, "company")
    return UpdateField(field_id=end.id, is_nullable=False, settings={"onDelete": "RESTRICT"})


def morph(snapshot: Snapshot, target: str) -> CreateField:
    """A morph relation of an activity."""
    relation = NewRelation(target_object_id=snapshot.by_singular[target].id, target_field_label="Owned")
    return new_field(snapshot.by_singular["activity"], "owner", FieldType.MORPH_RELATION, morph=(relation,))


REFUSALS = {
    "criteria are lists of fields": renamed(
        "duplicateCriteria", "duplicateCriteria must be a list of lists of fields", duplicate_criteria=["email"]
    ),
    "criteria are few": renamed(
        "duplicateCriteria", "duplicateCriteria must have at most 20 criteria", duplicate_criteria=[["email"]] * 21
    ),
    "criteria name fields": renamed(
        "duplicateCriteria", 'person has no field "nothing", which duplicateCriteria', duplicate_criteria=[["nothing"]]
    ),
    "criteria compare values": renamed(
        "duplicateCriteria", "duplicateCriteria cannot name company", duplicate_criteria=[["company"]]
    ),
    "object: none": deleted(lambda _: [UpdateObject(object_id=NOBODY, icon="x")], "there is no object", UnknownObject),
    "object: name taken": renamed(
        "nameSingular", "there is an object company; company2 would pass", NameTaken, name_singular="company"
    ),
    "object: plural taken": renamed(
        "namePlural", "it is the plural of the object company", NameTaken, name_plural="companies"
    ),
    "object: an address of REST": renamed(
        "namePlural", "it is the address of import jobs in REST", NameTaken, name_plural="imports"
    ),
    "object: illegal name": renamed("nameSingular", "contact would pass", name_singular="Contact"),
    "object: names alike": renamed("nameSingular", "must differ", NameTaken, name_singular="people"),
    "object: blank label": renamed("labelPlural", "must not be blank", label_plural=" "),
    "object: null label": renamed("labelSingular", "must not be null; leave it out to keep it", label_singular=None),
    "object: null isActive": renamed("isActive", "must not be null", is_active=None),
    "object: description with NUL": renamed("description", "NUL", description="\0"),
    "object: needed by a required relation": Refusal(
        build=lambda snapshot: [
            required_relation(snapshot, "activity"),
            UpdateObject(object_id=snapshot.by_singular["company"].id, is_active=False),
        ],
        field="isActive",
        says="each activity needs one for its field company",
    ),
    "object: standard, deleted": deleted(
        lambda snapshot: [DeleteObject(object_id=person(snapshot).id)], "person is a standard object, which cannot be"
    ),
    "object: none, deleted": deleted(lambda _: [DeleteObject(object_id=NOBODY)], "there is no object", UnknownObject),
    "field: none": deleted(lambda _: [UpdateField(field_id=NOBODY, icon="x")], "there is no field", UnknownObject),
    "field: name taken": updated(
        "phone", "name", "the field email of person has this name; email2 would pass", kind=NameTaken, name="email"
    ),
    "field: name of a key": updated(
        "phone", "name", "the field company of person comes with companyId", kind=NameTaken, name="companyId"
    ),
    "field: name of a filter's word": updated("phone", "name", "combines the conditions", kind=NameTaken, name="and"),
    "field: key like a field": Refusal(
        build=lambda snapshot: [
            new_field(person(snapshot), "employerId"),
            UpdateField(field_id=field_of(snapshot, "person", "company").id, name="employer"),
        ],
        field="name",
        says="it comes with employerId",
        kind=NameTaken,
    ),
    "field: illegal name": updated("phone", "name", "mobile would pass", name="Mobile"),
    "field: null name": updated("phone", "name", "must not be null", name=None),
    "field: null type and a name": updated("phone", "type", "must not be null", type=None, name="mobile"),
    "field: null type": updated("phone", "type", "must not be null", type=None),
    "field: blank label": updated("phone", "label", "must not be blank", label=""),
    "field: system, renamed": updated("createdAt", "name", "is a system field: its name cannot be", name="made"),
    "field: system, off": updated("id", "isActive", "is a system field", is_active=False),
    "field: required with rows": updated(
        "phone", "isNullable", "2 records of person (deleted ones included) have no value", is_nullable=False
    ),
    "field: backfill of another type": updated(
        "phone", "backfillValue", "backfillValue must be text, not 1", is_nullable=False, backfill=1
    ),
    "field: backfill that is no option": updated(
        "stage", "backfillValue", "must be one of the options NEW", of="opportunity", is_nullable=False, backfill="X"
    ),
    "field: backfill for nothing": updated("phone", "backfillValue", "leave it out", backfill="x"),
    "field: relation required with rows": Refusal(
        build=lambda snapshot: [required_relation(snapshot)], field="isNullable", says="connect them first"
    ),
    "field: relation required and set to null": updated(
        "company", "settings", "must be CASCADE or RESTRICT", is_nullable=False
    ),
    "field: the many end required": updated("people", "id", "people has many", of="company", is_nullable=False),
    "field: unique with duplicates": updated(
        "city", "isUnique", 'share a value: "Paris" (2 records)', is_unique=True
    ),
    "field: unique with a default": updated(
        "jobTitle", "defaultValue", "two records would share", is_unique=True, default="x"
    ),
    "field: type that cannot be unique": updated(
        "stage", "isUnique", "a SELECT field cannot be unique", of="opportunity", is_unique=True
    ),
    "field: relation with a default": updated("company", "defaultValue", "has no default value", default="x"),
    "field: default of another type": updated("city", "defaultValue", "must be text, not 1", default=1),
    "field: unknown setting": updated(
        "city", "settings", 'no setting "dataType"; it has keepAccents', settings={"dataType": "int"}
    ),
    "field: unknown data type": updated(
        "employees", "settings", "must be one of decimal, int", of="company", settings={"dataType": "byte"}
    ),
    "options: in use": updated(
        "stage", "options", "in use, deleted records included: MEETING (1 records), NEW (2 records)",
        of="opportunity", options=options("PROPOSAL"),
    ),
    "options: of a type without": updated("city", "options", "has no options", options=select("A")),
    "options: none": updated("stage", "options", "needs at least one", of="opportunity", options=[]),
    "options: mapping of a kept option": updated(
        "stage", "optionMapping", "no option that goes; none goes", of="opportunity", option_mapping={"NEW": "MEETING"}
    ),
    "options: mapping to a removed option": updated(
        "stage", "optionMapping", "must lead to an option that stays (NEW)", of="opportunity",
        options=options("NEW"), option_mapping={"MEETING": "PROPOSAL"},
    ),
    "options: mapping that is none": updated(
        "stage", "optionMapping", "must be an object", of="opportunity", options=options("NEW"), option_mapping=["NEW"]
    ),
    "options: mapping to a list": updated(
        "stage", "optionMapping", "must lead to an option that stays (NEW), not a list", of="opportunity",
        options=options("NEW"), option_mapping={"MEETING": ["NEW"]},
    ),
    "options: the default goes": Refusal(
        build=lambda snapshot: [
            UpdateField(field_id=field_of(snapshot, "opportunity", "stage").id, default="CUSTOMER"),
            UpdateField(field_id=field_of(snapshot, "opportunity", "stage").id, options=options("NEW", "MEETING")),
        ],
        field="defaultValue",
        says='must be one of the options NEW, MEETING, not "CUSTOMER"',
    ),
    "deletion: no field": deleted(lambda _: [DeleteField(field_id=NOBODY)], "there is no field", UnknownObject),
    "deletion: system field": deleted(field_deletion("person", "createdAt"), "is a system field"),
    "deletion: standard field": deleted(field_deletion("person", "city"), "city is a standard field of person"),
    "deletion: standard relation": deleted(field_deletion("company", "people"), "people is a standard field of"),
    "deletion: no index": deleted(lambda _: [DeleteIndex(index_id=NOBODY)], "there is no index", UnknownObject),
    "deletion: unique index": deleted(index_deletion("person_email_key"), "makes email unique"),
    "deletion: primary key": deleted(index_deletion("person_pkey"), "makes id unique"),
    "deletion: index of the order": deleted(index_deletion("person_createdAt_id_idx"), "the engine needs"),
    "deletion: index of a label": deleted(index_deletion("company_name_sort"), "comes with name; updateField"),
    "deletion: index of a relation": deleted(index_deletion("person_companyId_deletedAt_idx"), "the engine needs"),
    "index: unique on one field": indexed("isUnique", "for one field, updateField", "city", is_unique=True),
    "index: a field twice": indexed("fieldMetadataIds", "each field once", "city", "city"),
    "index: of the inside of a text": indexed(
        "fieldMetadataIds", "one field of JSON or of lists", "city", method="gin"
    ),
    "index: unique with duplicates": indexed(
        "fieldMetadataIds", 'share a value: "Paris 1" (2 records)', "city", "jobTitle", is_unique=True
    ),
    "morph: a name twice": Refusal(
        build=lambda snapshot: [morph(snapshot, "person"), morph(snapshot, "company")],
        field="name",
        says="there is a morph relation owner of activity already",
        kind=NameTaken,
    ),
    "morph: required": Refusal(
        build=lambda snapshot: [
            owner := morph(snapshot, "person"), UpdateField(field_id=owner.id, is_nullable=False)
        ],
        field="isNullable",
        says="it cannot be required",
    ),
    "morph: unique": Refusal(
        build=lambda snapshot: [owner := morph(snapshot, "person"), UpdateField(field_id=owner.id, is_unique=True)],
        field="isUnique",
        says="a MORPH_RELATION field cannot be unique",
    ),
    "relation: one-to-one with two of one": Refusal(
        build=lambda snapshot: [UpdateField(field_id=field_of(snapshot, "activity", "company").id, is_unique=True)],
        field="isUnique",
        says="company",
    ),
    "relation: unique at the end without a key": updated(
        "people", "isUnique", "a RELATION field cannot be unique", of="company", is_unique=True
    ),
    "several at once": Refusal(
        build=update("person", "phone", name="Phone", label="", is_active=None),
        field="isActive",
        says="label must not be blank",
    ),
    "the second of two": Refusal(
        build=lambda snapshot: [
            *update("person", "phone", name="mobile")(snapshot),
            new_relation(person(snapshot), "mobile", person(snapshot), "X"),
        ],
        field="name",
        says="has this name",
        kind=NameTaken,
    ),
}  # fmt: skip


ROWS = """
INSERT INTO workspace_default.person (email, city, "jobTitle") VALUES ('a', 'Paris', '1'), ('b', 'Paris', '1');
WITH one AS (INSERT INTO workspace_default.company DEFAULT VALUES RETURNING id)
INSERT INTO workspace_default.activity ("companyId") SELECT id FROM one, generate_series(1, 2);
INSERT INTO workspace_default.opportunity (stage) VALUES ('NEW'), ('NEW'), ('MEETING')
"""
