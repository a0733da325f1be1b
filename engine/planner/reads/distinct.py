"""The argument distinctOn: one record for each value."""

from typing import cast

from fieldstone.engine.planner.arguments.trees import Absent, Blame, Leaf, Tree, listed
from fieldstone.engine.schema.objects.distinct import distinct_parts
from fieldstone.metadata.json_text import JsonValue
from fieldstone.metadata.model import Object
from fieldstone.sql.plan.elements import Column, column_of
from fieldstone.sql.plan.read import OrderKey


def build_distinct(object_: Object, tree: Tree, order: tuple[OrderKey, ...], blame: Blame) -> tuple[Column, ...]:
    """Return the columns that the records of a connection are distinct on; none where the argument says nothing.

    Raises:
        BadUserInput: the order does not begin with them.
    """
    if tree is None or isinstance(tree, Absent):
        return ()
    parts = distinct_parts(object_)
    names = [name for item in listed(tree) for name in _names(cast("Leaf", item).sample)]
    columns = tuple(dict.fromkeys(parts[name][1].column for name in names))
    begin = {column_of(key.operand) for key in order[: len(columns)] if not (key.hops or key.totals)}
    # The order ends with the id, behind which no two records are left to choose from.
    is_cut = object_.key in begin and begin < set(columns)
    if begin != set(columns) and not is_cut:
        raise blame.error(
            f"The order must begin with the values of 'distinctOn': {', '.join(dict.fromkeys(names))}, in any order."
        )
    return columns


def _names(sample: JsonValue) -> list[str]:
    """Return the names in a leaf: a variable's list of them is one."""
    return sample if isinstance(sample, list) else [cast("str", sample)]
