"""ORDER BY, and the seek to the rows behind a cursor: as conditions that an index on the keys can serve."""

from collections.abc import Sequence
from dataclasses import replace

from fieldstone.sql.compiler import expressions
from fieldstone.sql.compiler.filters import compile_arrival, compile_condition, row_source
from fieldstone.sql.compiler.measures import compile_measure
from fieldstone.sql.compiler.operands import compile_operand, compile_operand_parameter
from fieldstone.sql.compiler.scope import RowReference, StatementDraft
from fieldstone.sql.compiler.terms import Expression, LeftJoin, Query, lateral_source, query_source
from fieldstone.sql.frozen import frozen
from fieldstone.sql.plan.aggregates import measure_column
from fieldstone.sql.plan.elements import And, Comparison, Hop
from fieldstone.sql.plan.operands import Column, Operand, Parameter, Sorted
from fieldstone.sql.plan.outputs import OrderKey, Totals


@frozen
class SortKey:
    """An order key in a FROM clause: its value there, and how it is ordered.

    `indexable` says that an index of the page's own table may hold it.
    """

    value: Expression
    operand: Operand
    descending: bool
    nulls_first: bool
    nullable: bool
    indexable: bool


@frozen
class Branch:
    """A part of the rows meant: those under `condition`, and the ORDER BY items that put it in order."""

    condition: Expression
    order: tuple[Expression, ...]


def compile_order(
    order: Sequence[OrderKey],
    row: RowReference,
    draft: StatementDraft,
    *,
    backward: bool = False,
    grouped: bool = False,
) -> tuple[list[SortKey], list[LeftJoin]]:
    """Return the keys, reversed where `backward`, and their joins; keys that share hops share the joins.

    Totals are computed for each row by itself, or where `grouped`, for all rows at once.
    """
    joined: dict[tuple[Hop, ...], RowReference] = {(): row}
    joins: list[LeftJoin] = []
    keys: list[SortKey] = []
    for key in order:
        for depth in range(1, len(key.hops) + 1):
            path = key.hops[:depth]
            if path in joined:
                continue
            hop = path[-1]
            there = RowReference(alias=draft.alias())
            condition = compile_arrival(hop, joined[path[:-1]], there, draft)
            joins.append(LeftJoin(row_source(hop.table, there.alias, draft), condition))
            joined[path] = there
        if key.totals is None:
            value = compile_operand(key.operand, joined[key.hops])
        else:
            join, value = _join_totals(key.totals, key.operand, joined[key.hops], draft, grouped=grouped)
            joins.append(join)
            if key.hops:
                # Where the hops lead to no row there is nothing to count.
                is_there = expressions.is_null(joined[key.hops].column(key.totals.link.key.name), negated=True)
                value = expressions.case([(is_there, value)])
        keys.append(
            SortKey(
                value=value,
                operand=key.operand,
                descending=key.descending is not backward,
                nulls_first=key.nulls_first is not backward,
                nullable=key.nullable or bool(key.hops),
                indexable=not (key.hops or key.totals) and isinstance(key.operand, Column | Sorted),
            )
        )
    return keys, joins


def _join_totals(
    totals: Totals, operand: Operand, row: RowReference, draft: StatementDraft, *, grouped: bool
) -> tuple[LeftJoin, Expression]:
    """Return the join of the totals' measure, and its value for the row."""
    there = RowReference(alias=draft.alias())
    found = RowReference(alias=draft.alias())
    key, near = there.column(totals.link.column.name), row.column(totals.link.key.name)
    wanted = compile_condition(And(terms=(totals.live, totals.condition)), there, draft)
    measure = expressions.named(compile_measure(totals.measure, there), "m0")
    query = Query().from_(row_source(totals.table, there.alias, draft)).select(measure)
    value = compile_operand(operand, found)
    if not grouped:
        text = query.only(expressions.all_of((expressions.equal(key, near), wanted))).text()
        return LeftJoin(lateral_source(text, found.alias), expressions.TRUE), value
    # Rows without a key are linked to no row, and would be one large group.
    query.select(expressions.named(key, "k")).only(expressions.all_of((expressions.is_null(key, negated=True), wanted)))
    tie = expressions.equal(expressions.result(found.alias, "k"), near)
    if not measure_column(totals.measure, 0).nullable:
        value = expressions.coalesce(value, expressions.number(0))
    return LeftJoin(query_source(query.group(key).text(), found.alias), tie), value


def order_items(keys: Sequence[SortKey]) -> tuple[Expression, ...]:
    """Return the ORDER BY items of the keys."""
    return tuple(
        [
            expressions.ordered(
                key.value, descending=key.descending, nulls_first=key.nulls_first if key.nullable else None
            )
            for key in keys
        ]
    )


def split_nulls(keys: Sequence[SortKey]) -> list[Branch]:
    """All rows, as branches: one, or the NULLs of the first key apart.

    That is where an index has them at the other end, or has them in the wrong order: they are one tie, as long as the
    table may be, and with the next key pointing the other way all of it would have to be sorted.
    """
    first = keys[0]
    against = (
        first.nulls_first is not first.descending or keys[min(1, len(keys) - 1)].descending is not first.descending
    )
    if not (first.nullable and first.indexable and against):
        return [Branch(condition=expressions.TRUE, order=order_items(keys))]
    return [
        _branch([expressions.is_null(first.value)], keys, null=(0,)),
        _branch([expressions.is_null(first.value, negated=True)], keys, present=0),
    ]


def seek_branches(keys: Sequence[SortKey], seek: Sequence[Parameter | None]) -> list[Branch]:
    """Return the rows behind the one whose keys `seek` holds, as disjoint branches.

    A branch fixes the keys before the i-th to the seek values and wants the i-th (or a row of keys from the i-th on
    that point one way) behind its value, or, where NULLs come last, to be NULL.
    """
    branches: list[Branch] = []
    fixed: list[Expression] = []
    null: list[int] = []
    position = 0
    while position < len(keys):
        key, value = keys[position], seek[position]
        if value is None:
            if key.nulls_first:
                present = expressions.is_null(key.value, negated=True)
                branches.append(_branch([*fixed, present], keys, present=position, null=null))
            fixed.append(expressions.is_null(key.value))
            null.append(position)
            position += 1
            continue
        end = _end_of_run(keys, seek, position)
        values = [_seek_value(keys[index], seek[index]) for index in range(position, end)]
        run = [key.value for key in keys[position:end]]
        comparison = Comparison.LT if key.descending else Comparison.GT
        behind = expressions.compare(expressions.row(run), comparison, expressions.row(values))
        branches.append(_branch([*fixed, behind], keys, present=position, null=null))
        for index in range(position, end):
            if keys[index].nullable and not keys[index].nulls_first:
                absent = expressions.is_null(keys[index].value)
                branches.append(_branch([*fixed, absent], keys, null=[*null, index]))
            fixed.append(expressions.equal(keys[index].value, values[index - position]))
        position = end
    return branches


def any_branch(keys: Sequence[SortKey], branches: Sequence[Branch]) -> Branch:
    """Return the branches as one, for orders that no index serves: the rows are read once, not once a branch."""
    return Branch(
        condition=expressions.any_of([branch.condition for branch in branches]),
        order=order_items(keys),
    )


def _end_of_run(keys: Sequence[SortKey], seek: Sequence[Parameter | None], start: int) -> int:
    end = start + 1
    while end < len(keys) and seek[end] is not None and keys[end].descending is keys[start].descending:
        end += 1
    return end


def _seek_value(key: SortKey, value: Parameter | None) -> Expression:
    return expressions.NULL if value is None else compile_operand_parameter(key.operand, value)


def _branch(
    terms: Sequence[Expression], keys: Sequence[SortKey], *, present: int | None = None, null: Sequence[int] = ()
) -> Branch:
    ordered = list(keys)
    if present is not None:
        ordered[present] = replace(keys[present], nullable=False)
    for index in reversed(null):
        # It is NULL throughout, so its direction is free: with the next key's the two are in an index's order.
        following = ordered[min(index + 1, len(keys) - 1)]
        ordered[index] = replace(keys[index], nullable=False, descending=following.descending)
    return Branch(condition=expressions.all_of(terms), order=order_items(ordered))
