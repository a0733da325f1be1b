"""The verdict of a role's merge: the first row that no rule allows to be written, or no way as it will be."""

from collections.abc import Sequence

from fieldstone.sql.compiler import expressions
from fieldstone.sql.compiler.filters import compile_condition, crosses
from fieldstone.sql.compiler.scope import RowReference, StatementDraft
from fieldstone.sql.compiler.terms import Expression, FromItem, Query
from fieldstone.sql.compiler.writes.rights import Terms, compile_allowed
from fieldstone.sql.plan.elements import Condition
from fieldstone.sql.plan.write import Problem
from fieldstone.sql.plan.writes.rights import AllowedWay, Rights


def lock_condition(condition: Condition, row: RowReference, draft: StatementDraft) -> Expression:
    """Return a condition on rows that are locked, in a form that is never a join (`mutate.py` tells why)."""
    compiled = compile_condition(condition, row, draft)
    return expressions.is_true(compiled) if crosses(condition) else compiled


def refusals(
    rights: Rights | None,
    action: str,
    sources: Sequence[FromItem],
    old: RowReference,
    new: RowReference,
    key: Expression,
    draft: StatementDraft,
    *,
    wanted: Expression,
    more: Terms = lambda _: (),
) -> list[Query]:
    """Return the problems of the first of the `wanted` rows that the rights refuse.

    Args:
        rights: those of the action; None: all rows may be written.
        action: as messages name it.
        sources: the queries that have the rows as they are.
        old: the row as it is.
        new: the row as it will be.
        key: its id.
        draft: the statement.
        wanted: the condition of the rows that the action is on.
        more: further terms of each way.
    """
    if rights is None:
        return []
    places = range(len(rights.ways))
    found: list[Query] = []
    for problem, ways in (
        (Problem.FORBIDDEN, [AllowedWay(rule=way.rule) for way in rights.ways]),
        (Problem.CHECK, rights.ways),
    ):
        options = [
            expressions.all_of([compile_allowed(Rights(ways=(ways[place],)), old, new, draft), *more(place)])
            for place in places
        ]
        refused = expressions.is_true(expressions.any_of(options), negated=True)
        details = expressions.json_list(key, expressions.text_literal(action))
        opening = expressions.text_literal(problem.value + ":")
        query = Query().select(expressions.concatenation((opening, expressions.cast_to_text(details))))
        for source in sources:
            query.from_(source)
        found.append(query.only(expressions.all_of((wanted, refused))).order(key).limit(1))
        if all(way.check is None for way in rights.ways):
            break
    return found
