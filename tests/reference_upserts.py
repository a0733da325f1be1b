"""The oracle of upserts: the records of one object as a list, changed one row after another."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

Row = dict[str, Any]
KEYS: tuple[tuple[str, ...], ...] = (("id",), ("code",), ("country", "place"))
"""The unique keys of the object, the id first."""
MEMBERS = ("id", "code", "country", "place", "name")


class Refused(Exception):
    """The upsert is refused with this code."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class OrderDecides(Exception):
    """Whether the database refuses it depends on the order in which it updates the rows."""


@dataclass(slots=True)
class Records:
    """The records, live and deleted; `deletions` has the ids of the deleted ones in the order of their deletion."""

    rows: list[Row] = field(default_factory=list)
    deletions: list[str] = field(default_factory=list)

    def live(self) -> list[Row]:
        """The live records."""
        return [row for row in self.rows if row["id"] not in self.deletions]

    def delete(self, id_: str) -> None:
        """Delete a live record."""
        self.deletions.append(id_)

    def upsert(
        self,
        given: Sequence[Mapping[str, Any]],
        *,
        by: tuple[str, ...] | None,
        update: Sequence[str] | None,
        revive: bool,
    ) -> list[tuple[bool, Row]]:
        """Return for each row whether it was created, and the record; `given` rows all have an id to be created with.

        The member `:given` of a row has the names that the client gave.

        Raises:
            Refused: nothing is written.
        """
        keys = KEYS if by is None else (by,)
        targets = [self._target(row, keys, revive=revive) for row in given]
        self._check_twice(given, targets)
        for row, target in zip(given, targets, strict=True):
            if target is None and any(self._is_taken(key, row) for key in KEYS):
                raise Refused("CONFLICT")
        chosen = {"code", "country", "place", "name"} & (set(MEMBERS) if update is None else set(update))
        before = {row["id"]: dict(row) for row in self.rows}
        after = {row["id"]: dict(row) for row in self.rows}
        revived = []
        answers = []
        for row, target in zip(given, targets, strict=True):
            if target is None:
                after[row["id"]] = {name: row.get(name) for name in MEMBERS}
            else:
                after[target] |= {name: row[name] for name in chosen if name in row[":given"]}
                if target in self.deletions:
                    revived.append(target)
            answers.append((target is None, after[target or row["id"]]))
        deletions = [id_ for id_ in self.deletions if id_ not in revived]
        _check_unique(before, after, deletions, self.deletions, {id_ for id_ in targets if id_ and chosen})
        self.rows, self.deletions = list(after.values()), deletions
        return answers

    def _target(self, row: Mapping[str, Any], keys: Sequence[tuple[str, ...]], *, revive: bool) -> str | None:
        asked = [key for key in keys if all(name in row[":given"] for name in key)]
        live = {key: [one["id"] for one in self.live() if _same(key, one, row)] for key in asked}
        found = [ids[0] for ids in live.values() if ids]
        if found:
            if not live.get(("id",)) and len(set(found)) > 1:
                raise Refused("CONFLICT")
            return str(found[0])
        if not revive:
            return None
        by_id = {one["id"]: one for one in self.rows}
        for key in asked:
            dead = [id_ for id_ in self.deletions if _same(key, by_id[id_], row)]
            if dead:
                return dead[-1]
        return None

    def _check_twice(self, given: Sequence[Mapping[str, Any]], targets: Sequence[str | None]) -> None:
        for key in KEYS:
            counted = [
                tuple(row.get(name) for name in key)
                for row, target in zip(given, targets, strict=True)
                if target is None or all(name in row[":given"] for name in key)
            ]
            present = [values for values in counted if None not in values]
            if len(set(present)) < len(present):
                raise Refused("BAD_USER_INPUT")
        found = [target for target in targets if target is not None]
        if len(set(found)) < len(found):
            raise Refused("BAD_USER_INPUT")

    def _is_taken(self, key: tuple[str, ...], row: Mapping[str, Any]) -> bool:
        others = self.rows if key == ("id",) else self.live()
        return any(_same(key, other, row) for other in others)


def _same(key: Sequence[str], one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    return all(one.get(name) is not None and one.get(name) == other.get(name) for name in key)


def _check_unique(
    before: Mapping[str, Row],
    after: Mapping[str, Row],
    deletions: Sequence[str],
    deleted_before: Sequence[str],
    updated: set[str],
) -> None:
    live = [row for id_, row in after.items() if id_ not in deletions]
    old = [row for id_, row in before.items() if id_ not in deleted_before]
    for key in KEYS[1:]:
        for place, row in enumerate(live):
            if any(_same(key, row, other) for other in live[:place]):
                raise Refused("CONFLICT")
            if any(_same(key, row, other) and other["id"] != row["id"] for other in old if other["id"] in updated):
                raise OrderDecides
