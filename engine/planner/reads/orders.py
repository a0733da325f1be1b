"""Orders: an orderBy argument becomes the keys of a total order."""

import hashlib
from collections.abc import Mapping
from types import MappingProxyType
from typing import cast

from fieldstone.engine.planner.arguments.trees import Absent, Blame, Leaf, Tree, listed
from fieldstone.engine.planner.context import PlanContext, hop_over
from fieldstone.engine.planner.reads.filters.conditions import linked_records
from fieldstone.engine.planner.reads.filters.json_paths import order_path
from fieldstone.engine.planner.reads.measures import named_measures, operand_of
from fieldstone.metadata.api_names import AGGREGATE_ENDING
from fieldstone.metadata.json_text import dumps
from fieldstone.metadata.model import Field, Object, Part, relation_end
from fieldstone.sql import text_order
from fieldstone.sql.plan.elements import Hop
from fieldstone.sql.plan.operands import AtPath, Column, Ranked, Sorted, column_of
from fieldstone.sql.plan.outputs import OrderKey, Totals
from fieldstone.sql.types import SqlType
from fieldstone.sql.values.page_cursor import BY_ID

DIRECTIONS = {
    # direction: (descending, nulls first); NULL is last under ASC and first under DESC unless said otherwise
    "ASC": (False, False),
    "DESC": (True, True),
    "AscNullsFirst": (False, True),
    "AscNullsLast": (False, False),
    "DescNullsFirst": (True, True),
    "DescNullsLast": (True, False),
}

MOST_KEYS = 32
"""Keys that an order may have."""


def build_order(
    context: PlanContext, object_: Object, tree: Tree, blame: Blame, *, default: tuple[OrderKey, ...] = ()
) -> tuple[OrderKey, ...]:
    """Return the keys of an orderBy argument, or `default` if it has none, with the record's id as the last one.

    The id goes the way of the key before it, so that one index serves both.
    """
    keys: list[OrderKey] = []
    given, is_total = 0, False
    for item in () if tree is None or isinstance(tree, Absent) else listed(tree):
        take_back = context.parameters.savepoint()
        found = _keys(context, context.touch(object_), item, (), blame)
        given += len(found)
        if is_total or not found:
            # Behind the id a key decides nothing: it is checked, and the statement does without its values, as it does
            # without those of a relation to an order that says nothing.
            take_back()
        else:
            keys += found
            is_total = any(_is_id(object_, key) for key in found)
    if given > MOST_KEYS:
        raise blame.error(f"The order has more than {MOST_KEYS} keys.")
    keys = keys or [*default]
    if any(_is_id(object_, key) for key in keys):
        return tuple(keys)
    return (*keys, OrderKey(operand=object_.key, descending=bool(keys) and keys[-1].descending, nullable=False))


def _is_id(object_: Object, key: OrderKey) -> bool:
    return not (key.hops or key.totals) and key.operand == object_.key


def _keys(context: PlanContext, object_: Object, tree: Tree, hops: tuple[Hop, ...], blame: Blame) -> list[OrderKey]:
    given = order_members(tree, blame)
    if not given:
        return []
    ((name, member),) = given.items()
    if holder := object_.foreign_keys.get(name):
        return [_key(holder.parts[0], member, hops, blame.at(name))]
    if name not in object_.by_name:
        field = object_.by_name[name.removesuffix(AGGREGATE_ENDING)]
        return _totals(context, object_, field, member, hops, blame.at(name))
    field = object_.by_name[name]
    if field.relation_id is not None:
        end = relation_end(context.snapshot, field)
        if end is None or not end.to_one:
            raise blame.error(f"'{name}' cannot be ordered by.")
        return _keys(context, end.target, member, (*hops, hop_over(context, end)), blame.at(name))
    if field.is_composite:
        members = order_members(member, blame.at(name))
        parts = {part.name: part for part in field.parts}
        return [_key(parts[sub], direction, hops, blame.at(sub)) for sub, direction in members.items()]
    return [_key(field.parts[0], member, hops, blame.at(name))]


def _totals(
    context: PlanContext, object_: Object, field: Field, tree: Tree, hops: tuple[Hop, ...], blame: Blame
) -> list[OrderKey]:
    """Return the key by an aggregate of the records that a to-many relation leads to, under the filter beside it."""
    end = relation_end(context.snapshot, field)
    if end is None or not isinstance(tree, dict):
        raise blame.error(f"The order by '{blame.field}' must be an object.")
    given = order_members({name: member for name, member in tree.items() if name != "filter"}, blame)
    filter_ = tree.get("filter")
    keys: list[OrderKey] = []
    for named in named_measures(end.target, one_each(given, blame), blame):
        linked = linked_records(context, end, filter_, blame.at("filter"))
        totals = Totals(
            table=linked.table,
            link=linked.link,
            live=linked.live,
            condition=linked.condition,
            measure=named.measure,
            name=f"{object_.id} {field.id} {named.name} {_structure(filter_)}",
        )
        keys.append(_key(named.numbered(0), named.tree, hops, named.blame, totals=totals))
    return keys


def one_each(given: dict[str, Tree], blame: Blame) -> dict[str, Tree]:
    """Return the members of an order; each that is an object must have one member, or none, down to the last."""
    return {
        name: one_each(order_members(member, blame.at(name)), blame.at(name)) if isinstance(member, dict) else member
        for name, member in given.items()
    }


def _structure(tree: Tree) -> str:
    """Return a text of a filter that is the same whatever its values."""
    match tree:
        case dict():
            return "{" + ",".join(f"{name}:{_structure(member)}" for name, member in sorted(tree.items())) + "}"
        case list():
            return "[" + ",".join(map(_structure, tree)) + "]"
        case _:
            return ""


def order_members(tree: Tree, blame: Blame) -> dict[str, Tree]:
    """Return the one member of an order object, or none; more would be in no order."""
    if not isinstance(tree, dict):
        raise blame.error(f"The order by '{blame.field}' must be an object.")
    members: dict[str, Tree] = {name: member for name, member in tree.items() if not isinstance(member, Absent)}
    if len(members) > 1:
        names = ", ".join(f"{{ {name}: .. }}" for name in members)
        raise blame.error(
            f"An orderBy object takes one key, since the order of several is lost: use a list, [{names}]."
        )
    return members


def read_direction(tree: Tree, blame: Blame) -> tuple[bool, bool]:
    """Return whether a direction is descending, and whether NULLs come first."""
    if tree is None:
        raise blame.error(f"The direction of '{blame.field}' must not be null.")
    return DIRECTIONS[cast("str", cast("Leaf", tree).sample)]


def _key(part: Part, tree: Tree, hops: tuple[Hop, ...], blame: Blame, *, totals: Totals | None = None) -> OrderKey:
    operand = operand_of(part)
    if part.column.type is SqlType.JSONB and tree is not None:
        operand, tree = order_path(tree, part.column, blame)
    descending, nulls_first = read_direction(tree, blame)
    nullable = bool(hops) or part.column.nullable or isinstance(operand, Ranked | AtPath)
    return OrderKey(
        hops=hops,
        totals=totals,
        operand=operand,
        descending=descending,
        nulls_first=nulls_first,
        nullable=nullable,
    )


def cursor_tag(
    context: PlanContext, object_: Object, order: tuple[OrderKey, ...], distinct: tuple[Column, ...] = ()
) -> str:
    """Return the tag of this object's cursors under this order; in the form of REST the cursors of ids are ids."""
    is_by_id = len(order) == 1 and order[0].operand == object_.key and not order[0].hops
    return BY_ID if context.is_rest and is_by_id and not distinct else order_tag(object_, order, distinct)


def order_tag(
    object_: Object,
    order: tuple[OrderKey, ...],
    distinct: tuple[Column, ...] = (),
    *,
    names_of: Mapping[str, str] = MappingProxyType({}),
) -> str:
    """Return the tag of this object's cursors under this order: 8 hex digits.

    `names_of` has the names that stand in it for those of measures, which have a number for a name.
    """
    names = [str(object_.id)]
    shown = {**object_.guarded_columns, **names_of}
    for key in order:
        near, steps = shown, []
        for hop in key.hops:
            steps.append(near.get(hop.column.name, hop.column.name))
            near = {one.column.name: one.of.name for one in hop.table.guarded}
        column = column_of(key.operand)
        name = near.get(column.name, column.name) if key.totals is None else key.totals.name
        # A cursor of another order of texts would seek its text among keys of this one.
        version = f" {text_order.VERSION}" if isinstance(key.operand, Sorted) else ""
        at = (
            "" if not isinstance(key.operand, AtPath) else f" {key.operand.type.value} {dumps(list(key.operand.steps))}"
        )
        names.append(f"{'>'.join(steps)}>{name}{at} {key.descending} {key.nulls_first}{version}")
    names += [f"distinct {shown.get(column.name, column.name)}" for column in distinct]
    return hashlib.sha256("|".join(names).encode()).hexdigest()[:8]
