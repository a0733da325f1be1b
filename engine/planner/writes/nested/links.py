"""Links to the records that a nested write has found or made itself: they are not looked up again."""

from collections.abc import Mapping

from fieldstone.engine.planner.arguments.trees import Blame
from fieldstone.engine.planner.context import PlanContext
from fieldstone.engine.planner.writes.connects import link_end
from fieldstone.engine.planner.writes.nested.nodes import Item
from fieldstone.engine.planner.writes.rows import KNOWN
from fieldstone.metadata.json_text import JsonValue
from fieldstone.metadata.model import Field, Object
from fieldstone.sql.plan.write import Reference


def known_reference(context: PlanContext, field: Field, source: str, blame: Blame) -> Reference:
    """Return the reference of a relation to a record that the request knows."""
    end = link_end(context, field, blame.at(field.name))
    key = end.target.key
    return Reference(
        column=end.foreign_key.column, table=end.target.table, key=key, lookup=key, condition=None, source=source
    )


def with_known(object_: Object, item: Item) -> Mapping[str, JsonValue]:
    """Return a record's data with the mark KNOWN as the key of each relation that the request itself has resolved."""
    if not item.links:
        return item.data
    names = {field.name: key_name for key_name, field in object_.foreign_keys.items()}
    left = {name: value for name, value in item.data.items() if name not in item.links}
    return {**left, **{names[name]: KNOWN for name in item.links}}
