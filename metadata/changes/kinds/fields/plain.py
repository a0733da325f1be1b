"""A new field of any type that is not a relation."""

from dataclasses import replace
from uuid import UUID

from fieldstone.metadata.changes.kinds.fields.new_field import CreateField, build_field, choose_column
from fieldstone.metadata.changes.members import FIELD, created_members
from fieldstone.metadata.changes.rules.collisions import check_field_name
from fieldstone.metadata.changes.rules.defaults import is_function, read_default
from fieldstone.metadata.changes.rules.indexes.indexed_values import BTREE, INVERTED
from fieldstone.metadata.changes.rules.indexes.label_indexes import build_label_indexes
from fieldstone.metadata.changes.rules.lookup import find_object, with_indexes, with_new_field
from fieldstone.metadata.changes.rules.names import column_suffixes, index_name
from fieldstone.metadata.changes.rules.options import read_options
from fieldstone.metadata.changes.rules.problems import Problems
from fieldstone.metadata.changes.rules.search import read_search_settings
from fieldstone.metadata.changes.rules.settings import read_settings
from fieldstone.metadata.changes.rules.texts import check_texts
from fieldstone.metadata.changes.types import Applied
from fieldstone.metadata.errors import InvalidChange
from fieldstone.metadata.field_types import FIELD_TYPES, FieldType
from fieldstone.metadata.model import Field, Index, Object, Option, Snapshot


def apply_plain_field(snapshot: Snapshot, change: CreateField) -> Applied:
    """Return the snapshot with a new field.

    Raises:
        InvalidChange: an input breaks a rule; NameTaken where only names are taken.
        UnknownObject: there is no such object.
    """
    object_ = find_object(snapshot, change.object_id, "objectMetadataId")
    problems = Problems()
    if change.relation is not None:
        problems.refuse(
            "relationCreationPayload",
            f"relationCreationPayload is for RELATION fields, not for {change.type.value}; leave it out",
        )
    problems.add(
        *check_texts(created_members(FIELD, change), longest_suffix=max(column_suffixes(change.type), key=len))
    )
    options, settings, default = _read_inputs(object_, change, problems)
    _check_unique(change, problems)
    if change.type is FieldType.TS_VECTOR and not change.is_nullable:
        problems.refuse("isNullable", "a TS_VECTOR field is computed; leave isNullable out")
    problems.raise_any()
    field = build_field(
        change,
        object_=object_,
        column=choose_column(object_, change.name, column_suffixes(change.type)),
        options=options,
        settings=settings,
        default=default,
    )
    problems.add(check_field_name(snapshot, object_, field, holds_key=False))
    problems.raise_any()
    indexes = (
        *_build_indexes(object_, field, change.index_id),
        *build_label_indexes(replace(object_, fields=(field,)), field, change.index_id),
    )
    return Applied(snapshot=replace(with_new_field(snapshot, field), indexes=with_indexes(snapshot, indexes)))


def _build_indexes(object_: Object, field: Field, index_id: UUID) -> tuple[Index, ...]:
    if not field.is_unique and field.type is not FieldType.TS_VECTOR:
        return ()
    kind, method = ("key", BTREE) if field.is_unique else ("gin", INVERTED)
    return (
        Index(
            id=index_id,
            object_id=object_.id,
            name=index_name(object_.table.name, (field.column,), kind),
            field_ids=(field.id,),
            is_unique=field.is_unique,
            method=method,
        ),
    )


def _read_inputs(
    object_: Object, change: CreateField, problems: Problems
) -> tuple[tuple[Option, ...], dict[str, object], object]:
    options: tuple[Option, ...] = ()
    settings: dict[str, object] = {}
    default: object = None
    try:
        if change.type is FieldType.TS_VECTOR:
            settings = read_search_settings(object_, change.settings)
        else:
            settings = read_settings(change.type, change.settings)
        options = read_options(change.type, change.options)
        data_type = settings.get("dataType")
        default = read_default(
            change.type,
            change.default,
            data_type=data_type if isinstance(data_type, str) else None,
            options=options,
            required=not change.is_nullable,
        )
    except InvalidChange as error:
        problems.add(error)
    return options, settings, default


def _check_unique(change: CreateField, problems: Problems) -> None:
    if not change.is_unique:
        return
    if not FIELD_TYPES[change.type].can_be_unique:
        allowed = ", ".join(kind.value for kind in FieldType if FIELD_TYPES[kind].can_be_unique)
        problems.refuse(
            "isUnique",
            f"a {change.type.value} field cannot be unique; fields of these types can: {allowed}",
        )
    elif change.default is not None and not (
        change.type is FieldType.UUID and is_function(change.type, change.default)
    ):
        problems.refuse(
            "defaultValue",
            "a unique field cannot have a default value, which two records would share; leave defaultValue out",
        )
