"""The settings of a TS_VECTOR field, which name the fields whose words it holds."""

from collections.abc import Iterator, Mapping

from fieldstone.metadata.errors import InvalidChange
from fieldstone.metadata.field_types import FieldType
from fieldstone.metadata.json_text import JsonValue
from fieldstone.metadata.model import Field, Object
from fieldstone.metadata.scalars import shown
from fieldstone.sql.plan.operands import Column
from fieldstone.sql.types import SqlType


def read_search_settings(object_: Object, settings: JsonValue) -> dict[str, JsonValue]:
    """Return the settings of a new TS_VECTOR field of this object as the catalog keeps them.

    `fields` holds the ids of its sources, `columns` the physical names of their text columns, which are for good.

    Raises:
        InvalidChange: they are not `{ fields }` with names (or ids) of fields of the object that hold text.
    """
    names = settings.get("fields") if isinstance(settings, Mapping) and set(settings) == {"fields"} else None
    if not isinstance(names, list) or not names:
        raise InvalidChange(
            'a TS_VECTOR field needs settings { fields: ["name", ..] }, the fields whose words are searched',
            field="settings",
        )
    named = {key: field for field in object_.fields for key in (field.name, str(field.id))}
    sources: list[Field] = []
    for name in names:
        source = named.get(name) if isinstance(name, str) else None
        if source is None or not any(_text_columns(source)):
            known = ", ".join(field.name for field in object_.fields if any(_text_columns(field)))
            raise InvalidChange(
                f"settings.fields cannot have {shown(name)}: the fields of {object_.name_singular} that hold text are"
                f" {known or 'none'}",
                field="settings",
            )
        if source in sources:
            raise InvalidChange(f"settings.fields has {source.name} twice; name each field once", field="settings")
        sources.append(source)
    return {
        "fields": [str(source.id) for source in sources],
        "columns": [column for source in sources for column in _text_columns(source)],
    }


def source_columns(field: Field) -> tuple[Column, ...]:
    """Return the text columns that a TS_VECTOR field is computed from; none for a field of another type."""
    if field.type is not FieldType.TS_VECTOR:
        return ()
    return tuple(Column(name=name, type=SqlType.TEXT) for name in field.settings["columns"])


def vectors_over(object_: Object, field: Field) -> tuple[Field, ...]:
    """Return the TS_VECTOR fields that are computed from a field: its columns cannot go or change before they do."""
    return tuple(
        vector
        for vector in object_.fields
        if vector.type is FieldType.TS_VECTOR and str(field.id) in vector.settings["fields"]
    )


def _text_columns(field: Field) -> Iterator[str]:
    return (
        part.column.name
        for part in field.parts
        if part.column.type is SqlType.TEXT and part.options is None and not field.relation_id
    )
