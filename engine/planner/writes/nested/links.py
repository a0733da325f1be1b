"""The data of records whose relations lead to records that the request has found or made itself."""

from collections.abc import Mapping

from fieldstone.engine.planner.writes.nested.nodes import Item
from fieldstone.engine.planner.writes.values.rows import KNOWN
from fieldstone.metadata.json_text import JsonValue
from fieldstone.metadata.model import Object


def with_known(object_: Object, item: Item) -> Mapping[str, JsonValue]:
    """Return a record's data with the mark KNOWN as the key of each relation that the request itself has resolved."""
    if not item.links:
        return item.data
    names = {field.name: key_name for key_name, field in object_.held_keys.items()}
    left = {name: value for name, value in item.data.items() if name not in item.links}
    return {**left, **{names[name]: KNOWN for name in item.links}}
