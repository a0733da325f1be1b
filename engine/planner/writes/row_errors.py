"""How an error names rows of a write's data: by index, field and value, and by the way to a part of the input."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from fieldstone.engine.errors import BadUserInput, Forbidden
from fieldstone.metadata.json_text import JsonValue

MOST_ROWS = 20
"""Rows that an error names; there may be more."""

_LONGEST_VALUE = 200
"""Characters of a text that an error repeats."""


def input_name(way: Sequence[str | int]) -> str:
    """Return the way to a part of the input as text: `data[17].email`."""
    name = ""
    for step in way:
        if isinstance(step, int):
            name += f"[{step}]"
        else:
            name += f".{step}" if name else step
    return name


def say_same_key(first: Sequence[str | int], second: Sequence[str | int], names: Sequence[str]) -> str:
    """Return the message about two records that have the same values of these fields, by the ways to them."""
    if first[:-1] == second[:-1] and isinstance(first[-1], int):
        records = f"{first[-1]} and {second[-1]} of '{input_name(first[:-1])}'"
    else:
        records = f"'{input_name(first)}' and '{input_name(second)}'"
    values = " and ".join(f"'{name}'" for name in names)
    return f"The records {records} have the same {values}."


def show_row(index: int, fields: Sequence[str], values: Sequence[JsonValue]) -> dict[str, Any]:
    """Return a row as `extensions.rows` lists it; of a long text its beginning, of lists and objects nothing."""
    shown: dict[str, Any] = {"index": index}
    if fields:
        shown["field"] = fields[0]
    if len(fields) > 1:
        shown["fields"] = list(fields)
    if values and not any(isinstance(value, dict | list) for value in values):
        cut = [value[:_LONGEST_VALUE] if isinstance(value, str) else value for value in values]
        shown["value"] = cut[0] if len(cut) == 1 else cut
    return shown


def blame_rows(
    error: BadUserInput | Forbidden,
    rows: Sequence[Mapping[str, JsonValue]],
    write: Callable[[Mapping[str, JsonValue]], object],
) -> BadUserInput | Forbidden:
    """Return the error of a list of records, with the first rows that are refused in its extensions.

    Args:
        error: the refusal of the first of them.
        rows: the list.
        write: raises the error of one row, if it is refused.
    """
    wrong: list[tuple[int, str | None]] = []
    for index, row in enumerate(rows):
        try:
            write(row)
        except (BadUserInput, Forbidden) as one:
            wrong.append((index, one.field))
            if len(wrong) == MOST_ROWS:
                break
    first = wrong[0][0]
    listed = [show_row(index, [field] if field else [], _given(rows[index], field)) for index, field in wrong]
    way: list[str | int] = ["data", first, *(error.field.split(".") if error.field else ())]
    error.field = input_name(way)
    error.extensions |= {"input": way, "index": first, "rows": listed}
    return error


def _given(row: Mapping[str, JsonValue], field: str | None) -> list[JsonValue]:
    name = (field or "").partition(".")[0]
    return [row[name]] if name in row else []
