"""Hypothesis strategies over the model: whatever legal workspace a client could make."""

from hypothesis import strategies as st

from fieldstone.metadata.changes import Change, CreateField, CreateObject, NewRelation, apply
from fieldstone.metadata.errors import InvalidChange
from fieldstone.metadata.field_types import FIELD_TYPES, FieldType
from fieldstone.metadata.json_text import JsonValue, unstorable
from fieldstone.metadata.model import Object, RelationType, Snapshot
from tests.models import empty_snapshot

_LETTERS = "abcdefghijklmnopqrstuvwxyz"
_AWKWARD = (
    "class", "def", "select", "user", "order", "type", "fields", "query", "mutation", "node", "edges", "cursor",
    "filter", "person", "people", "personFilter", "peopleAggregate", "create", "createPerson", "string", "pageInfo",
    "is", "isNot", "and", "company", "companyId", "companyRelation", "stageEnum", "count", "sum",
)  # fmt: skip

names = st.one_of(
    st.sampled_from(_AWKWARD),
    st.builds(
        lambda first, rest: first + rest,
        st.sampled_from(_LETTERS),
        st.text(_LETTERS + _LETTERS.upper() + "0123456789", max_size=12),
    ),
)
"""Names as the rules for them allow; a collision is still possible."""

texts = st.text(max_size=40).filter(lambda text: unstorable(text) is None)
"""Any text that can be kept."""

labels = texts.filter(str.strip)
"""Any text that is not blank."""

option_values = st.from_regex(r"[A-Z_a-z][A-Z_a-z0-9]{0,8}", fullmatch=True).filter(
    lambda value: value not in {"true", "false", "null"} and not value.startswith("__")
)


# Half of the fields are relations: each makes two fields, and is refused where either name is taken.
_TYPES = st.sampled_from(FieldType) | st.just(FieldType.RELATION)


@st.composite
def _new_objects(draw: st.DrawFn) -> CreateObject:
    return CreateObject(
        name_singular=draw(names),
        name_plural=draw(names),
        label_singular=draw(labels),
        label_plural=draw(labels),
        description=draw(st.none() | texts),
        skip_name_field=draw(st.booleans()),
    )


@st.composite
def _new_fields(draw: st.DrawFn, objects: list[Object]) -> CreateField:
    type_ = draw(_TYPES)
    entry = FIELD_TYPES[type_]
    options: JsonValue = None
    settings: JsonValue = None
    if entry.has_options and not entry.fixed_options:
        values = draw(st.lists(option_values, min_size=1, max_size=5, unique=True))
        options = [{"value": value, "label": draw(texts), "position": draw(st.integers(0, 9))} for value in values]
    if entry.variants:
        settings = draw(
            st.none() | st.builds(lambda kind: {"dataType": kind}, st.sampled_from([*filter(None, entry.variants)]))
        )
    if type_ is FieldType.TS_VECTOR:
        settings = {"fields": ["name"]}
    relation = None
    morph: tuple[NewRelation, ...] = ()
    if type_ is FieldType.MORPH_RELATION:
        targets = draw(st.lists(st.sampled_from(objects), min_size=1, max_size=3, unique_by=lambda object_: object_.id))
        morph = tuple(
            NewRelation(target_object_id=target.id, target_field_label=draw(labels), target_field_name=draw(names))
            for target in targets
        )
    if type_ is FieldType.RELATION:
        relation = NewRelation(
            target_object_id=draw(st.sampled_from(objects)).id,
            target_field_label=draw(labels),
            target_field_name=draw(names),
            type=draw(st.sampled_from(RelationType)),
        )
    return CreateField(
        object_id=draw(st.sampled_from(objects)).id,
        name=draw(names),
        label=draw(labels),
        type=type_,
        description=draw(st.none() | texts),
        options=options,
        settings=settings,
        is_nullable=draw(st.booleans()),
        is_active=draw(st.sampled_from([True, True, True, False])),
        relation=relation,
        morph=morph,
    )


@st.composite
def snapshots(draw: st.DrawFn, *, objects: int = 4, fields: int = 12) -> Snapshot:
    """Legal snapshots of one to `objects` objects, and up to `fields` fields besides those that every object has.

    A specimen that the rules refuse is left out.
    """
    snapshot = apply(
        empty_snapshot(),
        CreateObject(name_singular="thing", name_plural="things", label_singular="Thing", label_plural="Things"),
    ).snapshot
    for change in draw(st.lists(_new_objects(), min_size=objects // 2, max_size=objects - 1)):
        snapshot = _try(snapshot, change)
    for _ in range(draw(st.integers(0, fields))):
        snapshot = _try(snapshot, draw(_new_fields(list(snapshot.objects.values()))))
    return snapshot


def _try(snapshot: Snapshot, change: Change) -> Snapshot:
    try:
        return apply(snapshot, change).snapshot
    except InvalidChange:
        return snapshot
