"""A new RELATION field: both of its ends, the key's column and its index."""

from collections.abc import Iterator
from dataclasses import replace

from fieldstone.metadata.changes.kinds.fields.new_field import CreateField, NewRelation, build_field, choose_column
from fieldstone.metadata.changes.members import FIELD, created_members
from fieldstone.metadata.changes.rules.collisions import check_field_name
from fieldstone.metadata.changes.rules.defaults import read_default
from fieldstone.metadata.changes.rules.lookup import find_object, find_target, with_indexes, with_new_field
from fieldstone.metadata.changes.rules.names import check_name, derive_name, index_name
from fieldstone.metadata.changes.rules.options import read_options
from fieldstone.metadata.changes.rules.problems import Problems
from fieldstone.metadata.changes.rules.settings import read_settings
from fieldstone.metadata.changes.rules.texts import check_label, check_text, check_texts
from fieldstone.metadata.changes.types import Applied
from fieldstone.metadata.errors import InvalidChange
from fieldstone.metadata.field_types import FieldType
from fieldstone.metadata.json_text import JsonValue
from fieldstone.metadata.model import Field, Index, Object, OnDelete, Relation, RelationType, Snapshot

_KEY_SUFFIX = "Id"


def apply_create_relation(snapshot: Snapshot, change: CreateField) -> Applied:
    """Return the snapshot with a relation between an object and another, or itself.

    Raises:
        InvalidChange: an input breaks a rule; NameTaken where only names are taken.
        UnknownObject: there is no such object.
    """
    object_ = find_object(snapshot, change.object_id, "objectMetadataId")
    wanted = change.relation
    if wanted is None:
        raise InvalidChange(
            "a RELATION field needs relationCreationPayload { targetObjectMetadataId targetFieldLabel type }",
            field="relationCreationPayload",
        )
    # The object may have been hidden after the relation was made.
    target = (
        find_object(snapshot, wanted.target_object_id)
        if change.is_recreated
        else find_target(snapshot, wanted.target_object_id)
    )
    inverse_name = wanted.target_field_name or derive_name(wanted.target_field_label)
    settings = _check_inputs(change, wanted, inverse_name)

    to_one = wanted.type is not RelationType.ONE_TO_MANY
    is_one_to_one = wanted.type is RelationType.ONE_TO_ONE
    key_name, holder = (change.name, object_) if to_one else (inverse_name, target)
    column = choose_column(holder, key_name + _KEY_SUFFIX)
    field = replace(
        build_field(change, object_=object_, column=column if to_one else "", settings=settings if to_one else {}),
        relation_id=wanted.id,
        is_nullable=change.is_nullable or not to_one,
        is_unique=is_one_to_one,
    )
    inverse = _build_inverse(
        change, wanted, name=inverse_name, column="" if to_one else column, settings={} if to_one else settings
    )
    source = field if to_one else inverse

    problems = Problems()
    problems.add(check_field_name(snapshot, object_, field, holds_key=to_one))
    with_field = with_new_field(snapshot, field)
    problems.add(
        check_field_name(
            with_field,
            with_field.objects[target.id],
            inverse,
            holds_key=not to_one,
            argument="targetFieldName",
        ),
    )
    problems.raise_any()
    relation = _build_relation(wanted, field, inverse, settings)
    indexes = tuple(_build_indexes(change, wanted, holder, source))
    after = replace(
        with_new_field(with_field, inverse),
        relations={**snapshot.relations, relation.id: relation},
        indexes=with_indexes(snapshot, indexes),
    )
    return Applied(snapshot=after)


def _build_indexes(change: CreateField, wanted: NewRelation, holder: Object, source: Field) -> Iterator[Index]:
    """Yield the index on a key; a unique one is of live records alone, so that it does not serve for the others."""
    deleted = holder.by_name["deletedAt"]
    ids = (change.index_id, wanted.lookup_index_id) if source.is_unique else (change.index_id,)
    for id_, is_unique in zip(reversed(ids), (False, True), strict=False):
        fields = (source,) if is_unique else (source, deleted)
        yield Index(
            id=id_,
            object_id=holder.id,
            name=index_name(holder.table.name, (one.column for one in fields), "key" if is_unique else "idx"),
            field_ids=tuple(one.id for one in fields),
            is_unique=is_unique,
        )


def _check_inputs(change: CreateField, wanted: NewRelation, inverse_name: str) -> dict[str, JsonValue]:
    to_one = wanted.type is not RelationType.ONE_TO_MANY
    problems = Problems()
    problems.add(
        *check_texts(created_members(FIELD, change), longest_suffix=_KEY_SUFFIX if to_one else ""),
        check_label(wanted.target_field_label, "targetFieldLabel"),
        check_text(wanted.target_field_icon, "targetFieldIcon"),
    )
    if inverse_name:
        problems.add(check_name(inverse_name, "targetFieldName", longest_suffix="" if to_one else _KEY_SUFFIX))
    else:
        problems.refuse(
            "targetFieldName",
            "no name can be derived from targetFieldLabel, which has no letter of a-z; give targetFieldName",
        )
    settings: dict[str, JsonValue] = {}
    try:
        read_options(change.type, change.options)
        read_default(change.type, change.default, data_type=None, options=(), required=False)
        settings = read_settings(change.type, change.settings)
    except InvalidChange as error:
        problems.add(error)
    if change.is_unique:
        problems.refuse(
            "isUnique",
            "a RELATION field cannot be unique, unless its type is ONE_TO_ONE; leave isUnique out",
        )
    if not change.is_nullable and settings.get("onDelete", OnDelete.SET_NULL.value) == OnDelete.SET_NULL.value:
        problems.refuse(
            "settings",
            "a required relation cannot be set to null when its target is destroyed: settings.onDelete must be"
            " CASCADE or RESTRICT",
        )
    problems.raise_any()
    return {"onDelete": OnDelete.SET_NULL.value} | settings


def _build_inverse(
    change: CreateField, wanted: NewRelation, *, name: str, column: str, settings: dict[str, JsonValue]
) -> Field:
    return Field(
        id=wanted.target_field_id,
        object_id=wanted.target_object_id,
        name=name,
        type=FieldType.RELATION,
        label=wanted.target_field_label,
        icon=wanted.target_field_icon,
        column=column,
        is_nullable=change.is_nullable or not column,
        is_custom=change.is_custom,
        settings=settings,
        relation_id=wanted.id,
    )


def _build_relation(wanted: NewRelation, field: Field, inverse: Field, settings: dict[str, JsonValue]) -> Relation:
    source, target = (field, inverse) if wanted.type is not RelationType.ONE_TO_MANY else (inverse, field)
    return Relation(
        id=wanted.id,
        source_object_id=source.object_id,
        source_field_id=source.id,
        target_object_id=target.object_id,
        target_field_id=target.id,
        on_delete=OnDelete(settings["onDelete"]),
    )
