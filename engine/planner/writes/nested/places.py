"""Places in the data of a nested write, as its errors name them."""

from typing import TypeVar

from fieldstone.engine.errors import ApiError
from fieldstone.engine.planner.writes.row_errors import input_name

InputPath = tuple[str | int, ...]
"""The keys and indexes that lead to a value: `("data", "opportunities", "create", 2)`."""

E = TypeVar("E", bound=ApiError)


def place_error(error: E, path: InputPath) -> E:
    """Return the error with the place that it is about: below `path`, if it names a field.

    A field of the only record that a mutation writes has its plain name.
    """
    whole = (*path, error.field) if error.field else path
    is_plain = len(whole) == 2 and isinstance(whole[1], str)
    error.field = input_name(whole[1:] if is_plain else whole)
    error.extensions["input"] = list(whole)
    return error
