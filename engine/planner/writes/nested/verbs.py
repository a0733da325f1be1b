"""The verbs of a relation in a record's data, as a request gives them."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from fieldstone.engine.errors import BadUserInput
from fieldstone.engine.planner.writes.nested.places import InputPath, place_error
from fieldstone.metadata.errors import InvalidValue
from fieldstone.metadata.json_text import JsonValue
from fieldstone.metadata.model import Field
from fieldstone.metadata.scalars import UUID

CREATE, CONNECT, CONNECT_OR_CREATE = "create", "connect", "connectOrCreate"
DISCONNECT, SET, UPDATE, DELETE = "disconnect", "set", "update", "delete"

NEEDS_RECORD = frozenset({DISCONNECT, UPDATE, DELETE})
"""Verbs for the records that a record is related to already."""


class Said(NamedTuple):
    """A verb, its value, and the place of the value."""

    verb: str
    value: JsonValue
    path: InputPath


def spoken(value: Mapping[str, JsonValue]) -> set[str]:
    """Return the verbs that a relation's part of the data has; null says nothing, nor does `disconnect: false`."""
    return {verb for verb, item in value.items() if item is not None and item is not False}


def read_to_one(field: Field, key_name: str, data: Mapping[str, JsonValue], path: InputPath) -> Said | None:
    """Return the verb that the data has for a to-one relation, None where it has none.

    Raises:
        BadUserInput: it has two verbs at once.
    """
    value = data.get(field.name)
    if not isinstance(value, dict):
        return None
    verbs = sorted(spoken(value))
    if not verbs:
        return None
    if key_name in data:
        raise refusal(f"'{field.name}' and '{key_name}' cannot be given together.", (*path, field.name))
    if verbs == [CONNECT, DISCONNECT]:
        raise refusal(f"'{field.name}' cannot connect and disconnect at once.", (*path, field.name))
    if len(verbs) > 1:
        raise refusal(
            f"'{field.name}' leads to one record: give one of {', '.join(verbs)}, not all of them.",
            (*path, field.name),
        )
    (verb,) = verbs
    return Said(verb, value[verb], (*path, field.name, verb))


def read_to_many(field: Field, data: Mapping[str, JsonValue], path: InputPath) -> Sequence[Said]:
    """Return the verbs that the data has for a to-many relation, each with the list of its values; null is none.

    Raises:
        BadUserInput: a list has null in it.
    """
    value, path = data.get(field.name), (*path, field.name)
    if not isinstance(value, dict):
        return ()
    found: list[Said] = []
    for verb in spoken(value):
        items = value[verb] if isinstance(value[verb], list) else [value[verb]]
        if None in items:
            raise refusal(f"'{verb}' must not have null in its list.", (*path, verb))
        if items or verb == SET:
            found.append(Said(verb, items, (*path, verb)))
    return found


def read_id(value: JsonValue, path: InputPath) -> str:
    """Return an id that a client gave."""
    try:
        return str(UUID.coerce(value))
    except InvalidValue as error:
        raise refusal(f"The id {error.message}.", path) from None


def refusal(message: str, path: InputPath) -> BadUserInput:
    """Return the error of a value at this place."""
    return place_error(BadUserInput(message), path)
