"""Orders the creation of a document's fields, so that each object has its fields in the document's order."""

from collections.abc import Iterator, Mapping
from heapq import heapify, heappop, heappush
from itertools import pairwise

from fieldstone.metadata.changes.rules.system_fields import usual_fields
from fieldstone.metadata.field_types import FieldType
from fieldstone.metadata.schema_file.matching import Stated, StatedField, Values


def order_fields(stated: Stated) -> list[StatedField]:
    """Return the fields that are to be created, without those that a relation or an object brings along.

    A relation makes a field of two objects at once, so that the order is one for all objects together. Where the
    document's order cannot be had, that of the objects gives way; a computed field comes after its sources.
    """
    new = [field for field in stated.fields.values() if _is_made(field)]
    places = {id(field): place for place, field in enumerate(new)}
    waits = [set[int]() for _ in new]
    for sequence in _sequences(stated):
        numbers = [places[id(field)] for field in sequence if id(field) in places]
        for earlier, later in pairwise(numbers):
            if earlier != later:
                waits[later].add(earlier)
    needs = [{places[id(other)] for other in _sources(stated, field) if id(other) in places} for field in new]
    return [new[place] for place in _walk([a | b for a, b in zip(waits, needs, strict=True)], needs)]


def _is_made(field: StatedField) -> bool:
    return field.known is None and field.values["inverseOf"] is None and not comes_along(field)


def comes_along(field: StatedField) -> bool:
    """Return whether a field of a new object comes with it, as the system fields do."""
    usual = usual_fields().get(field.first_name)
    if field.owner.known is not None or usual is None or _has_old_name(field):
        return False
    return usual.is_system or not field.owner.values["skipNameField"]


def _has_old_name(field: StatedField) -> bool:
    """Return whether a field takes the name that another one comes with and gives up."""
    others: Mapping[str, Values | None] = field.owner.values["fields"]
    return field.values["renamedFrom"] is None and any(
        (other or {}).get("renamedFrom") == field.name for other in others.values()
    )


def _sequences(stated: Stated) -> Iterator[list[StatedField]]:
    """Yield the fields that each object waits for: its own, and for an inverse the relation that makes it."""
    found: dict[str, list[StatedField]] = {name: [] for name in stated.objects}
    for (owner, _), field in stated.fields.items():
        made_by = field if field.values["inverseOf"] is None else stated.source_of(field)
        if made_by is not None:
            found[owner].append(made_by)
    yield from found.values()


def _sources(stated: Stated, field: StatedField) -> list[StatedField]:
    if field.values["type"] != FieldType.TS_VECTOR.value:
        return []
    names = (field.values["settings"] or {}).get("fields")
    listed = names if isinstance(names, list) else []
    found = (stated.fields.get((field.owner.name, name)) for name in listed if isinstance(name, str))
    return [other for other in found if other is not None]


def _walk(waits: list[set[int]], needs: list[set[int]]) -> Iterator[int]:
    """Yield all numbers, each after those it waits for; in a cycle, after those it needs."""
    followers: list[list[int]] = [[] for _ in waits]
    for later, earlier in enumerate(waits):
        for one in earlier:
            followers[one].append(later)
    left = [set(earlier) for earlier in waits]
    ready = [place for place, earlier in enumerate(left) if not earlier]
    heapify(ready)
    pending = dict.fromkeys(range(len(waits)))
    while pending:
        if ready:
            place = heappop(ready)
        else:
            place = next((one for one in pending if needs[one].isdisjoint(pending)), next(iter(pending)))
        if place not in pending:
            continue
        del pending[place]
        yield place
        for later in followers[place]:
            left[later].discard(place)
            if not left[later] and later in pending:
                heappush(ready, later)
