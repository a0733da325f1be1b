"""The statements for the changed and the removed parts of a model."""

from collections.abc import Iterator

from psycopg.sql import Composed

from fieldstone.metadata.changes.difference import Changed, Difference
from fieldstone.metadata.changes.fields.conversion import build_conversion, is_conversion
from fieldstone.metadata.changes.fields.requirements import is_required
from fieldstone.metadata.changes.tables.migration import column_definitions
from fieldstone.metadata.model import Field, Snapshot, Status
from fieldstone.sql.ddl import alter, create


def build_alterations(before: Snapshot, difference: Difference) -> Iterator[Composed]:
    """Yield the statements that change and remove columns, indexes and tables as the difference says."""
    gone_fields = {field.id for _, field in difference.removed_fields}
    gone_objects = {object_.id for object_ in difference.removed_objects}
    for index in difference.removed_indexes:
        # Those on what goes, go with it.
        if index.object_id not in gone_objects and gone_fields.isdisjoint(index.field_ids):
            yield alter.drop_index(before.workspace.schema, index.name)
    for object_, field in difference.removed_fields:
        if field.parts:
            yield alter.drop_columns(object_.table, [part.column for part in field.parts])
    # Tables of one change may refer to each other: their keys go before them.
    for object_ in difference.removed_objects:
        if keys := [part.column for field in object_.fields if field.relation_id for part in field.parts]:
            yield alter.drop_columns(object_.table, keys)
    for object_ in difference.removed_objects:
        yield alter.drop_table(object_.table)
    for changed in difference.fields:
        yield from _alter_columns(changed)


def _alter_columns(changed: Changed) -> Iterator[Composed]:
    table = changed.object_.table
    conversion = (
        build_conversion(changed.before, changed.after) if is_conversion(changed.before, changed.after) else None
    )
    olds, news = list(column_definitions(changed.before)), list(column_definitions(changed.after))
    # What becomes a composite, or is none any more, has the first column of it.
    for old, new in zip(olds, news, strict=False):
        is_other = conversion is not None and old.column.type is not new.column.type
        if conversion is not None and is_other:
            yield alter.convert_column(table, old.column, new.column.type, conversion.value)
        if old.column.name != new.column.name:
            yield alter.rename_column(table, old.column, new.column.name)
        if old.default != new.default or (is_other and new.default is not None):
            yield alter.set_default(table, new.column, new.default)
        if old.column.nullable != new.column.nullable:
            yield alter.set_required(table, new.column, required=not new.column.nullable)
    if gone := olds[len(news) :]:
        yield alter.drop_columns(table, [definition.column for definition in gone])
    if added := news[len(olds) :]:
        yield create.add_columns(table, added)
    # A valid check makes SET NOT NULL one of the catalog alone.
    had_check, has_check = _is_checked(changed.before), _is_checked(changed.after)
    if has_check and not had_check:
        yield alter.add_required_check(table, required_check(changed.after), changed.after.parts[0].column)
    if had_check and not has_check:
        yield alter.drop_constraint(table, required_check(changed.after))


def required_check(field: Field) -> str:
    """Return the name of the constraint that stands in for NOT NULL while a field is building."""
    return f"required_{field.id.hex}"


def _is_checked(field: Field) -> bool:
    return field.status is Status.BUILDING and is_required(field)
