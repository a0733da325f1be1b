"""Changes that a rule refuses because of the changes before them, by the rule."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from fieldstone.metadata.changes import Change, CreateField, DeleteField, NewJunction, NewRelation, UpdateField
from fieldstone.metadata.errors import ChangeFailed, InvalidChange, MetadataError, NameTaken, UnknownObject
from fieldstone.metadata.field_types import FieldType as T
from fieldstone.metadata.model import MORPH_SETTING, RelationType, Snapshot
from tests.metadata.changes.prepared import ROWS, Prepared, made, refused, searched
from tests.metadata.changes.refusal import NOBODY, Refusal, index_on, nested, select
from tests.metadata.desk import new_field, new_object, person
from tests.metadata.updates import field_of, options, update

GROUP = {"id": str(UUID(int=8)), "name": "owner"}


def to(snapshot: Snapshot, *targets: str, **more: Any) -> tuple[NewRelation, ...]:
    """Relations to these objects; to none that is there where there is no name."""
    return tuple(
        NewRelation(
            target_object_id=snapshot.by_singular[name].id if name else NOBODY, target_field_label="Owned", **more
        )
        for name in targets
    )


def morph(field: str, says: str, *targets: str, kind: type[MetadataError] = InvalidChange, **more: Any) -> Refusal:
    return refused(
        lambda snapshot: [new_field(person(snapshot), "owner", T.MORPH_RELATION, morph=to(snapshot, *targets), **more)],
        field,
        says,
        kind,
    )


def morph_part(
    field: str, says: str, target: str = "person", *, type_: RelationType = RelationType.MANY_TO_ONE, **more: Any
) -> Refusal:
    """One more target of an activity's morph relation, as a rollback adds it."""
    more.setdefault("settings", {MORPH_SETTING: GROUP})

    def build(snapshot: Snapshot) -> Iterable[Change]:
        (relation,) = to(snapshot, target, type=type_)
        activity = snapshot.by_singular["activity"]
        first = new_field(
            activity, "ownerCompany", T.MORPH_RELATION, settings={MORPH_SETTING: GROUP},
            relation=to(snapshot, "company")[0],
        )  # fmt: skip
        return [first, new_field(activity, "ownerOther", T.MORPH_RELATION, relation=relation, **more)]

    return refused(build, field, says)


def junction(
    field: str, says: str, target: str = "company", kind: type[MetadataError] = InvalidChange,
    names: NewJunction | None = None, inverse: str = "crews", name: str = "crew",
    **more: Any,
) -> Refusal:  # fmt: skip
    def build(snapshot: Snapshot) -> list[CreateField]:
        (relation,) = to(snapshot, target, junction=names or NewJunction(), target_field_name=inverse)
        return [new_field(person(snapshot), name, T.RELATION, relation=relation, **more)]

    return refused(build, field, says, kind)


def words(field: str, says: str, settings: Any, **more: Any) -> Refusal:
    return refused(
        lambda snapshot: [new_field(person(snapshot), "words", T.TS_VECTOR, settings=settings, **more)], field, says
    )


def default(says: str, type_: T, value: Any) -> Refusal:
    return refused(lambda snapshot: [new_field(person(snapshot), "extra", type_, default=value)], "defaultValue", says)


def morph_over_a_field(snapshot: Snapshot) -> Iterable[Change]:
    """A morph relation whose second target has a field of the inverse's name."""
    targets = to(snapshot, "activity", "company")
    return [
        new_field(snapshot.by_singular["company"], "owned"),
        new_field(person(snapshot), "owner", T.MORPH_RELATION, morph=targets),
    ]


NEW = {
    "morph: a late inverse taken": refused(
        morph_over_a_field, "targetFieldName", "the field owned of company has this name; owned2 would pass", NameTaken
    ),
    "junction: its second inverse taken": junction(
        "targetFieldName", "the field people of company has this name; people2 would pass", kind=NameTaken,
        inverse="people",
    ),
    "junction: its first inverse taken": junction(
        "name", "the field city of person has this name; city2 would pass", kind=NameTaken, name="city"
    ),
    "morph: no targets": morph("morphRelationsCreationPayload", "a list of 1 to 20 targets"),
    "morph: too many targets": morph(
        "morphRelationsCreationPayload", "a list of 1 to 20 targets", *["company"] * 21
    ),
    "morph: a target twice": morph("morphRelationsCreationPayload", "an object twice", "company", "company"),
    "morph: no such target": morph(
        "targetObjectMetadataId", "there is no object", "company", "", kind=UnknownObject
    ),
    "morph: required when created": morph("isNullable", "cannot be required", "company", is_nullable=False),
    "morph part: no group": morph_part("settings", "needs settings.morph { id name }", settings=None),
    "morph part: to many": morph_part("type", "all MANY_TO_ONE", type_=RelationType.ONE_TO_MANY),
    "morph part: its target again": morph_part("targetObjectMetadataId", "leads to this object already", "company"),
    "morph part: required": morph_part("isNullable", "cannot be required", is_nullable=False),
    "junction: no such target": junction("targetObjectMetadataId", "there is no object", "", UnknownObject),
    "junction: description with NUL": junction("description", "NUL", description="\0"),
    "junction: required": junction("isNullable", "leave isNullable out", is_nullable=False),
    "junction: unique": junction("isUnique", "leave isUnique out", is_unique=True),
    "junction: default": junction("defaultValue", "leave defaultValue out", default="x"),
    "junction: options": junction("options", "leave options out", options=select("A")),
    "junction: settings": junction("settings", "leave settings out", settings={"onDelete": "CASCADE"}),
    "junction: name taken": junction(
        "junctionNameSingular", "there is an object activity", kind=NameTaken,
        names=NewJunction(name_singular="activity"),
    ),
    "junction: plural taken": junction(
        "junctionNamePlural", "junctionNamePlural gives another name", kind=NameTaken,
        names=NewJunction(name_plural="activities"),
    ),
    "search: no settings": words("settings", "needs settings { fields", None),
    "search: no fields": words("settings", "needs settings { fields", {"fields": []}),
    "search: no such field": words(
        "settings", 'cannot have "nothing": the fields of person that hold text are', {"fields": ["nothing"]}
    ),
    "search: no text": words("settings", 'cannot have "createdAt"', {"fields": ["createdAt"]}),
    "search: a field twice": words("settings", "has city twice", {"fields": ["city", "city"]}),
    "search: required": words(
        "isNullable", "is computed; leave isNullable out", {"fields": ["city"]}, is_nullable=False
    ),
    "search: default": words("defaultValue", "has no default value", {"fields": ["city"]}, default="x"),
    "object: a name without a letter": refused(
        lambda _: [new_object("日本", "nihon")], "nameSingular", "a name starts with a lower-case letter"
    ),
    "options: fixed ones": refused(
        lambda snapshot: [new_field(person(snapshot), "stars", T.RATING, options=select("SIX"))],
        "options", "the options of a RATING field are always",
    ),
    "default: no truth value": default("must be true or false", T.BOOLEAN, "yes"),
    "default: no time": default("must be a date and time such as", T.DATE_TIME, "noon"),
    "default: no such time": default("must be a date and time such as", T.DATE_TIME, "2024-02-30T00:00:00Z"),
    "default: too fine a time": default("finer than a microsecond", T.DATE_TIME, "2024-02-03T00:00:00.0000001Z"),
    "default: null in a list": default("null in its list", T.ARRAY, ["a", None]),
    "default: a number too long": default("numbers of at most 1000 digits", T.RAW_JSON, 10**5_000),
    "default: no number": default("must be a number", T.NUMERIC, "one"),
}  # fmt: skip


def employed(snapshot: Snapshot) -> Iterable[Change]:
    """A relation that is required, so that its target is needed."""
    end = field_of(snapshot, "person", "company")
    return [UpdateField(field_id=end.id, is_nullable=False, settings={"onDelete": "RESTRICT"})]


def drop_thing(snapshot: Snapshot) -> Iterable[Change]:
    return [DeleteField(field_id=field_of(snapshot, "person", "thing").id)]


STAGE: dict[str, Any] = {"options": options("A", "B"), "default": "A", "is_nullable": False}


CHANGED = {
    "search: a source deleted": Prepared(
        build=searched, refusal=refused(drop_thing, "id", "words is computed from thing; delete that field first")
    ),
    "search: other sources": Prepared(
        build=searched,
        refusal=refused(
            update("person", "words", settings={"fields": ["city"]}), "settings", "its settings is fixed when"
        ),
    ),
    "search: becomes required": Prepared(
        build=searched,
        refusal=refused(update("person", "words", is_nullable=False), "isNullable", "its isNullable is fixed when"),
    ),
    "search: another type": Prepared(
        build=searched, refusal=refused(update("person", "words", type=T.TEXT), "type", "its type is fixed")
    ),
    "relation: the end that is needed is hidden": Prepared(
        build=employed,
        refusal=refused(
            update("company", "people", is_active=False), "isActive",
            "each person needs a company for its field company"
        ),
    ),
    "relation: a backfill": Prepared(
        build=lambda _: [],
        refusal=refused(
            update(
                "person", "company", is_nullable=False, settings={"onDelete": "RESTRICT"}, backfill=str(NOBODY)
            ),
            "backfillValue", "connect the records first",
        ),
    ),
    "backfill: without the first column": Prepared(
        build=made("pay", T.CURRENCY),
        refusal=refused(
            update("person", "pay", is_nullable=False, backfill={"currencyCode": "EUR"}),
            "backfillValue", "must be a constant value, with the first column",
        ),
    ),
    "backfill: a function": Prepared(
        build=made("due", T.DATE),
        refusal=refused(
            update("person", "due", is_nullable=False, backfill="now"), "backfillValue", "must be a constant value"
        ),
    ),
    "backfill: nested too deeply": Prepared(
        build=made("notes", T.RAW_JSON),
        refusal=refused(
            update("person", "notes", is_nullable=False, backfill=nested(100_000)), "backfillValue", "nested so deeply"
        ),
    ),
    "options: a mapping to no value of a required field": Prepared(
        build=made("thing", T.SELECT, **STAGE),
        refusal=refused(
            update("person", "thing", options=options("A"), option_mapping={"B": None}),
            "optionMapping", "cannot give B no value: the field is required; one of A would pass",
        ),
    ),
    "new field: required with rows": Prepared(
        build=made("thing", T.TEXT), done=f"{ROWS} ('a', NULL, NULL)",
        refusal=refused(
            made("extra", T.TEXT, is_nullable=False), "isNullable",
            "extra cannot be required: person has 1 records (deleted ones included)",
        ),
    ),
    "field: its old name is another's": Prepared(
        build=made("thing", T.TEXT),
        refusal=refused(
            lambda snapshot: [
                *update("person", "phone", name="mobile")(snapshot), *update("person", "thing", name="phone")(snapshot),
                *update("person", "city", name="phone")(snapshot),
            ],
            "name", "the field phone of person has this name", NameTaken,
        ),
    ),
    "index: the server has no extension for it": Prepared(
        writer={"trigram": None},
        refusal=refused(
            lambda snapshot: [new_object("project"), index_on(snapshot, "city", "trigram")],
            "method", "no extension pg_trgm",
        ),
    ),
    "new field: more columns than a table takes": Prepared(
        done="""
            DO $$
            BEGIN
                EXECUTE (SELECT 'ALTER TABLE workspace_default.person ' || string_agg(format('ADD c%s "char"', i), ', ')
                         FROM generate_series(1, 1580) AS i);
            END $$
        """,
        refusal=refused(made("extra", T.ADDRESS), "objectMetadataId", "a table of PostgreSQL takes 1,600 in its life"),
    ),
    "new field: computed for each record of a large table": Prepared(
        build=made("thing", T.TEXT), writer={"largest_rewrite": 0}, done=f"{ROWS} ('a', NULL, NULL)",
        refusal=refused(made("extra", T.UUID, default="uuid"), "type", "FIELDSTONE_MAX_REWRITE_BYTES"),
    ),
    "options: one goes that a build still gives to records": Prepared(
        writer={"big_table": -1}, done="INSERT INTO workspace_default.opportunity DEFAULT VALUES",
        refusal=refused(
            lambda snapshot: [
                *update("opportunity", "stage", is_nullable=False, backfill="NEW")(snapshot),
                *update("opportunity", "stage", options=options("MEETING"))(snapshot),
            ],
            "options", "NEW is the backfillValue that records of stage are still to get",
        ),
    ),
    "options: one of those goes that a build still gives to records": Prepared(
        build=made("tags", T.MULTI_SELECT, options=options("A", "B", "C")),
        writer={"big_table": -1}, done="INSERT INTO workspace_default.person (email) VALUES ('a')",
        refusal=refused(
            lambda snapshot: [
                *update("person", "tags", is_nullable=False, backfill=["A", "B"])(snapshot),
                *update("person", "tags", options=options("A", "C"))(snapshot),
            ],
            "options", "B is in the backfillValue that records of tags are still to get: wait until",
        ),
    ),
    "the tables are not as the model says": Prepared(
        build=made("thing", T.TEXT), done="ALTER TABLE workspace_default.person DROP COLUMN thing",
        refusal=Refusal(
            build=drop_thing, field=None, kind=ChangeFailed, says='nothing was changed: column "thing" of relation'
        ),
    ),
    "limit: a text too long for an index": Prepared(
        done="INSERT INTO workspace_default.person (email, city)"
        " SELECT 'a', string_agg(sha512(i::text::bytea)::text, '') FROM generate_series(1, 100) AS i",
        refusal=Refusal(
            build=update("person", "city", is_unique=True), field=None,
            says="this is past a limit of PostgreSQL: index row",
        ),
    ),
}  # fmt: skip
