"""Creates that a rule refuses, by the rule."""

from dataclasses import replace
from decimal import Decimal

from fieldstone.metadata.changes import CreateIndex, RetryBuild, UpdateObject
from fieldstone.metadata.errors import NameTaken, UnknownObject
from fieldstone.metadata.field_types import FieldType
from fieldstone.metadata.model import Object, RelationType, Snapshot
from tests.metadata.changes.refusal import (
    NOBODY,
    Refusal,
    index_on,
    nested,
    refused_field,
    refused_object,
    refused_relation,
    select,
)
from tests.metadata.desk import new_field, new_object, new_relation, person

OBJECTS = {
    "name with a capital": refused_object("nameSingular", "project would pass", name_singular="Project"),
    "plural with a space": refused_object("namePlural", "myProjects would pass", name_plural="my projects"),
    "name too long": refused_object("nameSingular", "at most 63 would pass", name_singular="p" * 64),
    "blank label": refused_object("labelSingular", "must not be blank", label_singular=" "),
    "label with NUL": refused_object("labelPlural", "must not contain the NUL", label_plural="a\0b"),
    "description with a lone surrogate": refused_object("description", "lone surrogate", description="\ud800"),
    "label too long": refused_object("labelSingular", "at most 200 characters, not 201", label_singular="a" * 201),
    "label that drives a terminal": refused_object("labelPlural", "such as U+001B", label_plural="a\x1b[2J"),
    "label of two lines": refused_object("labelPlural", "such as U+000A", label_plural="a\nb"),
    "description too long": refused_object("description", "at most 10,000 characters", description="a" * 10_001),
    "icon too long": refused_object("icon", "must have at most 200 characters", icon="a" * 201),
    "icon with NUL": refused_object("icon", "must not contain the NUL", icon="\0"),
    "singular like plural": refused_object(
        "nameSingular", "must differ; sheep2 would pass", NameTaken, name_singular="sheep", name_plural="sheep"
    ),
    "singular taken": refused_object(
        "nameSingular", "there is an object person; person2 would pass", NameTaken, name_singular="person"
    ),
    "plural taken": refused_object(
        "namePlural", "it is the plural of the object person; people2 would pass", NameTaken, name_plural="people"
    ),
    "plural is an address of REST": refused_object(
        "namePlural", "it is the address of import jobs in REST; imports2 would pass", NameTaken, name_plural="imports"
    ),
    "singular is another's plural": refused_object(
        "nameSingular", "the object person has a query people", NameTaken, name_singular="people"
    ),
    "plural is another's singular": refused_object(
        "namePlural", "the object company has a query company", NameTaken, name_plural="company"
    ),
    "type is another's connection": refused_object(
        "nameSingular", "the object person has a GraphQL type PersonConnection", NameTaken,
        name_singular="personConnection",
    ),
    "type is the enum of another's field": refused_object(
        "nameSingular", "the object opportunity has a GraphQL type OpportunityStageEnum", NameTaken,
        name_singular="opportunityStageEnum",
    ),
    "type is built in": refused_object(
        "nameSingular", "its GraphQL type Query is built in; query2 would pass", NameTaken, name_singular="query"
    ),
    "type of a filter is shared": refused_object(
        "nameSingular", "its GraphQL type StringFilter is built in", NameTaken, name_singular="stringFilter"
    ),
    "type of a composite is shared": refused_object(
        "nameSingular", "its GraphQL type CurrencyValue is built in", NameTaken, name_singular="currencyValue"
    ),
    "query is another's aggregate": refused_object(
        "nameSingular", "the object person has a query peopleAggregate", NameTaken, name_singular="peopleAggregate"
    ),
    "query is another's groups": refused_object(
        "nameSingular", "the object person has a query peopleGroupBy", NameTaken, name_singular="peopleGroupBy"
    ),
    "query is its own aggregate": refused_object(
        "namePlural", "the query thingsAggregate would stand for both names", NameTaken,
        name_singular="thingsAggregate", name_plural="things",
    ),
    "query is another's subscription": refused_object(
        "nameSingular", "the object person has a subscription personCreated", NameTaken, name_singular="personCreated"
    ),
    "query is its own subscription": refused_object(
        "namePlural", "the subscription thingUpdated would stand for both names", NameTaken,
        name_singular="thing", name_plural="thingUpdated",
    ),
}  # fmt: skip


FIELDS = {
    "name with a capital": refused_field("name", "jobTitle2 would pass", name="JobTitle2"),
    "name too long": refused_field("name", "at most 63 would pass", name="n" * 64),
    "composite column too long": refused_field("name", "at most 51 would pass", FieldType.CURRENCY, name="n" * 52),
    "blank label": refused_field("label", "must not be blank", label="\t"),
    "description with NUL": refused_field("description", "must not contain the NUL", description="\0"),
    "name taken": refused_field(
        "name", "the field email of person has this name; email2 would pass", kind=NameTaken, name="email"
    ),
    "name of a system field": refused_field(
        "name", "the system field createdAt of person has this name; createdAt2 would pass",
        kind=NameTaken, name="createdAt",
    ),
    "name of a relation's key": refused_field(
        "name", "the field company of person comes with companyId", kind=NameTaken, name="companyId"
    ),
    "name of a composite's column": refused_field(
        "name", "the system field createdBy of person comes with createdByName", kind=NameTaken, name="createdByName"
    ),
    "composite over a plain field": Refusal(
        build=lambda snapshot: [
            new_field(person(snapshot), "payCurrencyCode"), new_field(person(snapshot), "pay", FieldType.CURRENCY)
        ],
        field="name",
        says="it comes with payCurrencyCode, and the field payCurrencyCode of person has this name",
        kind=NameTaken,
    ),
    "word of the filter": refused_field(
        "name", "and combines the conditions of a filter; and2 would pass", kind=NameTaken, name="and"
    ),
    "enum like another type": Refusal(
        build=lambda snapshot: [
            new_object("personMoodEnum"),
            new_field(person(snapshot), "mood", FieldType.SELECT, options=select("GOOD")),
        ],
        field="name",
        says="the object personMoodEnum has a GraphQL type PersonMoodEnum; mood2 would pass",
        kind=NameTaken,
    ),
    "no such object": Refusal(
        build=lambda _: [new_field(NOBODY, "extra")], field="objectMetadataId", says="no object", kind=UnknownObject
    ),
    "options of a type that has none": refused_field("options", "has no options", options=select("A")),
    "no options": refused_field("options", "needs at least one option", FieldType.SELECT),
    "empty options": refused_field("options", "needs at least one option", FieldType.SELECT, options=[]),
    "option that is no object": refused_field(
        "options", 'must be { value label color position }, not "A"', FieldType.SELECT, options=["A"]
    ),
    "option with an unknown key": refused_field(
        "options", 'an option has no "colour"', FieldType.SELECT, options=[{"value": "A", "colour": "red"}]
    ),
    "option that is no GraphQL name": refused_field(
        "options", '"in progress" is no GraphQL enum value', FieldType.SELECT, options=select("in progress")
    ),
    "option without a value": refused_field(
        "options", "null is no GraphQL enum value", FieldType.SELECT, options=[{"label": "A"}]
    ),
    "option reserved": refused_field(
        "options", '"true" is reserved by GraphQL; TRUE would pass', FieldType.SELECT, options=select("true")
    ),
    "option of introspection": refused_field(
        "options", '"__x" is reserved by GraphQL; X would pass', FieldType.SELECT, options=select("__x")
    ),
    "option twice": refused_field("options", "the option A is there twice", FieldType.SELECT, options=select("A", "A")),
    "option's position no number": refused_field(
        "options", "position must be a number", FieldType.SELECT, options=[{"value": "A", "position": "1"}]
    ),
    "option's position infinite": refused_field(
        "options", "position must be a finite number", FieldType.SELECT, options=[{"value": "A", "position": 10**400}]
    ),
    "option's label no text": refused_field(
        "options", "label must be text, not 1", FieldType.SELECT, options=[{"value": "A", "label": 1}]
    ),
    "option's colour with NUL": refused_field(
        "options", "color must not contain the NUL", FieldType.SELECT, options=[{"value": "A", "color": "\0"}]
    ),
    "unknown setting": refused_field(
        "settings", 'a TEXT field has no setting "dataType"; it has keepAccents', settings={"dataType": "int"}
    ),
    "a flag that is none": refused_field(
        "settings", 'settings.keepAccents must be true or false, not "yes"', settings={"keepAccents": "yes"}
    ),
    "a setting of a type without any": refused_field(
        "settings", 'a BOOLEAN field has no setting "keepAccents"; it has none', FieldType.BOOLEAN,
        settings={"keepAccents": True},
    ),
    "unknown setting of a number": refused_field(
        "settings", 'has no setting "decimals"; it has dataType', FieldType.NUMBER, settings={"decimals": 2}
    ),
    "unknown data type": refused_field(
        "settings", "settings.dataType must be one of decimal, int, bigint, float",
        FieldType.NUMBER, settings={"dataType": "money"},
    ),
    "settings that are no object": refused_field("settings", "must be an object, not a list", settings=["int"]),
    "default of another type": refused_field("defaultValue", "must be text, not 1", default=1),
    "default out of range": refused_field(
        "defaultValue", "must be a whole number", FieldType.NUMBER, default=2**31, settings={"dataType": "int"}
    ),
    "default that is no option": refused_field(
        "defaultValue", 'must be one of the options A, B, not "C"', FieldType.SELECT,
        options=select("A", "B"), default="C",
    ),
    "default of a composite's unknown part": refused_field(
        "defaultValue", 'has no "amount"; it is an object of amountMicros, currencyCode',
        FieldType.CURRENCY, default={"amount": 1},
    ),
    "default of a composite that is no object": refused_field(
        "defaultValue", "must be an object of amountMicros, currencyCode, not 1", FieldType.CURRENCY, default=1
    ),
    "default of a required composite without its first part": refused_field(
        "defaultValue", "must have amountMicros", FieldType.CURRENCY,
        default={"currencyCode": "EUR"}, is_nullable=False,
    ),
    "function of another type": refused_field("defaultValue", "must be a date", FieldType.DATE, default="uuid"),
    "default nested too deeply": refused_field(
        "defaultValue", "must not be nested so deeply", FieldType.RAW_JSON, default=nested(100_000)
    ),
    "default with a NUL inside": refused_field("defaultValue", "NUL", FieldType.RAW_JSON, default={"a": ["\0"]}),
    "default with too many digits": refused_field(
        "defaultValue", "at most 1000 digits", FieldType.NUMERIC, default=Decimal(10) ** 5_000
    ),
    "unique type that cannot be": refused_field(
        "isUnique", "a BOOLEAN field cannot be unique; fields of these types can: UUID, TEXT",
        FieldType.BOOLEAN, is_unique=True,
    ),
    "unique with a default": refused_field("defaultValue", "two records would share", default="a", is_unique=True),
    "unique with the time": refused_field(
        "defaultValue", "two records would share", FieldType.DATE_TIME, default="now", is_unique=True
    ),
    "relation's input for a plain field": Refusal(
        build=lambda snapshot: [
            new_field(
                person(snapshot), "extra",
                relation=new_relation(person(snapshot), "x", person(snapshot), "Y").relation,
            )
        ],
        field="relationCreationPayload",
        says="is for RELATION fields, not for TEXT",
    ),
    "several at once": refused_field(
        "name", "label must not be blank; any other text would pass; settings must be an object",
        name="Extra", label="", settings=1,
    ),
}  # fmt: skip


RELATIONS = {
    "no target given": refused_field(
        "relationCreationPayload", "needs relationCreationPayload", FieldType.RELATION
    ),
    "no such target": Refusal(
        build=lambda snapshot: [
            new_relation(person(snapshot), "extra", new_target(snapshot), "Things")
        ],
        field="targetObjectMetadataId",
        says="there is no object",
        kind=UnknownObject,
    ),
    "hidden target": Refusal(
        build=lambda snapshot: [
            UpdateObject(object_id=snapshot.by_singular["company"].id, is_active=False),
            new_relation(person(snapshot), "extra", snapshot.by_singular["company"], "Things"),
        ],
        field="targetObjectMetadataId",
        says="company is hidden, and no relation can lead to it",
    ),
    "key too long": refused_relation("name", "at most 61 would pass", name="n" * 62),
    "inverse too long": refused_relation("targetFieldName", "at most 63 would pass", target_field_name="n" * 64),
    "key at the other end too long": refused_relation(
        "targetFieldName", "at most 61 would pass", type_there=RelationType.ONE_TO_MANY, target_field_name="n" * 62
    ),
    "key like a field": Refusal(
        build=lambda snapshot: [
            new_field(person(snapshot), "bossId"),
            new_relation(person(snapshot), "boss", person(snapshot), "Reports"),
        ],
        field="name",
        says="it comes with bossId, and the field bossId of person has this name; boss2 would pass",
        kind=NameTaken,
    ),
    "inverse taken": refused_relation(
        "targetFieldName", "the field people of company has this name; people2 would pass",
        NameTaken, label_there="People",
    ),
    "inverse illegal": refused_relation("targetFieldName", "things would pass", target_field_name="Things"),
    "inverse underivable": refused_relation("targetFieldName", "give targetFieldName", label_there="日本"),
    "inverse's label blank": refused_relation(
        "targetFieldLabel", "must not be blank", label_there=" ", target_field_name="things"
    ),
    "both ends of a self-relation alike": Refusal(
        build=lambda snapshot: [new_relation(person(snapshot), "friend", person(snapshot), "Friend")],
        field="targetFieldName",
        says="the field friend of person has this name",
        kind=NameTaken,
    ),
    "unique": refused_relation("isUnique", "a RELATION field cannot be unique", is_unique=True),
    "default": refused_relation("defaultValue", "a RELATION field has no default value", default="x"),
    "options": refused_relation("options", "has no options", options=select("A")),
    "unknown rule": refused_relation(
        "settings", "settings.onDelete must be one of SET_NULL, CASCADE, RESTRICT", settings={"onDelete": "IGNORE"}
    ),
    "required and set to null": refused_relation("settings", "must be CASCADE or RESTRICT", is_nullable=False),
}  # fmt: skip


INDEXES = {
    "no such object": Refusal(
        build=lambda _: [CreateIndex(object_id=NOBODY, field_ids=())],
        field="objectMetadataId",
        says="there is no object",
        kind=UnknownObject,
    ),
    "no such field": Refusal(
        build=lambda snapshot: [CreateIndex(object_id=person(snapshot).id, field_ids=(NOBODY,))],
        field="fieldMetadataIds",
        says=f"person has no field {NOBODY}, which the index is to be on",
        kind=UnknownObject,
    ),
    "no field": Refusal(
        build=lambda snapshot: [CreateIndex(object_id=person(snapshot).id, field_ids=())],
        field="fieldMetadataIds",
        says="an index needs one or more fields of person",
    ),
    "unknown method": Refusal(
        build=lambda snapshot: [index_on(snapshot, "phone", "hash")], field="method", says="btree, trigram"
    ),
    "there already": Refusal(
        build=lambda snapshot: [index_on(snapshot, "email", "trigram")],
        field="fieldMetadataIds",
        says="there is such an index already: person_email_fold",
        kind=NameTaken,
    ),
    "of a relation's key alone": Refusal(
        build=lambda snapshot: [index_on(snapshot, "company", "btree")],
        field="fieldMetadataIds",
        says="the key of company has an index already: person_companyId_deletedAt_idx",
        kind=NameTaken,
    ),
    "a search in numbers": Refusal(
        build=lambda snapshot: [index_on(snapshot, "position", "search")],
        field="fieldMetadataIds",
        says="position holds no text, which a search index needs",
    ),
    "a search in a field twice": Refusal(
        build=lambda snapshot: [
            replace(one := index_on(snapshot, "phone", "search"), field_ids=(*one.field_ids, *one.field_ids))
        ],
        field="fieldMetadataIds",
        says="an index has each field once",
    ),
    "a unique search": Refusal(
        build=lambda snapshot: [replace(index_on(snapshot, "phone", "search"), is_unique=True)],
        field="method",
        says="a search index is on whole fields",
    ),
    "of a composite": Refusal(
        build=lambda snapshot: [index_on(snapshot, "createdBy", "btree")],
        field="fieldMetadataIds",
        says="createdBy is not one column, which an index needs; subField names one of source,",
    ),
    "of a relation that holds no key": Refusal(
        build=lambda snapshot: [index_on(snapshot, "activities", "btree")],
        field="fieldMetadataIds",
        says="activities is not one column",
    ),
    "a sub-field of a plain field": Refusal(
        build=lambda snapshot: [replace(index_on(snapshot, "city", "btree"), sub_field="name")],
        field="subField",
        says="subField is for an index on one composite field",
    ),
    "an unknown sub-field": Refusal(
        build=lambda snapshot: [replace(index_on(snapshot, "createdBy", "btree"), sub_field="surname")],
        field="subField",
        says='createdBy has no sub-field "surname"; it has source, workspaceMemberId, name, context',
    ),
    "no such build": Refusal(
        build=lambda _: [RetryBuild(id=NOBODY)],
        field="id",
        says="there is no index and no field",
        kind=UnknownObject,
    ),
    "a build that has not failed": Refusal(
        build=lambda snapshot: [RetryBuild(id=person(snapshot).by_name["city"].id)],
        field="id",
        says="city is READY: only a build that FAILED can be tried again",
    ),
    "trigrams of a time": Refusal(
        build=lambda snapshot: [index_on(snapshot, "createdAt", "trigram")],
        field="fieldMetadataIds",
        says="on one text field",
    ),
}


def new_target(snapshot: Snapshot) -> Object:
    return replace(person(snapshot), id=NOBODY)
