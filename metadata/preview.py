"""What changes would do, found out without doing any of it: no table is locked, no row is written."""

from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from metadata import api_names
from metadata.changes import Change, apply, describe
from metadata.changes.difference import Difference, compare
from metadata.changes.row_work import ConvertValues, FillValues, MapOptions, RequireDistinct, RowWork
from metadata.changes.statements import build_statements
from metadata.changes.types import Applied
from metadata.conversion_worker import find_lost, require_fit
from metadata.json_text import JsonValue
from metadata.model import Field, Object, Snapshot
from metadata.row_worker import COUNTED_ROWS, do_row_work
from metadata.sessions import Connection
from sql import column_rows, ddl
from sql.ddl import TrigramClass


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """What the changes would do.

    Attributes:
        changes: with the ids that they would have.
        snapshot: the model as it would be.
        plan: for people and programs: `changes`, `sql`, `locks`, `conversions`, `appears`, `vanishes`, `breaking`.
    """

    changes: tuple[Change, ...]
    snapshot: Snapshot
    plan: Mapping[str, JsonValue]


async def preview(
    connection: Connection,
    snapshot: Snapshot,
    builds: Iterable[Callable[[Snapshot], Change]],
    *,
    trigram: TrigramClass | None,
    ask_rows: bool = True,
) -> Preview:
    """Return what changes would do, each built for the model that those before it make.

    Args:
        connection: what the rows are asked on.
        snapshot: the model.
        builds: the changes.
        trigram: the operator class for trigram indexes, None where the server has not got it.
        ask_rows: whether the rows are asked if they are in the way, and counted; if not, nobody is told that they are.

    Raises:
        InvalidChange: one breaks a rule, or rows are in its way.
        UnknownObject: what one is about is not there.
    """
    first = snapshot
    changes: list[Change] = []
    statements: list[str] = []
    locks: list[JsonValue] = []
    conversions: list[JsonValue] = []
    for build in builds:
        change = build(snapshot)
        applied = apply(snapshot, change)
        changes.append(change)
        if applied.snapshot is snapshot:
            continue
        difference = compare(snapshot, applied.snapshot)
        for work in applied.work if ask_rows else ():
            if isinstance(work, ConvertValues) and _is_there(first, work):
                conversions.append(await _preview_conversion(connection, work))
            locks += [lock async for lock in _preview_work(connection, first, work)]
        statements += [one.as_string() for one in build_statements(snapshot, applied, difference, trigram=trigram)]
        locks += _locks(first, snapshot, applied, difference)
        snapshot = applied.snapshot
    appears, vanishes = _members(snapshot) - _members(first), _members(first) - _members(snapshot)
    plan = {
        "changes": [describe(change) for change in changes],
        "sql": statements,
        "locks": locks,
        "conversions": conversions,
        "appears": sorted(appears),
        "vanishes": sorted(vanishes),
        "breaking": sorted({*(f"{name} vanishes" for name in vanishes), *_demands(first, snapshot)}),
    }
    return Preview(changes=tuple(changes), plan=plan, snapshot=snapshot)


def _is_there(first: Snapshot, work: RowWork) -> bool:
    """Tell whether the columns are there already, under the names that they will have then."""
    fields = work.fields if isinstance(work, RequireDistinct) else (work.field,)
    known = first.objects.get(work.thing.id)
    return known is not None and all(
        field.id in known.by_id and known.by_id[field.id].column == field.column for field in fields
    )


async def _preview_work(connection: Connection, first: Snapshot, work: RowWork) -> AsyncIterator[JsonValue]:
    if not _is_there(first, work):
        return  # and so it has no value, or they are counted with the change before
    table = work.thing.table
    match work:
        case ConvertValues():
            lock = "SHARE ROW EXCLUSIVE" if work.conversion.is_same else "ACCESS EXCLUSIVE"
            lost = await find_lost(connection, work)
            written = lost.rows if work.conversion.is_same else await _count_rows(connection, work.thing)
            yield {"table": table.name, "lock": lock, "rowsWritten": written}
            return
        case FillValues():
            query = column_rows.count_empty(table, work.field.parts[0].column, limit=COUNTED_ROWS)
        case MapOptions():
            query = column_rows.count_each(table, work.field.parts[0].column, list(work.mapping))
        case _:
            await do_row_work(connection, work)
            return
    rows = await (await connection.execute(query, prepare=False)).fetchall()
    yield {"table": table.name, "lock": "ROW EXCLUSIVE", "rowsWritten": sum(row[-1] for row in rows)}


async def _preview_conversion(connection: Connection, work: ConvertValues) -> JsonValue:
    """Return what another type would do to the values; what cannot be allowed is refused, what can is counted."""
    await require_fit(connection, work)
    lost = await find_lost(connection, work)
    return {
        "field": f"{work.thing.name_singular}.{work.field.name}",
        "from": work.field.type.value,
        "to": work.updated.type.value,
        "rowsLosing": lost.rows,
        "examples": [{"value": text, "rows": rows} for text, rows in lost.examples],
        "needs": "allowDataLoss" if lost.rows and not work.allow_loss else None,
    }


async def _count_rows(connection: Connection, thing: Object) -> int:
    cursor = await connection.execute(ddl.count_rows(thing.table, limit=COUNTED_ROWS), prepare=False)
    row = await cursor.fetchone()
    return row[0] if row else 0


def _locks(first: Snapshot, before: Snapshot, applied: Applied, difference: Difference) -> Iterator[JsonValue]:
    exclusive = {thing.id for thing in difference.removed_objects}
    exclusive |= {thing.id for thing, field in difference.removed_fields if field.parts}
    exclusive |= {one.thing.id for one in difference.fields if _columns(one.before) != _columns(one.after)}
    exclusive |= {field.object_id for field in applied.fields if field.parts}
    shared = {index.object_id for index in applied.indexes}
    shared |= {relation.target_object_id for relation in applied.relations}
    for ids, lock in ((exclusive, "ACCESS EXCLUSIVE"), (shared - exclusive, "SHARE")):
        # Nobody waits for a table that is only being made.
        for id_ in ids & first.objects.keys():
            yield {"table": before.objects[id_].table.name, "lock": lock, "rowsWritten": 0}


def _columns(field: Field) -> object:
    return field.column, field.parts, field.default, field.is_active


def _members(snapshot: Snapshot) -> set[str]:
    """Return the GraphQL types, their fields and the root fields of a model, as `Type` and `Type.field`."""
    found: set[str] = set()
    for thing in snapshot.by_singular.values():
        found |= set(api_names.all_type_names(thing))
        found |= {f"{thing.type_name}.{name}" for name in (*thing.by_name, *thing.foreign_keys)}
        found |= {f"Query.{name}" for name in api_names.all_query_names(thing)}
        found |= {f"Mutation.{name}" for name in api_names.all_mutation_names(thing)}
        for field in api_names.enum_fields(thing):
            enum = api_names.enum_name(thing, field)
            found |= {f"{enum}.{option.value}" for option in field.options}
    return found


def _demands(first: Snapshot, last: Snapshot) -> Iterator[str]:
    """Yield what a create must give that it need not give before."""
    for thing in last.by_singular.values():
        before = first.objects.get(thing.id)
        for field in thing.by_name.values() if before else ():
            if _is_demanded(field) and not _was_demanded(before, field):
                yield f"{thing.type_name}.{field.name} becomes required"


def _was_demanded(before: Object | None, field: Field) -> bool:
    known = before.by_id.get(field.id) if before else None
    return known is not None and known.is_active and _is_demanded(known)


def _is_demanded(field: Field) -> bool:
    return bool(field.parts) and not field.is_nullable and field.default is None and not field.is_system
