"""Orders of groups: by the values that records are grouped by, and by aggregates."""

from fieldstone.engine.planner.arguments.trees import Blame, Tree, listed
from fieldstone.engine.planner.reads.grouping.dimensions import Grouping, find_groupings
from fieldstone.engine.planner.reads.grouping.having import Measures
from fieldstone.engine.planner.reads.measures import named_measures, operand_of
from fieldstone.engine.planner.reads.orders import MOST_KEYS, one_each, order_members, read_direction
from fieldstone.metadata.model import Object
from fieldstone.sql.plan.operands import Operand, Sorted
from fieldstone.sql.plan.outputs import OrderKey


def build_group_order(
    object_: Object, tree: Tree, groupings: tuple[Grouping, ...], measures: Measures, blame: Blame
) -> tuple[OrderKey, ...]:
    """Return the keys of an order of groups: those given, and all values that are grouped by behind them."""
    keys: list[OrderKey] = []
    for item in listed(tree) if tree is not None else []:
        given = order_members(item, blame)
        keys += _by_key(given.pop("key", {}), groupings, (), blame.at("key"))
        for named in named_measures(object_, one_each(given, blame), blame):
            keys.append(_key(operand_of(measures.part(named)), named.tree, named.blame))
    if len(keys) > MOST_KEYS:
        raise blame.error(f"The order has more than {MOST_KEYS} keys.")
    known = {key.operand for key in keys}
    keys += [OrderKey(operand=one.operand) for one in groupings if one.operand not in known]
    # Texts with the same beginning may have one key: the whole text follows, so that a page loses no group.
    return (*keys, *(OrderKey(operand=one.operand.column) for one in groupings if isinstance(one.operand, Sorted)))


def _by_key(tree: Tree, groupings: tuple[Grouping, ...], names: tuple[str, ...], blame: Blame) -> list[OrderKey]:
    """Return the keys of all groupings by one value of a record: there may be several buckets of it."""
    given = order_members(tree, blame)
    if not given:
        return []
    ((name, member),) = given.items()
    names, below = (*names, name), blame.at(name)
    if isinstance(member, dict):
        return _by_key(member, groupings, names, below)
    found = find_groupings(groupings, names)
    if not found:
        raise below.error(f"'{'.'.join(names)}' cannot be ordered by: it is not in 'groupBy'.")
    return [_key(one.operand, member, below) for one in found]


def _key(operand: Operand, tree: Tree, blame: Blame) -> OrderKey:
    descending, nulls_first = read_direction(tree, blame)
    return OrderKey(operand=operand, descending=descending, nulls_first=nulls_first)
