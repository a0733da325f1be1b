"""What creating a field does to a snapshot, for every type but RELATION."""

from dataclasses import replace
from uuid import UUID

from fieldstone.metadata.changes.kinds.create_index import BTREE, INVERTED
from fieldstone.metadata.changes.rules.collisions import check_field_name
from fieldstone.metadata.changes.rules.defaults import is_function, read_default
from fieldstone.metadata.changes.rules.lookup import with_indexes
from fieldstone.metadata.changes.rules.names import (
    SYSTEM_COLUMNS,
    check_name,
    choose_physical,
    column_suffixes,
    index_name,
)
from fieldstone.metadata.changes.rules.options import read_options
from fieldstone.metadata.changes.rules.problems import Problems, check_label, check_texts
from fieldstone.metadata.changes.rules.search import read_search_settings
from fieldstone.metadata.changes.rules.settings import read_settings
from fieldstone.metadata.changes.types import Applied, CreateField
from fieldstone.metadata.errors import InvalidChange, UnknownObject
from fieldstone.metadata.field_types import FIELD_TYPES, FieldType
from fieldstone.metadata.model import Access, Field, Index, Object, Option, Snapshot, build_parts


def apply_create_field(snapshot: Snapshot, change: CreateField) -> Applied:
    """Return the snapshot with a new field.

    Raises:
        InvalidChange: an input breaks a rule; NameTaken where only names are taken.
        UnknownObject: there is no such object.
    """
    object_ = find_object(snapshot, change)
    problems = Problems()
    if change.relation is not None:
        problems.add(
            InvalidChange(
                f"relationCreationPayload is for RELATION fields, not for {change.type.value}; leave it out",
                field="relationCreationPayload",
            )
        )
    check_texts_of(change, problems, longest_suffix=max(column_suffixes(change.type), key=len))
    options, settings, default = _read_inputs(object_, change, problems)
    _check_unique(change, problems)
    if change.type is FieldType.TS_VECTOR and not change.is_nullable:
        problems.add(InvalidChange("a TS_VECTOR field is computed; leave isNullable out", field="isNullable"))
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
    indexes = _indexes(object_, field, change.index_id)
    return Applied(
        snapshot=replace(
            snapshot,
            objects={**snapshot.objects, object_.id: replace(object_, fields=(*object_.fields, field))},
            indexes=with_indexes(snapshot, indexes),
        ),
        fields=(field,),
        indexes=indexes,
    )


def _indexes(object_: Object, field: Field, index_id: UUID) -> tuple[Index, ...]:
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


def find_object(snapshot: Snapshot, change: CreateField) -> Object:
    """Return the object that a new field is for.

    Raises:
        UnknownObject: there is none.
    """
    object_ = snapshot.objects.get(change.object_id)
    if object_ is None:
        raise UnknownObject(f"there is no object {change.object_id}", field="objectMetadataId")
    return object_


def check_texts_of(change: CreateField, problems: Problems, *, longest_suffix: str) -> None:
    """Check the name by itself, the label, and what is only shown."""
    problems.add(
        check_name(change.name, "name", longest_suffix=longest_suffix),
        check_label(change.label, "label"),
        *check_texts(((change.description, "description"), (change.icon, "icon"))),
    )


def build_field(
    change: CreateField,
    *,
    object_: Object,
    column: str,
    options: tuple[Option, ...] = (),
    settings: dict[str, object],
    default: object = None,
) -> Field:
    """Return the field that a change asks for, its inputs read already."""
    data_type = settings.get("dataType")
    return Field(
        id=change.id,
        object_id=object_.id,
        name=change.name,
        type=change.type,
        label=change.label,
        description=change.description,
        icon=change.icon,
        column=column,
        is_nullable=change.is_nullable,
        is_unique=change.is_unique,
        is_active=change.is_active,
        is_custom=change.is_custom,
        default=default,
        options=options,
        settings=settings,
        access=Access.READ_ONLY if change.type is FieldType.TS_VECTOR else Access.READ_WRITE,
        parts=build_parts(
            field_type=change.type,
            column=column,
            is_nullable=change.is_nullable,
            options=options,
            data_type=data_type if isinstance(data_type, str) else None,
        ),
    )


def choose_column(object_: Object, wanted: str, suffixes: tuple[str, ...] = ("",)) -> str:
    """Return the physical name for a new field: as wanted, or with a number where that was ever used."""
    used = (
        {part.column.name for field in object_.fields for part in field.parts}
        | object_.retired_columns
        | SYSTEM_COLUMNS
    )
    return choose_physical(wanted, used.__contains__, suffixes)


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
        problems.add(
            InvalidChange(
                f"a {change.type.value} field cannot be unique; fields of these types can: {allowed}", field="isUnique"
            )
        )
    elif change.default is not None and not (
        change.type is FieldType.UUID and is_function(change.type, change.default)
    ):
        problems.add(
            InvalidChange(
                "a unique field cannot have a default value, which two records would share; leave defaultValue out",
                field="defaultValue",
            )
        )
