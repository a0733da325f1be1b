"""A model that grows by changes, each under the first names that are free."""

from collections import defaultdict
from collections.abc import Callable, Hashable
from typing import TypeVar

from fieldstone.metadata.changes import Change, CreateField, CreateObject, apply
from fieldstone.metadata.errors import NameTaken
from fieldstone.metadata.model import Snapshot

_MOST_TRIES = 100

C = TypeVar("C", CreateObject, CreateField)


class GrowingModel:
    """A model with the changes that it has grown by.

    Attributes:
        snapshot: the model after the changes.
        changes: one after the other.
    """

    def __init__(self, snapshot: Snapshot) -> None:
        self.snapshot = snapshot
        self.changes: list[Change] = []
        # The names of another alphabet are all alike, so that each begins with the number behind that of the last one.
        self._numbers: defaultdict[Hashable, int] = defaultdict(lambda: 1)

    def apply(self, change: Change) -> None:
        """Apply a change; raise InvalidChange where the model refuses it."""
        self.snapshot = apply(self.snapshot, change).snapshot
        self.changes.append(change)

    def apply_first(self, build: Callable[[int], C]) -> C:
        """Apply the first of the changes that `build` yields for 1, 2 ... whose names are free."""
        name = _name_of(build(1))
        last = self._numbers[name] + _MOST_TRIES
        while True:
            change = build(self._numbers[name])
            try:
                self.apply(change)
            except NameTaken:
                self._numbers[name] += 1
                if self._numbers[name] > last:
                    raise
                continue
            return change

    def apply_first_relation(self, build: Callable[[int, int], CreateField]) -> CreateField:
        """Apply the first of the changes that `build` yields for a number for each end whose names are free."""
        first = build(1, 1)
        name = _name_of(first)
        end = first.relation and (first.relation.target_object_id, first.relation.target_field_name)
        last = self._numbers[name] + self._numbers[end] + _MOST_TRIES
        while True:
            change = build(self._numbers[name], self._numbers[end])
            try:
                self.apply(change)
            except NameTaken as error:
                self._numbers[end if error.field == "targetFieldName" else name] += 1
                if self._numbers[name] + self._numbers[end] > last:
                    raise
                continue
            return change


def _name_of(change: CreateObject | CreateField) -> Hashable:
    return change.name_singular if isinstance(change, CreateObject) else (change.object_id, change.name)
