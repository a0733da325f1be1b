"""The records that a request names: by their ids, or by unique keys that are looked up."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from fieldstone.engine.planner.writes.nested.nodes import Item, Lookup
from fieldstone.engine.planner.writes.nested.places import InputPath
from fieldstone.engine.planner.writes.nested.steps import Found, InputRow, RowValue, Step, When
from fieldstone.engine.planner.writes.nested.verbs import UPDATE, Said, read_id, refusal
from fieldstone.metadata.errors import InvalidValue
from fieldstone.metadata.json_text import JsonValue

Keys = Mapping[tuple[str, ...], Lookup]
"""The look-ups of a relation, by the members of their unique keys."""


class Target(NamedTuple):
    """A record that the data of another one, `item`, names."""

    item: Item
    id: str | Found
    path: InputPath

    @property
    def key(self) -> tuple[int, str | int]:
        """The record that names it, and its id or its look-up."""
        return id(self.item), self.id if isinstance(self.id, str) else id(self.id)


@dataclass(slots=True)
class Sought:
    """Records to look up by unique keys, those of one key together."""

    keys: Keys
    _rows: dict[tuple[str, ...], list[tuple[InputRow, Found]]] = field(default_factory=dict)

    def add(self, where: Mapping[str, JsonValue], found: Found, path: InputPath, when: When | None) -> None:
        """Look up the record with this unique key, which stands in `where` below the path.

        Raises:
            BadUserInput: a value of the key is refused.
        """
        names = tuple(sorted(where))
        row = InputRow(key_values(self.keys[names], where, (*path, "where")), path, when)
        self._rows.setdefault(names, []).append((row, found))

    def steps(self) -> Iterator[tuple[Step, Sequence[InputRow], Sequence[Found]]]:
        """Yield the look-ups with their rows and the results of these."""
        for names, rows in self._rows.items():
            yield self.keys[names].step, [row for row, _ in rows], [found for _, found in rows]


def read_targets(item: Item, said: Said, sought: Sought, missing: str) -> Iterator[Target]:
    """Yield the records that a verb's list names; `missing` is the message where a unique key finds none.

    Raises:
        BadUserInput: an id or a value of a key is refused.
    """
    for index, value in enumerate(said.value):
        path = (*said.path, index)
        if isinstance(value, dict) and said.verb != UPDATE:
            found = Found(missing=missing)
            sought.add(value["where"], found, path, item.when)
            yield Target(item, found, path)
        elif said.verb == UPDATE:
            yield Target(item, read_id(value["id"], (*path, "id")), path)
        else:
            yield Target(item, read_id(value, path), path)


def check_once(named: Iterable[Sequence[Target]]) -> None:
    """Refuse a record whose id a record's data names twice.

    Raises:
        BadUserInput: it does.
    """
    seen: set[tuple[int, str | int]] = set()
    for target in (one for targets in named for one in targets):
        if target.key in seen:
            raise refusal(f"The id {target.id} stands there twice: name each record once.", target.path)
        seen.add(target.key)


def key_values(lookup: Lookup, where: Mapping[str, JsonValue], path: InputPath) -> list[RowValue]:
    """Return the values of a unique key that a client names a record by."""
    values: list[RowValue] = []
    for member, part, coerce in lookup.parts:
        value = where[member]
        if part is not None:
            value = value.get(part) if isinstance(value, dict) else None
        name = member if part is None else f"{member}.{part}"
        if value is None:
            raise refusal(f"'{name}' must not be null in a unique key.", (*path, member))
        try:
            values.append(coerce(value))
        except InvalidValue as error:
            raise refusal(f"Field '{name}' {error.message}.", (*path, member)) from None
    return values
