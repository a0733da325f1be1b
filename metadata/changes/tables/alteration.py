"""The statements of a change on the tables, and those that alter or remove columns and constraints."""

from collections.abc import Iterator, Mapping
from typing import Final

from psycopg.sql import Composed

from fieldstone.metadata.changes.difference import Changed, Difference
from fieldstone.metadata.changes.kinds.fields.conversion import build_conversion, is_conversion
from fieldstone.metadata.changes.kinds.fields.requirements import is_required
from fieldstone.metadata.changes.rules.names import index_name
from fieldstone.metadata.changes.tables.migration import build_ddl, column_definitions
from fieldstone.metadata.model import MORPH_SETTING, Field, Object, Snapshot, Status
from fieldstone.sql.ddl import alter, create
from fieldstone.sql.ddl.create import TrigramClass
from fieldstone.sql.plan.operands import Column

REQUIRED: Final = "required_"
"""How the names begin of the constraints that stand in for NOT NULL."""


def build_statements(
    before: Snapshot, after: Snapshot, difference: Difference, *, trigram: TrigramClass | None
) -> Iterator[Composed]:
    """Yield the statements that bring the tables from the model before to the one after.

    Raises:
        InvalidChange: the server cannot do it.
    """
    yield from build_alterations(before, difference)
    yield from build_ddl(after, difference, trigram=trigram)
    yield from _change_morph_checks(difference)


def build_alterations(before: Snapshot, difference: Difference) -> Iterator[Composed]:
    """Yield the statements that change and remove columns, indexes and tables as the difference says."""
    gone_fields = {field.id for _, field in difference.removed_fields}
    gone_objects = {object_.id for object_ in difference.removed_objects}
    for index in difference.removed_indexes:
        # An index on a table or column that goes, goes with it.
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
    # A field that becomes a composite, or is none any more, keeps the first column of it.
    for old, new in zip(olds, news, strict=False):
        is_other = conversion is not None and not conversion.is_same
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
    # PostgreSQL holds each row that is updated to a check: where rows are to be filled, the builder adds it after that.
    if has_check and not had_check and changed.after.backfill is None:
        yield add_required_check(changed.object_, changed.after)
    if had_check and not has_check:
        yield alter.drop_constraint_if_there(table, required_check(changed.after))


def add_required_check(object_: Object, field: Field) -> Composed:
    """Return the ALTER TABLE by which a field that is building takes no NULL in rows written from now on."""
    return alter.add_required_check(object_.table, required_check(field), field.parts[0].column)


def required_check(field: Field) -> str:
    """Return the name of the constraint that stands in for NOT NULL while a field is building."""
    return f"{REQUIRED}{field.id.hex}"


def _is_checked(field: Field) -> bool:
    return field.status is Status.BUILDING and is_required(field)


def morph_checks(object_: Object) -> Mapping[str, tuple[Column, ...]]:
    """Return the constraints on an object's table: the columns of each by its name."""
    groups: dict[str, tuple[str, list[Column]]] = {}
    for field in object_.fields:
        if field.parts and (group := field.settings.get(MORPH_SETTING)):
            name = index_name(object_.table.name, (group["name"],), "morph")
            groups.setdefault(group["id"], (name, []))[1].append(field.parts[0].column)
    return {name: tuple(columns) for name, columns in groups.values() if len(columns) > 1}


def _change_morph_checks(difference: Difference) -> Iterator[Composed]:
    """Yield the statements that bring the constraints from one model to the next, once its columns are there."""
    for known, object_ in difference.pairs:
        if object_ is None:
            continue
        was, now = morph_checks(known) if known else {}, morph_checks(object_)
        for name in was:
            if was[name] != now.get(name):
                yield alter.drop_constraint_if_there(object_.table, name)
        for name, columns in now.items():
            if was.get(name) != columns:
                yield alter.add_at_most_one(object_.table, name, columns)
