"""The links between the records of one file in a trial, which writes none of the records that the others point to."""

from array import array
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
