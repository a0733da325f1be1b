"""What creating a field does to a snapshot, for every type but RELATION."""

from dataclasses import replace
from uuid import UUID

from metadata.changes.collisions import check_field_name
from metadata.changes.create_index import BTREE, INVERTED
from metadata.changes.defaults import is_function, read_default
from metadata.changes.lookup import with_indexes
from metadata.changes.names import SYSTEM_COLUMNS, check_name, choose_physical, column_suffixes, index_name
from metadata.changes.options import read_options
from metadata.changes.problems import Problems, check_label, check_texts
from metadata.changes.search import read_search_settings
from metadata.changes.settings import read_settings
from metadata.changes.types import Applied, CreateField
from metadata.errors import InvalidChange, UnknownObject
from metadata.field_types import FIELD_TYPES, FieldType
from metadata.model import Access, Field, Index, Object, Option, Snapshot, build_parts


def apply_create_field(snapshot: Snapshot, change: CreateField) -> Applied:
    """Return the snapshot with a new field.

    Raises:
        InvalidChange: an input breaks a rule; NameTaken where only names are taken.
        UnknownObject: there is no such object.
    """
    thing = find_object(snapshot, change)
    problems = Problems()
    if change.relation is not None:
        problems.add(
            InvalidChange(
                f"relationCreationPayload is for RELATION fields, not for {change.type.value}; leave it out",
                field="relationCreationPayload",
            )
        )
    check_texts_of(change, problems, longest_suffix=max(column_suffixes(change.type), key=len))
    options, settings, default = _read_inputs(thing, change, problems)
    _check_unique(change, problems)
    if change.type is FieldType.TS_VECTOR and not change.is_nullable:
        problems.add(InvalidChange("a TS_VECTOR field is computed; leave isNullable out", field="isNullable"))
    problems.raise_any()
    field = build_field(
        change,
        thing=thing,
        column=choose_column(thing, change.name, column_suffixes(change.type)),
        options=options,
        settings=settings,
        default=default,
    )
    problems.add(check_field_name(snapshot, thing, field, holds_key=False))
    problems.raise_any()
    indexes = _indexes(thing, field, change.index_id)
    return Applied(
        snapshot=replace(
            snapshot,
            objects={**snapshot.objects, thing.id: replace(thing, fields=(*thing.fields, field))},
            indexes=with_indexes(snapshot, indexes),
        ),
        fields=(field,),
        indexes=indexes,
    )


def _indexes(thing: Object, field: Field, index_id: UUID) -> tuple[Index, ...]:
    if not field.is_unique and field.type is not FieldType.TS_VECTOR:
        return ()
    kind, method = ("key", BTREE) if field.is_unique else ("gin", INVERTED)
    return (
        Index(
            id=index_id,
            object_id=thing.id,
            name=index_name(thing.table.name, (field.column,), kind),
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
    thing = snapshot.objects.get(change.object_id)
    if thing is None:
        raise UnknownObject(f"there is no object {change.object_id}", field="objectMetadataId")
    return thing


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
    thing: Object,
    column: str,
    options: tuple[Option, ...] = (),
    settings: dict[str, object],
    default: object = None,
) -> Field:
    """Return the field that a change asks for, its inputs read already."""
    data_type = settings.get("dataType")
    return Field(
        id=change.id,
        object_id=thing.id,
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


def choose_column(thing: Object, wanted: str, suffixes: tuple[str, ...] = ("",)) -> str:
    """Return the physical name for a new field: as wanted, or with a number where that was ever used."""
    used = {part.column.name for field in thing.fields for part in field.parts} | thing.retired_columns | SYSTEM_COLUMNS
    return choose_physical(wanted, used.__contains__, suffixes)


def _read_inputs(
    thing: Object, change: CreateField, problems: Problems
) -> tuple[tuple[Option, ...], dict[str, object], object]:
    options: tuple[Option, ...] = ()
    settings: dict[str, object] = {}
    default: object = None
    try:
        if change.type is FieldType.TS_VECTOR:
            settings = read_search_settings(thing, change.settings)
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
