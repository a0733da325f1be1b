"""Orders of groups: by the values that records are grouped by, and by aggregates."""

from fieldstone.engine.planner.arguments.trees import Blame, Tree, listed
from fieldstone.engine.planner.reads.grouping.dimensions import Grouping, find_groupings
from fieldstone.engine.planner.reads.grouping.having import Measures
from fieldstone.engine.planner.reads.measures import named_measures, operand_of, short_measure
from fieldstone.engine.planner.reads.orders import MOST_KEYS, one_each, order_members, read_direction
from fieldstone.engine.schema.objects.aggregate_inputs import AGGREGATE, is_measure
from fieldstone.metadata.model import Object
from fieldstone.sql.plan.operands import Operand, Sorted
from fieldstone.sql.plan.outputs import OrderKey


def build_group_order(
    object_: Object, tree: Tree, groupings: tuple[Grouping, ...], measures: Measures, blame: Blame
) -> tuple[OrderKey, ...]:
    """Return the keys of an order of groups: those given, and all values that are grouped by behind them."""
    keys: list[OrderKey] = []
    for item in listed(tree) if tree is not None else []:
        for name, member in order_members(item, blame).items():
            below = blame.at(name)
            if name == "key":
                keys += _by_key(member, groupings, (), below)
            elif name == AGGREGATE:
                keys += _by_measure(object_, order_members(member, below), measures, below)
            elif is_measure(object_, name):
                keys += _by_measure(object_, {name: member}, measures, blame)
            else:
                keys += _by_key({name: member}, groupings, (), blame)
    if len(keys) > MOST_KEYS:
        raise blame.error(f"The order has more than {MOST_KEYS} keys.")
    known = {key.operand for key in keys}
    keys += [OrderKey(operand=one.operand) for one in groupings if one.operand not in known]
    # Texts with the same beginning may have one key: the whole text follows, so that a page loses no group.
    return (*keys, *(OrderKey(operand=one.operand.column) for one in groupings if isinstance(one.operand, Sorted)))


def _by_measure(object_: Object, given: dict[str, Tree], measures: Measures, blame: Blame) -> list[OrderKey]:
    """Return the key of an aggregate, which may have its other name."""
    if "totalCount" in given:
        given = {"count": given["totalCount"]}
    short = [short_measure(object_, name, member, blame) for name, member in given.items()]
    found = [one for one in short if one is not None] or named_measures(object_, one_each(given, blame), blame)
    return [_key(operand_of(measures.part(one)), one.tree, one.blame) for one in found]


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
