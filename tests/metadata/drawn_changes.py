"""Hypothesis strategies over changes of a model, most of which the rules allow."""

from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

from fieldstone.metadata.changes import CreateField, CreateObject, NewRelation
from fieldstone.metadata.field_types import FIELD_TYPES, FieldType
from fieldstone.metadata.model import Object, OnDelete, RelationType

NAMES = st.from_regex(r"\A[a-z][a-zA-Z0-9]{0,8}\Z") | st.sampled_from(
    ["person", "people", "company", "order", "select"]
)
LABELS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=10).filter(
    str.strip
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.decimals(allow_nan=False, allow_infinity=False, places=5) | LABELS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(LABELS, inner, max_size=3),
    max_leaves=5,
)
OPTIONS = st.lists(
    st.fixed_dictionaries(
        {"value": st.from_regex(r"\A[A-Z][A-Z_0-9]{0,5}\Z").filter(lambda value: "__" not in value)},
        optional={"label": LABELS, "color": st.sampled_from(["red", None]), "position": st.floats(-100, 100)},
    ),
    min_size=1,
    max_size=4,
    unique_by=lambda option: option["value"],
)
DEFAULTS: dict[FieldType, st.SearchStrategy[Any]] = {
    FieldType.UUID: st.uuids().map(str) | st.just("uuid"),
    FieldType.TEXT: LABELS,
    FieldType.NUMBER: st.integers(-1000, 1000),
    FieldType.NUMERIC: st.decimals(allow_nan=False, allow_infinity=False, places=20) | st.just("12.50"),
    FieldType.BOOLEAN: st.booleans(),
    FieldType.DATE: st.dates().map(str) | st.just("now"),
    FieldType.DATE_TIME: st.datetimes().map(lambda at: f"{at.isoformat()}Z") | st.just("now"),
    FieldType.ARRAY: st.lists(LABELS, max_size=3),
    FieldType.RAW_JSON: JSON,
    FieldType.FULL_NAME: st.fixed_dictionaries({"firstName": LABELS}, optional={"lastName": LABELS}),
    FieldType.EMAILS: st.fixed_dictionaries({"primaryEmail": LABELS}, optional={"additionalEmails": JSON}),
    FieldType.PHONES: st.fixed_dictionaries({"primaryPhoneNumber": LABELS}, optional={"additionalPhones": JSON}),
    FieldType.LINKS: st.fixed_dictionaries({"primaryLinkUrl": LABELS}, optional={"secondaryLinks": JSON}),
    FieldType.ADDRESS: st.fixed_dictionaries({"addressStreet1": LABELS}, optional={"addressLat": st.integers(-90, 90)}),
    FieldType.RICH_TEXT: st.fixed_dictionaries({"markdown": LABELS}, optional={"blocknote": LABELS}),
    FieldType.CURRENCY: st.fixed_dictionaries({"amountMicros": st.integers(-(2**63), 2**63 - 1)}),
    FieldType.ACTOR: st.fixed_dictionaries({"source": LABELS}, optional={"context": JSON, "name": LABELS}),
    FieldType.POSITION: st.floats(-1e9, 1e9) | st.just(Decimal("1.25")),
}


@st.composite
def new_fields(draw: st.DrawFn, objects: tuple[Object, ...]) -> CreateField:
    field_type = draw(st.sampled_from(FieldType))
    inputs: dict[str, Any] = {}
    if field_type is FieldType.RELATION:
        inputs["relation"] = NewRelation(
            target_object_id=draw(st.sampled_from(objects)).id,
            target_field_label=draw(LABELS),
            target_field_name=draw(NAMES),
            type=draw(st.sampled_from(RelationType)),
        )
        inputs["settings"] = {"onDelete": draw(st.sampled_from(OnDelete)).value}
    elif field_type is FieldType.MORPH_RELATION:
        targets = draw(st.lists(st.sampled_from(objects), min_size=1, max_size=2, unique_by=lambda object_: object_.id))
        inputs["morph"] = tuple(
            NewRelation(target_object_id=target.id, target_field_label=draw(LABELS), target_field_name=draw(NAMES))
            for target in targets
        )
        inputs["settings"] = {"onDelete": draw(st.sampled_from(OnDelete)).value}
    elif field_type is FieldType.TS_VECTOR:
        inputs["settings"] = {"fields": ["name"]}
    elif fixed := FIELD_TYPES[field_type].fixed_options:
        inputs["default"] = draw(st.sampled_from([None, *fixed]))
    elif FIELD_TYPES[field_type].has_options:
        inputs["options"] = draw(OPTIONS)
        default = st.sampled_from([option["value"] for option in inputs["options"]])
        if field_type is FieldType.MULTI_SELECT:
            default = st.lists(default, unique=True)
        inputs["default"] = draw(st.none() | default)
    else:
        inputs["default"] = draw(st.none() | DEFAULTS[field_type])
    if field_type is FieldType.NUMBER:
        inputs["settings"] = {"dataType": draw(st.sampled_from([None, "int", "bigint", "float", "decimal"]))}
    return CreateField(
        object_id=draw(st.sampled_from(objects)).id,
        name=draw(NAMES),
        label=draw(LABELS),
        type=field_type,
        description=draw(st.none() | LABELS),
        is_nullable=draw(st.booleans()),
        is_unique=draw(st.booleans()) if FIELD_TYPES[field_type].can_be_unique else False,
        is_active=draw(st.sampled_from([True, True, True, False])),
        **inputs,
    )


@st.composite
def new_objects(draw: st.DrawFn) -> CreateObject:
    return CreateObject(
        name_singular=draw(NAMES),
        name_plural=draw(NAMES),
        label_singular=draw(LABELS),
        label_plural=draw(LABELS),
        icon=draw(st.none() | LABELS),
        skip_name_field=draw(st.booleans()),
        is_custom=draw(st.booleans()),
    )
