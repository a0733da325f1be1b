"""A model that grows by changes, each under the first names that are free."""

from collections.abc import Callable
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

    def apply(self, change: Change) -> None:
        """Apply a change; raise InvalidChange where the model refuses it."""
        self.snapshot = apply(self.snapshot, change).snapshot
        self.changes.append(change)

    def apply_first(self, build: Callable[[int], C]) -> C:
        """Apply the first of the changes that `build` yields for 1, 2 ... whose names are free."""
        for number in range(1, _MOST_TRIES):
            change = build(number)
            try:
                self.apply(change)
            except NameTaken:
                continue
            return change
        change = build(_MOST_TRIES)
        self.apply(change)
        return change

    def apply_first_relation(self, build: Callable[[int, int], CreateField]) -> CreateField:
        """Apply the first of the changes that `build` yields for a number for each end whose names are free."""
        own = others = 1
        while True:
            change = build(own, others)
            try:
                self.apply(change)
            except NameTaken as error:
                if own + others > _MOST_TRIES:
                    raise
                if error.field == "targetFieldName":
                    others += 1
                else:
                    own += 1
                continue
            return change
