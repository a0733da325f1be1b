"""The locks that the plan of a change takes, and its statements for after the commit."""

from collections.abc import Iterator
from dataclasses import replace
from typing import NamedTuple
from uuid import UUID

from fieldstone.metadata.changes.difference import Changed
from fieldstone.metadata.changes.plan import ChangePlan
from fieldstone.metadata.changes.tables.alteration import add_required_check, required_check
from fieldstone.metadata.changes.tables.migration import build_index, foreign_key_name
from fieldstone.metadata.model import Field, Object, Status
from fieldstone.sql.ddl import alter
from fieldstone.sql.ddl.create import TrigramClass
from fieldstone.sql.identifiers import quote_table


class TableLock(NamedTuple):
    """A lock on the table of an object; `writes_rows` is True if each row is written under it."""

    object_id: UUID
    mode: str
    is_later: bool = False
    writes_rows: bool = False


def find_locks(plan: ChangePlan) -> Iterator[TableLock]:
    """Yield the locks that the statements of a plan take, those after the commit too."""
    difference = plan.difference
    exclusive = {object_.id for object_ in difference.removed_objects}
    exclusive |= {object_.id for object_, field in difference.removed_fields if field.parts}
    filled = {one.object_.id for one in difference.fields if _is_filled_first(one)}
    exclusive |= {one.object_.id for one in difference.fields if _changes_columns(one)}
    exclusive |= {field.object_id for field in difference.new_fields if field.parts}
    exclusive |= {index.object_id for index in difference.removed_indexes}
    keys = {relation.target_object_id for relation in difference.new_relations} - exclusive
    indexed = {index.object_id for index in difference.new_indexes if index.status is Status.READY} - exclusive - keys
    for ids, mode in ((exclusive, "ACCESS EXCLUSIVE"), (keys, "SHARE ROW EXCLUSIVE"), (indexed, "SHARE")):
        yield from (TableLock(id_, mode) for id_ in ids)
    yield from (TableLock(id_, "SHARE UPDATE EXCLUSIVE", is_later=True) for id_ in plan.big)
    yield from (TableLock(id_, "ACCESS EXCLUSIVE", is_later=True) for id_ in filled)
    yield from (TableLock(field.object_id, "ACCESS EXCLUSIVE", writes_rows=True) for field in plan.draft.rewriting)


def locked_tables(plan: ChangePlan) -> list[str]:
    """Return the tables, quoted, that a plan locks and that were there before it."""
    difference = plan.difference
    ids = {field.object_id for field in difference.new_fields}
    ids |= {index.object_id for index in (*difference.new_indexes, *difference.removed_indexes)}
    for relation in (*difference.new_relations, *difference.removed_relations):
        ids |= {relation.source_object_id, relation.target_object_id}
    ids |= {one.object_.id for one in difference.fields} | {object_.id for object_, _ in difference.removed_fields}
    ids |= {object_.id for object_ in difference.removed_objects}
    return [quote_table(plan.before.objects[id_].table) for id_ in ids & plan.before.objects.keys()]


class LaterWork(NamedTuple):
    """A statement that the builder runs after the commit, beside readers and writers, with the fields it is for."""

    kind: str
    object_: Object
    fields: tuple[Field, ...]
    statement: str


def later_work(plan: ChangePlan, trigram: TrigramClass | None) -> Iterator[LaterWork]:
    """Yield the work that is left for after the commit."""
    objects = plan.applied.snapshot.objects
    for index in (*plan.difference.new_indexes, *plan.difference.indexes):
        if index.status is Status.BUILDING:
            object_ = objects[index.object_id]
            fields = tuple(object_.by_id[id_] for id_ in index.field_ids)
            statement = build_index(index, object_, trigram, concurrently=True).as_string()
            yield LaterWork("INDEX", object_, fields, statement)
    for object_ in (objects[id_] for id_ in plan.big):
        for field in object_.fields:
            if field.status is Status.BUILDING:
                kind = "FOREIGN_KEY" if field.relation_id else "REQUIRED"
                name = foreign_key_name(object_, field) if field.relation_id else required_check(field)
                added = () if field.backfill is None else (add_required_check(object_, field),)
                for one in (*added, alter.validate_constraint(object_.table, name)):
                    yield LaterWork(kind, object_, (field,), one.as_string())


def _is_filled_first(one: Changed) -> bool:
    """Return whether PostgreSQL refuses NULL only once the builder has filled the records."""
    begins = one.before.status is not Status.BUILDING and one.after.status is Status.BUILDING
    return begins and one.after.backfill is not None


def _changes_columns(one: Changed) -> bool:
    after = one.after
    if _is_filled_first(one):
        after = replace(after, status=one.before.status, is_nullable=one.before.is_nullable)
    return _columns(one.before) != _columns(after)


def _columns(field: Field) -> object:
    return field.column, field.parts, field.default, field.is_active, field.is_nullable, field.status
