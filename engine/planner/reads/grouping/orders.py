"""Orders of groups: by the values that records are grouped by, and by aggregates."""

from collections.abc import Mapping

from fieldstone.engine.planner.arguments.trees import Absent, Blame, Leaf, Tree, listed
from fieldstone.engine.planner.reads.grouping.dimensions import Grouping, find_groupings, read_bucket
from fieldstone.engine.planner.reads.grouping.having import Measures
from fieldstone.engine.planner.reads.measures import named_measures, operand_of, short_measure
from fieldstone.engine.planner.reads.orders import DIRECTIONS, MOST_KEYS, one_each, order_members, read_direction
from fieldstone.engine.schema.objects.aggregate_inputs import AGGREGATE, is_measure
from fieldstone.engine.schema.values.groupings import GRANULARITY
from fieldstone.metadata.model import Object
from fieldstone.metadata.scalars import shown
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
    found = find_groupings(groupings, names)
    is_dated = isinstance(member, dict) and (bool(found) or member.keys() == {"orderBy", GRANULARITY})
    if isinstance(member, dict) and not is_dated:
        return _by_key(member, groupings, names, below)
    if not found:
        raise below.error(f"'{'.'.join(names)}' cannot be ordered by: it is not in 'groupBy'.")
    if isinstance(member, dict):
        found, member = _of_bucket(found, member, below)
    return [_key(one.operand, member, below) for one in found]


def _of_bucket(groupings: list[Grouping], given: Mapping[str, Tree], blame: Blame) -> tuple[list[Grouping], Tree]:
    """Return the groupings that Twenty's order by a date means, and its direction."""
    direction = given.get("orderBy")
    if direction is None or isinstance(direction, Absent):
        raise blame.at("orderBy").error(f"The order by '{blame.field}' needs an 'orderBy', such as ASC.")
    name = direction.sample if isinstance(direction, Leaf) else None
    if not isinstance(name, str) or name not in DIRECTIONS:
        raise blame.at("orderBy").error(f"'orderBy' must be one of {' '.join(DIRECTIONS)}, not {shown(name)}.")
    granularity = given.get(GRANULARITY)
    if granularity is None or isinstance(granularity, Absent):
        return groupings, direction
    bucket = read_bucket(granularity, blame.at(GRANULARITY))
    found = [one for one in groupings if one.dimension.bucket is bucket]
    if not found:
        asked = "itself" if bucket is None else f"by {bucket.name}"
        raise blame.at(GRANULARITY).error(f"'{blame.field}' is not grouped {asked} in 'groupBy'.")
    return found, direction


def _key(operand: Operand, tree: Tree, blame: Blame) -> OrderKey:
    descending, nulls_first = read_direction(tree, blame)
    return OrderKey(operand=operand, descending=descending, nulls_first=nulls_first)
