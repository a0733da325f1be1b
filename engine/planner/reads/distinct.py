"""The argument distinctOn: one record for each value."""

from collections.abc import Sequence
from typing import cast

from fieldstone.engine.planner.arguments.trees import Absent, Blame, Leaf, Tree, listed
from fieldstone.engine.planner.reads.measures import operand_of
from fieldstone.engine.schema.objects.distinct import distinct_parts
from fieldstone.metadata.json_text import JsonValue
from fieldstone.metadata.model import Object
from fieldstone.sql.plan.operands import Column, Ranked, column_of
from fieldstone.sql.plan.outputs import OrderKey


def read_distinct(tree: Tree) -> tuple[str, ...]:
    """Return the names of the values to be distinct on; none where the argument says nothing."""
    if tree is None or isinstance(tree, Absent):
        return ()
    return tuple(dict.fromkeys(name for item in listed(tree) for name in _names(cast("Leaf", item).sample)))


def default_order(object_: Object, names: Sequence[str]) -> tuple[OrderKey, ...]:
    """Return the order of distinct records without an orderBy: by their values, ascending."""
    if not names:
        return ()
    parts = distinct_parts(object_)
    operands = [operand_of(parts[name][1]) for name in names]
    return tuple(
        OrderKey(operand=operand, nullable=column_of(operand).nullable or isinstance(operand, Ranked))
        for operand in operands
    )


def build_distinct(
    object_: Object, names: Sequence[str], order: tuple[OrderKey, ...], blame: Blame
) -> tuple[Column, ...]:
    """Return the columns that the records of a connection are distinct on.

    Raises:
        BadUserInput: the order does not begin with them.
    """
    if not names:
        return ()
    parts = distinct_parts(object_)
    columns = tuple(parts[name][1].column for name in names)
    begin = {column_of(key.operand) for key in order[: len(columns)] if not (key.hops or key.totals)}
    # The order ends with the id, behind which no two records are left to choose from.
    is_cut = object_.key in begin and begin < set(columns)
    if begin != set(columns) and not is_cut:
        raise blame.error(f"The order must begin with the values of 'distinctOn': {', '.join(names)}, in any order.")
    return columns


def _names(sample: JsonValue) -> list[str]:
    """Return the names in a leaf: a variable's list of them is one."""
    return sample if isinstance(sample, list) else [cast("str", sample)]
