"""The rights of a write: which rows may be locked for it, and the first one that no way allows as it will be."""

from collections.abc import Callable, Mapping, Sequence

from fieldstone.sql.compiler import expressions
from fieldstone.sql.compiler.filters import compile_condition
from fieldstone.sql.compiler.scope import RowReference, StatementDraft
from fieldstone.sql.compiler.terms import Expression, Query, rows_source, table_source
from fieldstone.sql.compiler.writes.changed_values import assigned_value
from fieldstone.sql.plan.elements import And, Condition
from fieldstone.sql.plan.write import Problem
from fieldstone.sql.plan.writes.elements import Assignment, Null
from fieldstone.sql.plan.writes.look_ups import Unfit
from fieldstone.sql.plan.writes.rights import Rights

Terms = Callable[[int], Sequence[Expression]]
"""More terms for the way at a place."""


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
    return expressions.any_of(_options(rights, old, new, draft, marks))


def compile_taking(
    rights: Rights,
    old: RowReference | None,
    new: RowReference,
    draft: StatementDraft,
    *,
    marks: Expression | None = None,
    more: Terms = lambda _: (),
) -> Expression:
    """Return the text that marks the ways which allow a write, with the arguments of `compile_allowed`.

    `more` has further terms of each way.
    """
    taken, left = expressions.text_literal("1"), expressions.text_literal("0")
    return expressions.concatenation(
        [
            expressions.case([(expressions.all_of((option, *more(place))), taken)], otherwise=left)
            for place, option in enumerate(_options(rights, old, new, draft, marks))
        ]
    )


def _options(
    rights: Rights, old: RowReference | None, new: RowReference, draft: StatementDraft, marks: Expression | None
) -> list[Expression]:
    """Return for each way the condition that it allows a write."""
    options: list[Expression] = []
    for place, way in enumerate(rights.ways):
        terms = [] if marks is None else [expressions.is_marked(marks, place)]
        if old is not None and way.rule is not None:
            terms.append(expressions.is_true(compile_condition(way.rule, old, draft)))
        if way.check is not None:
            terms.append(expressions.is_true(compile_condition(way.check, new, draft)))
        options.append(expressions.all_of(terms))
    return options


def telling(rights: Rights | None) -> Rights | None:
    """Return the rights if they tell ways."""
    return rights if rights is not None and rights.tells_ways else None


def with_ways(answer: Query, ways: Expression) -> Query:
    """Add the column of an answer that Rights with `tells_ways` ask for: a text[] beside the ids."""
    return answer.select(expressions.named(ways, "ways"))


def refused_row(rows: Query, allowed: Expression, detail: Expression, order: Expression, *terms: Expression) -> Query:
    """Return the problem of the first of the rows under these terms that is not allowed; `rows` has a FROM alone."""
    listed = expressions.cast_to_text(expressions.json_list(detail))
    text = expressions.concatenation((expressions.text_literal(Problem.CHECK.value + ":"), listed))
    refused = expressions.all_of((*terms, expressions.is_true(allowed, negated=True)))
    return rows.select(text).only(refused).order(order).limit(1)


def compile_unfit(plan: Unfit, draft: StatementDraft) -> Query:
    """Return the statement of an Unfit."""
    row = RowReference(alias=draft.alias())
    key, ids = row.column(plan.key.name), expressions.parameter(plan.ids)
    table = table_source(plan.table, row.alias)
    checks = [expressions.TRUE if check is None else compile_condition(check, row, draft) for check in plan.checks]
    if plan.ways is None:
        unfit = expressions.is_true(expressions.any_of(checks), negated=True)
        first = Query().from_(table).select(key).only(expressions.all_of((expressions.equal_to_any(key, ids), unfit)))
        return Query().select(expressions.scalar(first.order(key).limit(1)))
    pairs = expressions.call("unnest", ids, expressions.parameter(plan.ways))
    taken = rows_source(pairs, draft.alias(), ("id", "ways", "position"))
    id_, marks = expressions.result(taken.alias, "id"), expressions.result(taken.alias, "ways")
    options = [expressions.all_of((expressions.is_marked(marks, place), check)) for place, check in enumerate(checks)]
    # A join could follow an estimate, and read the whole table in the order of its key.
    unfit = expressions.is_true(expressions.any_of(options), negated=True)
    found = Query().from_(table).select(expressions.parenthesised(unfit)).only(expressions.equal(key, id_))
    first = Query().from_(taken).select(id_).only(expressions.scalar(found))
    return Query().select(expressions.scalar(first.order(id_).limit(1)))


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
