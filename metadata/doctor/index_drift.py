"""Drift of the indexes and constraints of a table."""

from collections.abc import Iterator, Mapping
from uuid import UUID

from psycopg.sql import SQL, Composed, Literal

from fieldstone.metadata.changes.kinds.renew_texts import find_older
from fieldstone.metadata.changes.rules.indexes.indexed_values import SEARCH, TRIGRAM, holds_keys
from fieldstone.metadata.changes.rules.indexes.key_indexes import is_bare_key
from fieldstone.metadata.changes.tables.alteration import morph_checks
from fieldstone.metadata.changes.tables.migration import build_index, foreign_key_name, is_primary_key
from fieldstone.metadata.doctor.compared import ComparedTable, Drift, build_drift
from fieldstone.metadata.doctor.tables import Constraint, can_make
from fieldstone.metadata.model import Index, Status
from fieldstone.sql.ddl import alter, create, rewrite

_NOTE_SERVER = (
    "UPDATE fieldstone.index SET server_major = current_setting('server_version_num')::int / 10000 WHERE id = {}"
)

_NO_ACTION = "aas"
"""A foreign key without ON DELETE, ON UPDATE or MATCH."""


def compare_indexes(one: ComparedTable) -> Iterator[Drift]:
    """Yield the indexes that are not there, not valid, or not as the model says."""
    object_, found, wanted = one.object_, one.found.indexes[one.name], one.wanted.indexes[one.name]
    for index in one.parts.built(object_):
        if index.name not in found:
            state = "is not there"
        elif found[index.name] is None:
            state = "is not valid"
        elif found[index.name] != wanted.get(index.name, found[index.name]):
            state = "is not as the model says"
        else:
            continue
        finding = f"The index {index.name} of {object_.name_singular} {state}."
        yield build_drift(object_, finding, *_index_repair(one, index))


def failed_indexes(one: ComparedTable) -> Iterator[Drift]:
    """Yield the indexes that could not be built."""
    for index in one.parts.snapshot.indexes_of[one.object_.id]:
        if index.status is Status.FAILED:
            why = f": {index.failure}" if index.failure else ""
            finding = (
                f"The index {index.name} of {one.object_.name_singular} could not be built{why};"
                f' retryBuild(id: "{index.id}") tries again.'
            )
            yield build_drift(one.object_, finding)


def older_indexes(one: ComparedTable, aged: Mapping[UUID, int]) -> Iterator[Drift]:
    """Yield the indexes in an older order of texts, and those that a server of another major version built."""
    object_ = one.object_
    for index in find_older(one.parts.snapshot, object_):
        reason = "is in an older order of texts, which no statement asks for"
        if is_bare_key(object_, index):
            reason = "is on a key alone, so that counts of live records look at each record"
        finding = f"The index {index.name} of {object_.name_singular} {reason}; `fieldstone serve` replaces it."
        yield build_drift(object_, finding)
    for index in one.parts.built(object_):
        is_folded = index.method in {TRIGRAM, SEARCH} or holds_keys(object_, index)
        if index.id in aged and is_folded:
            finding = f"The index {index.name} of {object_.name_singular} was built by PostgreSQL {aged[index.id]}:"
            finding += " it may miss texts with characters that only the present server knows."
            noted = SQL(_NOTE_SERVER).format(Literal(index.id))
            yield build_drift(object_, finding, alter.rebuild_index(object_.table.schema, index.name), noted)


def _index_repair(one: ComparedTable, index: Index) -> tuple[Composed, ...]:
    object_, trigram = one.object_, one.parts.trigram
    table, drop = object_.table, alter.drop_index(object_.table.schema, index.name)
    if not is_primary_key(index, object_):
        return (drop, build_index(index, object_, trigram)) if can_make(index, trigram) else ()
    add = create.add_primary_key(table, index.name, object_.key)
    there = one.found.primary_keys.get(one.name)
    if there == index.name:
        return alter.drop_constraint(table, there), add
    if there is None:
        return (drop, add) if index.name in one.found.indexes[one.name] else (add,)
    return (rewrite.rename_constraint(table, there, index.name),)


def compare_constraints(one: ComparedTable) -> Iterator[Drift]:
    """Yield the foreign keys and checks that are not as the model says, and the constraints that are not of it."""
    object_, found = one.object_, one.found.constraints[one.name]
    known: set[str] = set()
    for relation in one.parts.relations[object_.id]:
        field = object_.by_id[relation.source_field_id]
        target = one.parts.snapshot.objects[relation.target_object_id]
        name, column = foreign_key_name(object_, field), field.parts[0].column
        known.add(name)
        there = found.get(name)
        wanted = Constraint(
            kind="f",
            columns=(column.name,),
            target=target.table.name,
            is_deferrable=True,
            is_deferred=object_.table.is_distributed,
            # A build validates it at its end.
            is_valid=field.status is Status.READY or there is None or there.is_valid,
            actions=_NO_ACTION,
        )
        if there != wanted and target.table.name in one.found.columns:
            state = "is not there" if there is None else "is not as the model says"
            statements = (
                alter.drop_constraint_if_there(object_.table, name),
                create.add_foreign_key(object_.table, name, column, target=target.table, key=target.key),
            )
            finding = f"The foreign key {name} of {object_.name_singular}.{field.name} {state}."
            yield build_drift(object_, finding, *statements)
    for name, columns in morph_checks(object_).items():
        known.add(name)
        there = found.get(name)
        if there is None or there.kind != "c" or set(there.columns) != {column.name for column in columns}:
            finding = f"The constraint {name} of {object_.name_singular} is not there, or is another."
            statements = (
                alter.drop_constraint_if_there(object_.table, name),
                alter.add_at_most_one(object_.table, name, columns),
            )
            yield build_drift(object_, finding, *statements)
    if any(field.status is not Status.READY for field in object_.fields):
        return
    for name, constraint in found.items():
        if name not in known and constraint.kind in {"f", "c", "u", "x"}:
            finding = (
                f"The constraint {name} of the table {object_.table.name} is not of the model, and may refuse records."
            )
            yield build_drift(object_, finding, alter.drop_constraint_if_there(object_.table, name))
