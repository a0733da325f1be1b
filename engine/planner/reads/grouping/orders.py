"""Orders of groups: by the values that records are grouped by, and by aggregates."""

from fieldstone.engine.planner.arguments.trees import Blame, Tree, listed
from fieldstone.engine.planner.reads.grouping.dimensions import Grouping, find_groupings, only_member, operand_in
from fieldstone.engine.planner.reads.grouping.having import Measures, aggregated_members
from fieldstone.engine.planner.reads.measures import compute
from fieldstone.engine.planner.reads.orders import MOST_KEYS, read_direction
from fieldstone.metadata.aggregates import BY_NAME, Aggregation
from fieldstone.metadata.api_names import TypeRole
from fieldstone.metadata.model import Object
from fieldstone.sql.plan.aggregates import Count
from fieldstone.sql.plan.elements import Operand, Sorted
from fieldstone.sql.plan.read import OrderKey


def build_group_order(
    object_: Object, tree: Tree, groupings: tuple[Grouping, ...], measures: Measures, blame: Blame
) -> tuple[OrderKey, ...]:
    """Return the keys of an order of groups: those given, and all values that are grouped by behind them."""
    keys: list[OrderKey] = []
    for item in listed(tree) if tree is not None else []:
        if item == {}:
            continue
        name, member = only_member(item, blame, "orderBy")
        if name == "key":
            keys += _by_key(member, groupings, (), blame.at(name))
        elif name == "count":
            keys.append(_key(measures.column(Count()), member, blame.at(name)))
        else:
            keys.append(_by_aggregate(object_, BY_NAME[name], member, measures, blame.at(name)))
    if len(keys) > MOST_KEYS:
        raise blame.error(f"The order has more than {MOST_KEYS} keys.")
    known = {key.operand for key in keys}
    keys += [OrderKey(operand=one.operand) for one in groupings if one.operand not in known]
    # Texts with the same beginning may have one key: the whole text follows, so that a page loses no group.
    return (*keys, *(OrderKey(operand=one.operand.column) for one in groupings if isinstance(one.operand, Sorted)))


def _by_key(tree: Tree, groupings: tuple[Grouping, ...], names: tuple[str, ...], blame: Blame) -> list[OrderKey]:
    """Return the keys of all groupings by one value of a record: there may be several buckets of it."""
    name, member = only_member(tree, blame, "orderBy")
    names, below = (*names, name), blame.at(name)
    if isinstance(member, dict):
        return _by_key(member, groupings, names, below)
    found = find_groupings(groupings, names)
    if not found:
        raise below.error(f"'{'.'.join(names)}' cannot be ordered by: it is not in 'groupBy'.")
    return [_key(one.operand, member, below) for one in found]


def _by_aggregate(object_: Object, aggregation: Aggregation, tree: Tree, measures: Measures, blame: Blame) -> OrderKey:
    name, member = only_member(tree, blame, "orderBy")
    if isinstance(member, dict):
        only_member(member, blame.at(name), "orderBy")
    ((of, part, direction, below),) = aggregated_members(object_, aggregation, {name: member}, blame)
    column = measures.column(compute(aggregation, of, part))
    is_value = aggregation.role in {TypeRole.MIN, TypeRole.MAX}
    return _key(operand_in(part, column) if is_value else column, direction, below)


def _key(operand: Operand, tree: Tree, blame: Blame) -> OrderKey:
    descending, nulls_first = read_direction(tree, blame)
    return OrderKey(operand=operand, descending=descending, nulls_first=nulls_first)
