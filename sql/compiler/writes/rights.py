"""The rights of a write: which rows may be locked for it, and the first one that no way allows as it will be."""

from collections.abc import Mapping, Sequence

from fieldstone.sql.compiler import expressions
from fieldstone.sql.compiler.filters import compile_condition
from fieldstone.sql.compiler.scope import RowReference, StatementDraft
from fieldstone.sql.compiler.terms import Expression, FromItem, Query, table_source
from fieldstone.sql.compiler.writes.changed_values import assigned_value
from fieldstone.sql.plan.elements import And, Condition
from fieldstone.sql.plan.write import Problem
from fieldstone.sql.plan.writes.elements import Assignment, Null
from fieldstone.sql.plan.writes.look_ups import Unfit
from fieldstone.sql.plan.writes.rights import Rights


def lockable(condition: Condition, rights: Rights | None) -> Condition:
    """Return the condition of the rows that a write locks: those that are meant, and that some rule allows."""
    if rights is None or rights.refuses or not rights.has_rule:
        return condition
    return And(terms=(condition, rights.rule))


def compile_allowed(
    rights: Rights,
    old: RowReference | None,
    new: RowReference,
    draft: StatementDraft,
    *,
    marks: Expression | None = None,
) -> Expression:
    """Return the condition that one and the same way allows a write; never unknown.

    Args:
        rights: the ways.
        old: the row as it is; None: there is none, or it is known to be under the rule of the only way.
        new: the row as it will be.
        draft: the statement.
        marks: the text that marks the ways which admit the data; None: all do.
    """
    options: list[Expression] = []
    for place, way in enumerate(rights.ways):
        terms = [] if marks is None else [expressions.is_marked(marks, place)]
        if old is not None and way.rule is not None:
            terms.append(expressions.is_true(compile_condition(way.rule, old, draft)))
        if way.check is not None:
            terms.append(expressions.is_true(compile_condition(way.check, new, draft)))
        options.append(expressions.all_of(terms))
    return expressions.any_of(options)


def refused_row(
    sources: Sequence[FromItem], allowed: Expression, detail: Expression, order: Expression, *ties: Expression
) -> Query:
    """Return the problem of the first row of some sources, which the `ties` join, that is not allowed."""
    listed = expressions.cast_to_text(expressions.call("json_build_array", detail))
    text = expressions.concatenation((expressions.text_literal(Problem.CHECK.value + ":"), listed))
    query = Query().select(text).only(expressions.all_of((*ties, expressions.is_true(allowed, negated=True))))
    for source in sources:
        query.from_(source)
    return query.order(order).limit(1)


def compile_unfit(plan: Unfit, draft: StatementDraft) -> Query:
    """Return the statement of an Unfit."""
    row = RowReference(alias=draft.alias())
    key = row.column(plan.key.name)
    unfit = expressions.is_true(compile_condition(plan.check, row, draft), negated=True)
    named = expressions.equal_to_any(key, expressions.parameter(plan.ids))
    first = Query().from_(table_source(plan.table, row.alias)).select(key)
    first.only(expressions.all_of((named, unfit))).order(key).limit(1)
    return Query().select(expressions.scalar(first))


def future_values(
    assignments: Sequence[Assignment], targets: Sequence[tuple[str, Expression]], row: RowReference | None = None
) -> Mapping[str, Expression]:
    """Return the values that columns will have: of the assignments, over the row as it is, and of the references."""
    values = {
        one.column.name: expressions.cast(expressions.NULL, one.column.type)
        if isinstance(one.value, Null)
        else assigned_value(one, row)
        for one in assignments
    }
    return values | dict(targets)
