"""The model brought back to an earlier version: each change since then is undone, the last one first."""

from collections.abc import Iterable, Iterator, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import replace
from functools import partial
from uuid import UUID

from fieldstone.metadata.catalog.queries import fetch
from fieldstone.metadata.changes import Change, CreateField, always
from fieldstone.metadata.changes.history.other_forms import find_other_form
from fieldstone.metadata.changes.history.record import decode_change
from fieldstone.metadata.changes.history.required_again import ease_steps
from fieldstone.metadata.errors import InvalidChange
from fieldstone.metadata.json_text import JsonValue, loads
from fieldstone.metadata.writer.dry_run import Preview, preview, try_out
from fieldstone.metadata.writer.losses import find_those, loss, path_of
from fieldstone.metadata.writer.transaction import ModelTransaction
from fieldstone.sql.ddl import create
from fieldstone.sql.frozen import frozen


@frozen
class _Undone:
    """The changes after a version, the last one first.

    Attributes:
        steps: the changes that undo them, in order.
        optional: the ids of the required fields that come back as optional ones, as there are records without a value.
        lossy: the updates that lost values, each with the version that it made.
    """

    steps: tuple[Change, ...]
    optional: AbstractSet[UUID]
    lossy: tuple[tuple[int, JsonValue], ...]


async def preview_rollback(
    transaction: ModelTransaction, to: int, *, ask_rows: bool = True, gathers: bool = False
) -> Preview:
    """Return the preview of bringing the model back to the version `to`; nothing is done.

    Besides the members of every plan this one has the losses in `lost`, each with its `kind`: `DELETED` goes with the
    rollback, `COMES_BACK_EMPTY` are objects and fields whose values went when they were deleted, and `STAYS_LOST` are
    values that a change in between did not keep, or not in their form. `ask_rows` and `gathers` as in `preview`.

    Raises:
        InvalidChange: there is no such version, or a change cannot be undone.
        UnknownObject: the subject of a change is not there any more.
    """
    undone = await _read_undone(transaction, to)
    builds = list(map(always, undone.steps))
    # Nobody can agree to a loss here.
    look = partial(try_out, refuse_loss=True) if ask_rows else partial(preview, ask_rows=False)
    found = await look(transaction, builds, gathers=gathers)
    lost = [
        *found.plan["lost"],
        *_empty(found, undone.optional),
        *_stays_lost(found, undone.lossy),
    ]
    return replace(found, plan={**found.plan, "lost": lost})


async def roll_back(transaction: ModelTransaction, to: int) -> None:
    """Undo, in this transaction, the changes after the version `to`.

    The model becomes as it was, as a new version. Fields and objects that were deleted come back empty, in new
    columns and tables, and a required field of records that are there is optional then; a step that the records forbid
    is refused as any other change is, and nothing is undone.

    Raises:
        InvalidChange: there is no such version, or a change cannot be undone.
        UnknownObject: the subject of a change is not there any more.
    """
    await transaction.apply_all((await _read_undone(transaction, to)).steps)


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
            await transaction.give_way()
            if "inverse" not in entry:
                raise InvalidChange(f"version {version} was made before inverses were kept", field="to")
            steps += map(decode_change, entry["inverse"])
            if entry.get("allowDataLoss") or entry.get("optionMapping") or find_other_form(entry):
                lossy.append((version, entry))
    eased, optional = ease_steps(steps, await _find_filled(transaction, steps))
    return _Undone(steps=eased, optional=optional, lossy=tuple(lossy))


async def _find_filled(transaction: ModelTransaction, steps: Iterable[Change]) -> set[UUID]:
    """Return the ids of the objects to which fields come back and that have records, deleted ones included."""
    objects = transaction.snapshot.objects
    filled: set[UUID] = set()
    for id_ in {step.object_id for step in steps if isinstance(step, CreateField)} & objects.keys():
        query = create.count_rows(objects[id_].table, limit=1)
        ((rows,),) = await (await transaction.connection.execute(query, prepare=False)).fetchall()
        filled |= {id_} if rows else set()
    return filled


def _empty(found: Preview, optional: AbstractSet[UUID]) -> Iterator[JsonValue]:
    for object_, field in find_those(found.snapshot, found.created):
        name = path_of(object_, field)
        if field is None:
            yield loss("COMES_BACK_EMPTY", name, f"{name} comes back without its records")
        elif field.parts:
            more = ", and optional: the records that are there have none" if field.id in optional else ""
            yield loss("COMES_BACK_EMPTY", name, f"{name} comes back without its values{more}")


def _stays_lost(found: Preview, lossy: Sequence[tuple[int, JsonValue]]) -> Iterator[JsonValue]:
    # A field that comes back does so without any value.
    fields = {
        str(field.id): (object_, field)
        for object_ in found.snapshot.objects.values()
        for field in object_.fields
        if not {object_.id, field.id} & found.created
    }
    for version, entry in lossy:
        if entry["id"] not in fields:
            continue
        name = path_of(*fields[entry["id"]])
        if entry.get("allowDataLoss"):
            said = f"the losses of values of {name} when version {version} gave it another type stay"
            yield loss("STAYS_LOST", name, said)
            continue
        if form := find_other_form(entry):
            yield loss("STAYS_LOST", name, f"{name} was of another type since version {version}: {form}")
            continue
        given = entry["optionMapping"]
        kept = {option["value"] for one in entry["before"] for option in one.get("options") or ()} - given.keys()
        taken = list(given.values())
        gone = [old for old, new in given.items() if new is None or new in kept or taken.count(new) > 1]
        if gone:
            said = f"which records of {name} had {', '.join(gone)} before version {version} is not known any more"
            yield loss("STAYS_LOST", name, said)
