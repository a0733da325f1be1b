"""The data of records whose relations lead to records that the request has found or made itself."""

from collections.abc import Mapping

from fieldstone.engine.planner.writes.nested.nodes import Item
from fieldstone.engine.planner.writes.values.rows import KNOWN
from fieldstone.metadata.json_text import JsonValue


def with_known(item: Item) -> Mapping[str, JsonValue]:
    """Return a record's data with the mark KNOWN as the key of each relation that the request itself has resolved."""
    if not item.links:
        return item.data
    data = {**item.data}
    for name in item.links:
        data.pop(name, None)
        data[f"{name}Id"] = KNOWN
    return data
