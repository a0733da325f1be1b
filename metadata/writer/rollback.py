"""The model brought back to an earlier version: each change since then is undone, the last one first."""

from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass
from functools import partial

from fieldstone.metadata.catalog.queries import fetch
from fieldstone.metadata.catalog.sessions import Session
from fieldstone.metadata.changes import Change, always
from fieldstone.metadata.changes.history.record import decode_change
from fieldstone.metadata.errors import InvalidChange
from fieldstone.metadata.json_text import JsonValue, loads
from fieldstone.metadata.model import Field, Object, Snapshot
from fieldstone.metadata.writer.dry_run import Preview, preview, try_out
from fieldstone.metadata.writer.record_checks import COUNTED_ROWS, counted
from fieldstone.metadata.writer.transaction import ModelTransaction
from fieldstone.sql.ddl import column_rows, create


@dataclass(frozen=True, slots=True, kw_only=True)
class _Undone:
    """The changes after a version, the last one first.

    Attributes:
        steps: the changes that undo them, in order.
        lossy: the updates that lost values, each with the version that it made.
    """

    steps: tuple[Change, ...]
    lossy: tuple[tuple[int, JsonValue], ...]


async def preview_rollback(transaction: ModelTransaction, to: int, *, ask_rows: bool = True) -> Preview:
    """Return the preview of bringing the model back to the version `to`; nothing is done.

    Besides the members of every plan this one has the losses in `lost`, each with its `kind`: `DELETED` goes with the
    rollback, `COMES_BACK_EMPTY` are objects and fields whose values went when they were deleted, and `STAYS_LOST` are
    values that a change in between did not keep. `ask_rows` as in `preview`.

    Raises:
        InvalidChange: there is no such version, or a change cannot be undone.
        UnknownObject: the subject of a change is not there any more.
    """
    undone = await _read_undone(transaction, to)
    before = transaction.snapshot
    builds = list(map(always, undone.steps))
    # Nobody can agree to a loss here.
    look = partial(try_out, refuse_loss=True) if ask_rows else partial(preview, ask_rows=False)
    found = await look(transaction, builds)
    lost = [
        *[entry async for entry in _deleted(transaction.connection, before, found.snapshot)],
        *_empty(before, found.snapshot),
        *_stays_lost(found.snapshot, undone.lossy),
    ]
    return Preview(changes=found.changes, snapshot=found.snapshot, plan={**found.plan, "lost": lost})


async def roll_back(transaction: ModelTransaction, to: int) -> None:
    """Undo, in this transaction, the changes after the version `to`.

    The model becomes as it was, as a new version. Fields and objects that were deleted come back empty, in new
    columns and tables; a step that the records forbid is refused as any other change is, and nothing is undone.

    Raises:
        InvalidChange: there is no such version, or a change cannot be undone.
        UnknownObject: the subject of a change is not there any more.
    """
    for step in (await _read_undone(transaction, to)).steps:
        await transaction.apply(step)


async def _read_undone(transaction: ModelTransaction, to: int) -> _Undone:
    current = transaction.snapshot.version
    # Standard objects cannot be deleted, and the first version made them.
    oldest = int(any(not object_.is_custom for object_ in transaction.snapshot.objects.values()))
    if not oldest <= to <= current:
        raise InvalidChange(f"to must be a version from {oldest} to {current}, not {to}", field="to")
    workspace_id = transaction.snapshot.workspace.id
    rows = await fetch(transaction.connection, "changes_after", workspace_id=workspace_id, version=to)
    steps: list[Change] = []
    lossy: list[tuple[int, JsonValue]] = []
    for version, text in rows:
        for entry in reversed(loads(text)):
            if "inverse" not in entry:
                raise InvalidChange(f"version {version} was made before inverses were kept", field="to")
            steps += map(decode_change, entry["inverse"])
            if entry.get("allowDataLoss") or entry.get("optionMapping"):
                lossy.append((version, entry))
    return _Undone(steps=tuple(steps), lossy=tuple(lossy))


async def _deleted(connection: Session, before: Snapshot, after: Snapshot) -> AsyncIterator[JsonValue]:
    for object_, field in _only_in(before, after):
        if field is None:
            query = create.count_rows(object_.table, limit=COUNTED_ROWS)
        elif field.parts:
            query = column_rows.count_given(object_.table, field.parts[0].column, limit=COUNTED_ROWS)
        else:
            continue
        row = await (await connection.execute(query, prepare=False)).fetchone()
        count = row[0] if row else 0
        name = _path(object_, field)
        values = "records" if field is None else "values"
        yield _lost("DELETED", name, f"{name} goes, with {counted(count)} {values}", records=count)


def _empty(before: Snapshot, after: Snapshot) -> Iterator[JsonValue]:
    for object_, field in _only_in(after, before):
        name = _path(object_, field)
        if field is None:
            yield _lost("COMES_BACK_EMPTY", name, f"{name} comes back without its records")
        elif field.parts:
            yield _lost("COMES_BACK_EMPTY", name, f"{name} comes back without its values")


def _stays_lost(after: Snapshot, lossy: Sequence[tuple[int, JsonValue]]) -> Iterator[JsonValue]:
    fields = {str(field.id): (object_, field) for object_ in after.objects.values() for field in object_.fields}
    for version, entry in lossy:
        if entry["id"] not in fields:
            continue
        name = _path(*fields[entry["id"]])
        if entry.get("allowDataLoss"):
            said = f"the losses of values of {name} when version {version} gave it another type stay"
            yield _lost("STAYS_LOST", name, said)
            continue
        given = entry["optionMapping"]
        kept = {option["value"] for one in entry["before"] for option in one.get("options") or ()} - given.keys()
        taken = list(given.values())
        gone = [old for old, new in given.items() if new is None or new in kept or taken.count(new) > 1]
        if gone:
            said = f"which records of {name} had {', '.join(gone)} before version {version} is not known any more"
            yield _lost("STAYS_LOST", name, said)


def _only_in(one: Snapshot, other: Snapshot) -> Iterator[tuple[Object, Field | None]]:
    """Yield the objects that only the first model has, and the fields that it alone has of those that both have."""
    for id_, object_ in one.objects.items():
        known = other.objects.get(id_)
        if known is None:
            yield object_, None
        elif known is not object_:
            yield from ((object_, field) for field in object_.fields if field.id not in known.by_id)


def _path(object_: Object, field: Field | None) -> str:
    return object_.name_singular if field is None else f"{object_.name_singular}.{field.name}"


def _lost(kind: str, name: str, message: str, **more: JsonValue) -> JsonValue:
    return {"kind": kind, "name": name, "message": message, **more}
