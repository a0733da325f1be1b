"""The model brought back to an earlier version: each change since then is undone, the last one first."""

from collections.abc import AsyncIterator, Iterator, Sequence
from dataclasses import dataclass
from functools import partial

from metadata.changes import Change
from metadata.changes.record import decode_change
from metadata.errors import InvalidChange
from metadata.json_text import JsonValue, loads
from metadata.model import Field, Object, Snapshot
from metadata.preview import Preview, preview, try_out
from metadata.queries import QUERIES
from metadata.rows.row_worker import COUNTED_ROWS, counted
from metadata.sessions import Connection
from metadata.transaction import ModelTransaction
from sql import column_rows, ddl


@dataclass(frozen=True, slots=True, kw_only=True)
class _Undone:
    """What was done after a version, the last change first.

    Attributes:
        steps: what undoes it, in order.
        lossy: the updates that let values go, each with the version that it made.
    """

    steps: tuple[Change, ...]
    lossy: tuple[tuple[int, JsonValue], ...]


async def preview_rollback(transaction: ModelTransaction, to: int, *, ask_rows: bool = True) -> Preview:
    """Return what bringing the model back to the version `to` would do; nothing is done.

    The plan says besides what every plan does what is `lost`, each with its `kind`: `DELETED` is what goes with the
    rollback, `COMES_BACK_EMPTY` are objects and fields whose values went when they were deleted, and `STAYS_LOST` are
    values that a change in between did not keep. `ask_rows` as in `preview`.

    Raises:
        InvalidChange: there is no such version, or a change cannot be undone.
        UnknownObject: what a change was about is not there any more.
    """
    undone = await _read_undone(transaction, to)
    before = transaction.snapshot
    builds = [partial(_same, step) for step in undone.steps]
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
    """Undo, in this transaction, what was changed after the version `to`.

    The model becomes what it was, as a new version. Fields and objects that were deleted come back empty, in new
    columns and tables; what the records forbid is refused as any other change is, and nothing is undone.

    Raises:
        InvalidChange: there is no such version, or a change cannot be undone.
        UnknownObject: what a change was about is not there any more.
    """
    for step in (await _read_undone(transaction, to)).steps:
        await transaction.apply(step)


async def _read_undone(transaction: ModelTransaction, to: int) -> _Undone:
    current = transaction.snapshot.version
    if not 0 <= to <= current:
        raise InvalidChange(f"to must be a version from 0 to {current}, not {to}", field="to")
    cursor = await transaction.connection.execute(
        QUERIES["changes_after"], {"workspace_id": transaction.snapshot.workspace.id, "version": to}
    )
    steps: list[Change] = []
    lossy: list[tuple[int, JsonValue]] = []
    for version, text in await cursor.fetchall():
        for entry in reversed(loads(text)):
            if "inverse" not in entry:
                raise InvalidChange(f"version {version} was made before inverses were kept", field="to")
            steps += map(decode_change, entry["inverse"])
            if entry.get("allowDataLoss") or entry.get("optionMapping"):
                lossy.append((version, entry))
    return _Undone(steps=tuple(steps), lossy=tuple(lossy))


def _same(change: Change, _snapshot: Snapshot) -> Change:
    return change


async def _deleted(connection: Connection, before: Snapshot, after: Snapshot) -> AsyncIterator[JsonValue]:
    for thing, field in _only_in(before, after):
        if field is None:
            query = ddl.count_rows(thing.table, limit=COUNTED_ROWS)
        elif field.parts:
            query = column_rows.count_given(thing.table, field.parts[0].column, limit=COUNTED_ROWS)
        else:
            continue
        row = await (await connection.execute(query, prepare=False)).fetchone()
        count = row[0] if row else 0
        name = _path(thing, field)
        values = "records" if field is None else "values"
        yield _lost("DELETED", name, f"{name} goes, with {counted(count)} {values}", records=count)


def _empty(before: Snapshot, after: Snapshot) -> Iterator[JsonValue]:
    for thing, field in _only_in(after, before):
        name = _path(thing, field)
        if field is None:
            yield _lost("COMES_BACK_EMPTY", name, f"{name} comes back without its records")
        elif field.parts:
            yield _lost("COMES_BACK_EMPTY", name, f"{name} comes back without its values")


def _stays_lost(after: Snapshot, lossy: Sequence[tuple[int, JsonValue]]) -> Iterator[JsonValue]:
    fields = {str(field.id): (thing, field) for thing in after.objects.values() for field in thing.fields}
    for version, entry in lossy:
        if entry["id"] not in fields:
            continue
        name = _path(*fields[entry["id"]])
        if entry.get("allowDataLoss"):
            said = f"what values of {name} lost when version {version} gave it another type stays lost"
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
    for id_, thing in one.objects.items():
        known = other.objects.get(id_)
        if known is None:
            yield thing, None
        elif known is not thing:
            yield from ((thing, field) for field in thing.fields if field.id not in known.by_id)


def _path(thing: Object, field: Field | None) -> str:
    return thing.name_singular if field is None else f"{thing.name_singular}.{field.name}"


def _lost(kind: str, name: str, message: str, **more: JsonValue) -> JsonValue:
    return {"kind": kind, "name": name, "message": message, **more}
