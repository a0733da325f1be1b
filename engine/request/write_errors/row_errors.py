"""Errors that name rows of a write's data: by their index, their field and its value."""

from collections.abc import Mapping, Sequence
from typing import Any

from fieldstone.engine.errors import ApiError
from fieldstone.engine.planner.writes.planned import PlannedWrite
from fieldstone.engine.planner.writes.row_errors import MOST_ROWS, input_name, show_row
from fieldstone.metadata.json_text import JsonValue
from fieldstone.sql.frozen import frozen


@frozen
class RowBlame:
    """A row of the data that is to blame, with the fields of it and their values where some are."""

    index: int
    fields: Sequence[str] = ()
    values: Sequence[Any] = ()


def find_blamed(keys: Sequence[JsonValue]) -> Sequence[int]:
    """Return the place of the first of some rows whose taken key no other of them has; else of the first two with one.

    Args:
        keys: the values of each row; None where they are not known.
    """
    own = next((place for place, key in enumerate(keys) if key is None or keys.count(key) == 1), None)
    return (0, keys.index(keys[0], 1)) if own is None else (own,)


def quoted(names: Sequence[str]) -> str:
    """Return the names of some fields as a message has them."""
    return " and ".join(f"'{name}'" for name in names)


def row_error(
    kind: type[ApiError],
    message: str,
    write: PlannedWrite,
    rows: Sequence[RowBlame],
    *,
    blamed: RowBlame | None = None,
    extensions: Mapping[str, Any] | None = None,
) -> ApiError:
    """Return an error of a write: `field` and `input` lead to the row that is `blamed`, the first unless said."""
    blamed = blamed or rows[0]
    way: list[str | int] = ["data"]
    if write.many:
        way.append(blamed.index)
    if blamed.fields:
        way.append(blamed.fields[0])
    found: dict[str, Any] = {"input": way}
    if write.many:
        found["rows"] = [show_row(row.index, row.fields, row.values) for row in rows[:MOST_ROWS]]
    if len(blamed.fields) > 1:
        found["fields"] = list(blamed.fields)
    return kind(
        message,
        field=input_name(way if write.many or not blamed.fields else way[1:]),
        path=write.path,
        locations=write.location,
        extensions=found | dict(extensions or {}),
    )
