"""The statements for the new objects, fields, relations and indexes of a change."""

from collections.abc import Iterable, Iterator
from dataclasses import replace

from psycopg.sql import Composed

from fieldstone.metadata.changes.difference import Difference
from fieldstone.metadata.changes.rules.defaults import default_values, is_function
from fieldstone.metadata.changes.rules.indexes.indexed_values import INVERTED, SEARCH, TRIGRAM, indexed_values
from fieldstone.metadata.changes.rules.indexes.searched import label_parts, searched_parts
from fieldstone.metadata.changes.rules.names import index_name
from fieldstone.metadata.changes.rules.search import source_columns
from fieldstone.metadata.errors import InvalidChange
from fieldstone.metadata.field_types import RELATIONS, FieldType
from fieldstone.metadata.json_text import dumps
from fieldstone.metadata.model import Field, Index, Object, Snapshot, Status
from fieldstone.sql.ddl import create
from fieldstone.sql.ddl.create import ColumnDefinition, DefaultFunction, TrigramClass
from fieldstone.sql.ddl.text_search import create_search_index
from fieldstone.sql.frozen import frozen
from fieldstone.sql.plan.elements import Table
from fieldstone.sql.types import SqlType

_FUNCTIONS = {
    (FieldType.UUID, "uuid"): DefaultFunction.RANDOM_UUID,
    (FieldType.DATE_TIME, "now"): DefaultFunction.NOW,
    (FieldType.DATE, "now"): DefaultFunction.TODAY,
}


@frozen
class RequiredColumn:
    """A new column that no row can do without, and that the rows already there would have no value for."""

    table: Table
    object_name: str
    field: Field


def build_ddl(after: Snapshot, difference: Difference, *, trigram: TrigramClass | None) -> Iterator[Composed]:
    """Yield the statements for the new parts of a model; an index that is BUILDING is made after the commit.

    Args:
        after: the model.
        difference: its difference from the model before.
        trigram: the operator class for trigram indexes, None where the server has not got it.

    Raises:
        InvalidChange: the server cannot do it.
    """
    objects = after.objects
    for object_ in difference.new_objects:
        yield _create_table(object_, difference.new_indexes)
    for field in difference.new_fields:
        if field.parts:
            yield create.add_columns(objects[field.object_id].table, list(column_definitions(field)))
    for relation in difference.new_relations:
        source, target = objects[relation.source_object_id], objects[relation.target_object_id]
        key = source.by_id[relation.source_field_id]
        yield create.add_foreign_key(
            source.table,
            foreign_key_name(source, key),
            key.parts[0].column,
            target=target.table,
            key=target.key,
            validated=key.status is not Status.BUILDING,
        )
    for index in difference.new_indexes:
        if index.status is Status.READY and not is_primary_key(index, objects[index.object_id]):
            yield build_index(index, objects[index.object_id], trigram)


def foreign_key_name(object_: Object, key: Field) -> str:
    """Return the name of the constraint on the column of a relation's key."""
    return index_name(object_.table.name, (key.parts[0].column.name,), "fkey")


def find_required_columns(after: Snapshot, difference: Difference) -> Iterator[RequiredColumn]:
    """Yield the new columns that can only be added to an empty table."""
    for field in difference.new_fields:
        object_ = after.objects[field.object_id]
        if any(
            not definition.column.nullable and definition.default is None for definition in column_definitions(field)
        ):
            yield RequiredColumn(table=object_.table, object_name=object_.name_singular, field=field)


def find_rewriting(difference: Difference) -> Iterator[Field]:
    """Yield the new fields whose columns are computed for each row that is there."""
    for field in difference.new_fields:
        if any(
            definition.words_of or definition.default is DefaultFunction.RANDOM_UUID
            for definition in column_definitions(field)
        ):
            yield field


def _create_table(object_: Object, indexes: Iterable[Index]) -> Composed:
    primary_key = next(index for index in indexes if is_primary_key(index, object_))
    columns = [definition for field in object_.fields for definition in column_definitions(field)]
    return create.create_table(object_.table, columns, key=object_.key, key_constraint=primary_key.name)


def build_index(index: Index, object_: Object, trigram: TrigramClass | None, *, concurrently: bool = False) -> Composed:
    """Return the statement that makes an index.

    Raises:
        InvalidChange: the server cannot do it.
    """
    if index.method == TRIGRAM and trigram is None:
        raise InvalidChange("the server has no extension pg_trgm, which a trigram index needs", field="method")
    if index.method == SEARCH:
        fields = [object_.by_id[id_] for id_ in index.field_ids]
        return create_search_index(
            object_.table,
            index.name,
            [part.column for part in searched_parts(object_, fields)],
            [part.column for part in label_parts(object_, fields)],
            trigram=trigram,
            concurrently=concurrently,
        )
    return create.create_index(
        object_.table,
        index.name,
        indexed_values(object_, index),
        unique=index.is_unique,
        where_null=object_.deleted_at if index.is_unique or index.is_partial else None,
        trigram=trigram if index.method == TRIGRAM else None,
        folded=index.method == TRIGRAM and index.text_order > 0,
        inverted=index.method == INVERTED,
        concurrently=concurrently,
    )


def is_primary_key(index: Index, object_: Object) -> bool:
    """Return whether an index is the one that the table's primary key makes."""
    return index.is_unique and index.field_ids == (object_.by_name["id"].id,)


def column_definitions(field: Field) -> Iterator[ColumnDefinition]:
    """Yield the columns of a field as they are to be; no record needs a value of a field that is not active."""
    for definition in _columns_when_active(field):
        if field.is_active:
            yield definition
        else:
            yield replace(definition, column=replace(definition.column, nullable=True))


def _columns_when_active(field: Field) -> Iterator[ColumnDefinition]:
    if words_of := source_columns(field):
        yield ColumnDefinition(column=field.parts[0].column, words_of=words_of)
        return
    if is_function(field.type, field.default):
        yield ColumnDefinition(column=field.parts[0].column, default=_FUNCTIONS[field.type, field.default])
        return
    if field.type in RELATIONS:
        yield from (ColumnDefinition(column=part.column) for part in field.parts)
        return
    values = default_values(field.type, field.default, data_type=field.settings.get("dataType"))
    for part, value in zip(field.parts, values, strict=True):
        default = dumps(value) if value is not None and part.column.type is SqlType.JSONB else value
        yield ColumnDefinition(column=part.column, default=default)
