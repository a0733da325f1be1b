"""The problem of an upsert as the error that a client is sent."""

from typing import Any

from fieldstone.engine.errors import ApiError, BadUserInput, Conflict
from fieldstone.engine.planner.writes.planned import PlannedWrite
from fieldstone.engine.planner.writes.row_errors import say_same_key
from fieldstone.engine.request.write_errors.row_errors import RowBlame, quoted, row_error
from fieldstone.sql.plan.write import Problem


def describe_upsert(write: PlannedWrite, problem: Problem, details: list[Any]) -> ApiError:
    """Return the error of a problem, by its details as `sql/plan/write.py` describes them."""
    label = write.object_.label_singular
    match problem:
        case Problem.KEY_TWICE:
            key, first, second, values = details
            names = write.keys[key]
            rows = [RowBlame(index=index, fields=names, values=values) for index in (first, second)]
            message = say_same_key(("data", first), ("data", second), names)
            return row_error(BadUserInput, message, write, rows, blamed=rows[1])
        case Problem.RECORD_TWICE:
            first, second = details
            rows = [RowBlame(index=index) for index in (first, second)]
            message = f"The records {first} and {second} of 'data' mean the same {label}, by different unique keys."
            return row_error(BadUserInput, message, write, rows, blamed=rows[1])
        case Problem.TWO_RECORDS:
            index, one, other = details
            rows = [RowBlame(index=index)]
            message = f"The unique keys given are those of different records: of the {label} {one}, and of {other}."
            return row_error(Conflict, message, write, rows, extensions={"ids": [one, other]})
        case _:
            key, index, values = details
            names = write.keys[key]
            rows = [RowBlame(index=index, fields=names, values=values if names else ())]
            message = f"Another {label} has this {quoted(names)}." if names else "Another record has these values."
            return row_error(Conflict, message, write, rows)
