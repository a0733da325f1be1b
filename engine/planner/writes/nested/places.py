"""Places in the data of a nested write, as its errors name them."""

from typing import TypeVar

from fieldstone.engine.errors import ApiError

InputPath = tuple[str | int, ...]
"""The keys and indexes that lead to a value: `("data", "opportunities", "create", 2)`."""

E = TypeVar("E", bound=ApiError)


def path_text(path: InputPath) -> str:
    """Return a place as a message names it: `data.opportunities.create[2]`."""
    return "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in path).removeprefix(".")


def place_error(error: E, path: InputPath) -> E:
    """Return the error with the place that it is about: below `path`, if it names a field.

    A field of the only record that a mutation writes has its plain name.
    """
    whole = (*path, error.field) if error.field else path
    is_plain = len(whole) == 2 and isinstance(whole[1], str)
    error.field = path_text(whole[1:] if is_plain else whole)
    error.extensions["input"] = list(whole)
    return error
