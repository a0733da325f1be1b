"""The order of a view: read from the language of the API, and kept by the ids of the fields."""

from fieldstone.metadata.access.stored_keys import key_of
from fieldstone.metadata.errors import InvalidChange
from fieldstone.metadata.json_text import JsonValue
from fieldstone.metadata.model import Object, Snapshot, relation_end
from fieldstone.metadata.scalars import shown

MOST_KEYS = 20
"""Keys of an order."""
_DEEPEST = 5


def store_order(snapshot: Snapshot, object_: Object, given: JsonValue) -> list[JsonValue]:
    """Return an order with ids in the place of the fields' names, a list with one key each.

    Raises:
        InvalidChange: a name or a shape in it is wrong.
    """
    listed = given if isinstance(given, list) else [given]
    keys = [{name: value} for item in listed for name, value in _members(item, "orderBy").items()]
    if len(keys) > MOST_KEYS:
        raise InvalidChange(f"orderBy must have at most {MOST_KEYS} keys, not {len(keys)}", field="orderBy")
    return [_key(snapshot, object_, key, "orderBy", _DEEPEST) for key in keys]


def _key(snapshot: Snapshot, object_: Object, given: JsonValue, place: str, left: int) -> dict[str, JsonValue]:
    read: dict[str, JsonValue] = {}
    for name, value in _members(given, place).items():
        below = f"{place}.{name}"
        if holder := object_.foreign_keys.get(name):
            read[key_of(holder, "Id")] = _direction(value, below)
            continue
        field = object_.by_name.get(name)
        if field is None:
            raise InvalidChange(f"{place} has no field {shown(name)} that a view can be ordered by", field=below)
        end = relation_end(snapshot, field) if field.relation_id is not None else None
        if end is not None and end.to_one and left:
            read[key_of(field)] = _key(snapshot, end.target, value, below, left - 1)
        elif field.relation_id is not None:
            raise InvalidChange(f"{below} is no order: a view can be ordered by to-one relations", field=below)
        elif field.is_composite:
            parts = _members(value, below)
            read[key_of(field)] = {sub: _direction(one, f"{below}.{sub}") for sub, one in parts.items()}
        else:
            read[key_of(field)] = _direction(value, below)
    return read


def _members(given: JsonValue, place: str) -> dict[str, JsonValue]:
    if not isinstance(given, dict) or not given:
        raise InvalidChange(f"{place} must be an object such as {{ createdAt: DESC }}, not {shown(given)}", field=place)
    return given


def _direction(value: JsonValue, place: str) -> str:
    if not isinstance(value, str):
        raise InvalidChange(f"{place} must be a direction such as ASC, not {shown(value)}", field=place)
    return value
