"""The links between the records of one file: their order, and the links to records that a trial has not written."""

from array import array
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

from fieldstone.engine.rest.imports.rows import Row


class OwnLinks:
    """Knows which records of a file have passed, by their ids and unique values.

    Args:
        fields: the relations to records of the object itself, with the names of their keys.
        keys: the names of the fields by which a record can be connected to, besides its id.
    """

    def __init__(self, fields: Mapping[str, str], keys: Collection[str]) -> None:
        self._fields = fields
        self._keys = ("id", *keys)
        # Eight bytes for each value: a file may have millions of records.
        self._passed = array("q")

    def note(self, rows: Iterable[Row]) -> None:
        """Note records that have passed."""
        for row in rows:
            for key in self._keys:
                if isinstance(value := row.data.get(key), str | int):
                    self._passed.append(_mark(key, value))

    def cut(self, rows: Sequence[Row]) -> dict[int, Row]:
        """Return the rows with links to records that have passed, by their places, without these: to try the rest."""
        marks = {(place, name): mark for place, row in enumerate(rows) for name, mark in self._links(row)}
        passed = set(marks.values()).intersection(self._passed)
        found: dict[int, Row] = {}
        for (place, name), mark in marks.items():
            if mark in passed:
                row = found.get(place, rows[place])
                found[place] = row._replace(data={one: value for one, value in row.data.items() if one != name})
        return found

    def order(self, rows: Sequence[Row]) -> list[list[Row]]:
        """Return rows in groups, each of which points to records of the groups before it.

        Those that point to each other in a circle are the last group.
        """
        places = {
            _mark(key, value): place
            for place, row in enumerate(rows)
            for key in self._keys
            if isinstance(value := row.data.get(key), str | int)
        }
        awaited: list[set[int]] = []
        waiting: defaultdict[int, list[int]] = defaultdict(list)
        for place, row in enumerate(rows):
            awaited.append({places[mark] for _, mark in self._links(row) if mark in places} - {place})
            for target in awaited[place]:
                waiting[target].append(place)
        groups = []
        group = [place for place, targets in enumerate(awaited) if not targets]
        left = set(range(len(rows)))
        while group:
            groups.append([rows[place] for place in group])
            left.difference_update(group)
            freed = [place for target in group for place in waiting[target]]
            for target in group:
                for place in waiting[target]:
                    awaited[place].discard(target)
            group = sorted({place for place in freed if not awaited[place]})
        return [*groups, [rows[place] for place in sorted(left)]] if left else groups

    def _links(self, row: Row) -> Iterator[tuple[str, int]]:
        """Yield the members of a row's data that point to a record of the object, each with a mark of its target."""
        for field, key in self._fields.items():
            if isinstance(value := row.data.get(key), str):
                yield key, _mark("id", value)
            match row.data.get(field):
                case {"connect": str(id_)}:
                    yield field, _mark("id", id_)
                case {"connect": {"where": dict(where)}} if len(where) == 1:
                    ((name, given),) = where.items()
                    if isinstance(given, str | int):
                        yield field, _mark(name, given)


def _mark(key: str, value: str | int) -> int:
    """Return a number for the value of a field: by ids and text alike, short of their case."""
    return hash((key, str(value).lower()))
