"""Conversions of fields that a rule refuses, by the rule."""

from collections.abc import Iterable
from typing import Any

from fieldstone.metadata.changes import Change, CreateIndex
from fieldstone.metadata.field_types import FieldType as T
from fieldstone.metadata.model import Snapshot
from tests.metadata.changes.prepared import ROWS, Prepared, made, refused, searched
from tests.metadata.changes.refusal import select
from tests.metadata.desk import new_field, person
from tests.metadata.updates import options, update

OPTIONS = {"options": select("A", "B")}


def paired(snapshot: Snapshot) -> Iterable[Change]:
    """An index of two fields that no two records may share."""
    object_ = person(snapshot)
    return [
        extra := new_field(object_, "thing"),
        CreateIndex(object_id=object_.id, field_ids=(extra.id, object_.by_name["city"].id), is_unique=True),
    ]


def converted(field: str, says: str, **values: Any) -> Prepared:
    """The values `1`, `1.0` and none, which are to become others."""
    return Prepared(
        build=made("thing", T.TEXT, default="a"),
        done=f"{ROWS} ('a', '1', NULL), ('b', '1.0', NULL), ('c', NULL, NULL)",
        refusal=refused(update("person", "thing", **values), field, says),
    )  # fmt: skip


REFUSED = {
    "to a composite": converted("type", "person.thing: a TEXT field cannot become a CURRENCY", type=T.CURRENCY),
    "unique, to several columns": Prepared(
        build=made("thing", T.TEXT, is_unique=True),
        refusal=refused(
            update("person", "thing", type=T.PHONES), "type",
            "cannot become a PHONES field while the unique index person_thing_key is on its columns",
        ),
    ),
    "one of several that are unique, to a composite": Prepared(
        build=paired,
        refusal=refused(update("person", "thing", type=T.EMAILS), "type", "while the unique index person_thing_city"),
    ),
    "a default amount of another unit": Prepared(
        build=made("thing", T.NUMBER, default=5),
        refusal=refused(update("person", "thing", type=T.CURRENCY), "defaultValue", "default value of thing, 5, is"),
    ),
    "to a relation": converted("type", "cannot become a RELATION field", type=T.RELATION),
    "no options": converted("options", "needs at least one option", type=T.SELECT),
    "options of a type without": converted("options", "has no options", type=T.NUMBER, options=select("A")),
    "a default that is none": converted("defaultValue", 'must be a number, not "x"', type=T.NUMBER, default="x"),
    "the old default is none": converted(
        "defaultValue", "is none of a DATE field; give defaultValue, null", type=T.DATE
    ),
    "a setting of the old type": converted(
        "settings", "has no setting", type=T.DATE, default=None, settings={"dataType": "int"}
    ),
    "unique values that would be shared": converted(
        "type", '"1" (2 records)', type=T.NUMBER, default=None, is_unique=True
    ),
    "a mapping to no option": converted(
        "optionMapping", "the options are A, B", type=T.SELECT, default=None, **OPTIONS, option_mapping={"1": "C"}
    ),
    "a mapping for no options": converted(
        "optionMapping", "leave it out", type=T.NUMBER, default=1, option_mapping={"1": "A"}
    ),
    "a backfill with it": converted(
        "backfillValue", "are two changes", type=T.NUMBER, default=1, is_nullable=False, backfill=1
    ),
    "required without a value": converted(
        "isNullable", "1 records of person", type=T.NUMBER, default=None, is_nullable=False
    ),
    "allowed loss of nothing": converted("allowDataLoss", "leave it out", type=T.TEXT, allow_data_loss=True),
    "a table too large to hold up": Prepared(
        build=made("thing", T.TEXT), done=f"{ROWS} ('a', '1', NULL)", writer={"largest_rewrite": 0},
        refusal=refused(
            update("person", "thing", type=T.NUMBER), "type",
            "(FIELDSTONE_MAX_REWRITE_BYTES); create a field of the new type"
        ),
    ),
    "while it is building": Prepared(
        build=made("thing", T.TEXT), writer={"big_table": 0}, done=f"{ROWS} ('a', 'x', NULL)",
        refusal=refused(
            lambda snapshot: [
                *update("person", "thing", is_nullable=False)(snapshot),
                *update("person", "thing", type=T.ARRAY)(snapshot),
            ],
            "id", "thing is BUILDING: its records are still looked through",
        ),
    ),
    "a source of a computed field": Prepared(
        build=searched,
        refusal=refused(update("person", "thing", type=T.ARRAY), "type", "words is computed from thing"),
    ),
    "a mapping to no value of a required field": Prepared(
        build=made("thing", T.TEXT, is_nullable=False, default="A"),
        refusal=refused(
            update("person", "thing", type=T.SELECT, options=options("A"), option_mapping={"x": None}, default=None),
            "optionMapping", "cannot lead to no value: the field is required; one of A would pass",
        ),
    ),
    "values that would be lost": Prepared(
        build=made("thing", T.TEXT), done=f"{ROWS} ('a', 'one', NULL), ('b', '2', NULL)",
        refusal=refused(
            update("person", "thing", type=T.NUMBER), "type",
            'thing cannot become a NUMBER field: 1 records of person (deleted ones included) have values that it cannot'
            ' hold as they are: "one"',
        ),
    ),
    "required values that would be none": Prepared(
        build=made("thing", T.ARRAY, is_nullable=False), done=f"{ROWS} ('a', '{{a}}', NULL), ('b', '{{}}', NULL)",
        refusal=refused(
            update("person", "thing", type=T.TEXT, allow_data_loss=True), "type", "thing is required, and 1 records"
        ),
    ),
    "values that an index of two keeps apart": Prepared(
        build=paired, done=f"{ROWS} ('a', '1', 'Paris'), ('b', '1.0', 'Paris')",
        refusal=refused(
            update("person", "thing", type=T.NUMBER), "type", "several records of person would share a value"
        ),
    ),
}  # fmt: skip
