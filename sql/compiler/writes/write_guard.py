"""The guard of a write, as the WITH query `verdict` of one row: the problem's text, or NULL."""

from collections.abc import Sequence
from functools import partial

from fieldstone.sql.compiler import aggregation, expressions
from fieldstone.sql.compiler.filters import compile_condition, with_guards
from fieldstone.sql.compiler.output import UTC
from fieldstone.sql.compiler.scope import FutureRow, RowReference, StatementDraft
from fieldstone.sql.compiler.terms import Expression, FromItem, Query, rows_source, table_source
from fieldstone.sql.compiler.writes.changed_values import out_of_range
from fieldstone.sql.compiler.writes.pairs import pair, unpaired
from fieldstone.sql.compiler.writes.references import (
    Kept,
    ResolvedReference,
    is_target,
    missing_targets,
    source_parameter,
    target_columns,
    target_problem,
)
from fieldstone.sql.compiler.writes.rights import compile_allowed, compile_taking, future_values, refused_row
from fieldstone.sql.plan.elements import Comparison
from fieldstone.sql.plan.operands import Column, Parameter
from fieldstone.sql.plan.write import Problem
from fieldstone.sql.plan.writes.changes import Delete, Expected, Update
from fieldstone.sql.plan.writes.elements import Reference
from fieldstone.sql.plan.writes.rights import Rights


def first_missing(targets: Sequence[ResolvedReference], given: FromItem, kept: Kept | None = None) -> Query:
    """Return the problem of the first of the given rows that has no target."""
    position = expressions.result(given.alias, "position")
    missing = missing_targets(targets, kept)
    texts = [target_problem(index, expressions.less_one(position)) for index in range(len(targets))]
    first = Query().from_(given).select(expressions.case(zip(missing, texts, strict=True)))
    return first.only(expressions.any_of(missing)).order(position).limit(1)


def verdict_of(problems: Sequence[Query]) -> Query:
    """Return the verdict that is the first of these problems."""
    found = [expressions.scalar(problem) for problem in problems]
    return Query().select(expressions.named(found[0] if len(found) == 1 else expressions.coalesce(*found), "problem"))


def missing_problem(references: Sequence[Reference], draft: StatementDraft, *, is_checked: bool) -> Expression:
    """Return the problem of one row that was not written: the first of its references without a target, or its check.

    It is the last one where it is none before it, which need not be looked up.
    """
    branches = []
    for index, reference in enumerate(references if is_checked else references[:-1]):
        there = RowReference(alias=draft.alias())
        query = Query().from_(table_source(reference.table, there.alias)).select(expressions.ONE)
        query.only(is_target(reference, source_parameter(reference), there, draft))
        branches.append((expressions.exists(query, negated=True), _first_row_problem(index)))
    last = _first_row_problem(len(references) - 1)
    if is_checked:
        last = expressions.text_literal(f"{Problem.CHECK.value}:[0]")
    return expressions.case(branches, otherwise=last) if branches else last


def _first_row_problem(index: int) -> Expression:
    return expressions.text_literal(f"{Problem.TARGET_NOT_FOUND.value}:[{index},0]")


def compile_verdict(
    plan: Update | Delete, meant: str, targets: Sequence[ResolvedReference], draft: StatementDraft
) -> Query:
    """Return the verdict on the rows locked; the WITH query `meant` has one row for each record to write."""
    count = Query().from_(FromItem(meant, draft.alias())).select(expressions.COUNT)
    beyond = expressions.compare(expressions.scalar(count), Comparison.GT, expressions.number(plan.limit))
    problems = [expressions.case([(beyond, expressions.text_literal(Problem.TOO_MANY.value))])]
    if plan.rights is not None and plan.rights.has_rule and not plan.rights.refuses:
        problems += [expressions.scalar(query) for query in _forbidden(plan, draft)]
    if plan.ids is not None:
        problems.append(expressions.scalar(absent_ids(plan.key, plan.ids, draft)))
    elif plan.must_match:
        nothing = expressions.exists(
            Query().from_(FromItem("locked", draft.alias())).select(expressions.ONE), negated=True
        )
        problems.append(expressions.case([(nothing, expressions.text_literal(f"{Problem.NOT_FOUND.value}:[]"))]))
    if plan.expected is not None:
        problems.append(expressions.scalar(changed_row(plan.expected, draft)))
    if isinstance(plan, Update):
        problems += [expressions.scalar(query) for query in out_of_range(plan.assignments, plan.key, draft)]
    problems += [
        expressions.case([(missing, target_problem(index, expressions.number(0)))])
        for index, missing in enumerate(missing_targets(targets, partial(_all_have, draft=draft)))
    ]
    if plan.rights is not None and plan.rights.has_check:
        problems.append(expressions.scalar(_refused(plan, plan.rights, targets, draft)))
    return Query().select(expressions.named(expressions.coalesce(*problems), "problem"))


def _all_have(target: ResolvedReference, draft: StatementDraft) -> Expression:
    """Return the condition that all locked rows have the key, unknown without any."""
    locked = FromItem("locked", draft.alias())
    has = expressions.equal(expressions.column(locked.alias, target.reference.column.name), target.given)
    every = aggregation.aggregate("bool_and", expressions.is_true(has))
    return expressions.scalar(Query().from_(locked).select(every))


def _forbidden(plan: Update | Delete, draft: StatementDraft) -> list[Query]:
    """Return the problem of the records that are named and not locked, but that the condition finds without a lock."""
    row, locked = RowReference(alias=draft.alias()), FromItem("locked", draft.alias())
    key = row.column(plan.key.name)
    condition = compile_condition(plan.condition, with_guards(plan.table, row.alias, draft), draft)
    source, opening = table_source(plan.table, row.alias), expressions.text_literal(Problem.FORBIDDEN.value + ":")
    if plan.ids is not None:
        absent, id_, _ = _absent(plan.key, plan.ids, draft)
        named = expressions.equal_to_any(key, expressions.array_from(absent.select(id_)))
        listed = aggregation.aggregate("json_agg", key, order=key)
        found = Query().from_(source).select(expressions.concatenation((opening, expressions.cast_to_text(listed))))
        return [found.only(expressions.all_of((named, condition)))]
    if not plan.must_match:
        return []
    there = Query().from_(locked).select(expressions.ONE)
    text = expressions.text_literal(Problem.FORBIDDEN.value + ":[]")
    found = (
        Query()
        .from_(source)
        .select(text)
        .only(expressions.all_of((condition, expressions.exists(there, negated=True))))
    )
    return [found.limit(1)]


def _refused(
    plan: Update | Delete, rights: Rights, targets: Sequence[ResolvedReference], draft: StatementDraft
) -> Query:
    """Return the problem of the first locked row that no way allows as it will be, or as it is if it is removed."""
    locked = FromItem("locked", draft.alias())
    row = RowReference(alias=locked.alias)
    old = row if rights.refuses or len(rights.ways) > 1 else None
    new = _changed_row(plan, targets, row)
    allowed = compile_allowed(rights, old, new, draft, marks=_parameter_marks(rights))
    key = row.column(plan.key.name)
    return refused_row(Query().from_(locked), allowed, key, key)


def taking_ways(
    plan: Update, rights: Rights, targets: Sequence[ResolvedReference], draft: StatementDraft
) -> Expression:
    """Return the marks of the ways that took each row written, in the order of the keys."""
    locked, written = FromItem("locked", draft.alias()), FromItem("written", draft.alias())
    row = RowReference(alias=locked.alias)
    new = _changed_row(plan, targets, row)
    marks = compile_taking(rights, row, new, draft, marks=_parameter_marks(rights))
    key = row.column(plan.key.name)
    query = Query().from_(locked).select(marks)
    same = expressions.equal(expressions.column(written.alias, plan.key.name), key)
    is_pair = pair(query, written, same, is_one=plan.limit == 1)
    return expressions.array_from(query.only(is_pair).order(key))


def _changed_row(plan: Update | Delete, targets: Sequence[ResolvedReference], row: RowReference) -> FutureRow:
    """Return the row as it will be, or as it is if it is removed."""
    values = future_values(plan.assignments if isinstance(plan, Update) else (), target_columns(targets), row)
    return FutureRow(alias=row.alias, values=values)


def _parameter_marks(rights: Rights) -> Expression | None:
    return expressions.parameter(rights.admitted) if isinstance(rights.admitted, Parameter) else None


def changed_row(expected: Expected, draft: StatementDraft, named: tuple[Column, Parameter] | None = None) -> Query:
    """Return the problem of a locked row that was changed at another time than the one expected.

    Rows that are `named`, by a key and the array of its values, have a time each in the places of that array.
    """
    locked = FromItem("locked", draft.alias())
    changed = expressions.column(locked.alias, expected.column.name)
    earliest, before = expressions.parameter(expected.earliest), expressions.parameter(expected.before)
    told = [expressions.call("timezone", UTC, changed)]
    query = Query().from_(locked)
    if named is not None:
        key, ids = expressions.column(locked.alias, named[0].name), expressions.parameter(named[1])
        place = expressions.call("array_position", ids, key)
        earliest, before = expressions.element(earliest, place), expressions.element(before, place)
        told += [key, expressions.less_one(place)]
        query.order(place)
    is_as_expected = expressions.all_of(
        [
            expressions.compare(changed, Comparison.GE, earliest),
            expressions.compare(changed, Comparison.LT, before),
        ]
    )
    details = expressions.cast_to_text(expressions.json_list(*told))
    text = expressions.concatenation((expressions.text_literal(Problem.CHANGED.value + ":"), details))
    return query.select(text).only(expressions.negation(expressions.is_true(is_as_expected))).limit(1)


def absent_ids(key: Column, ids: Parameter, draft: StatementDraft) -> Query:
    """Return the problem of the ids that are not locked, NULL where all are."""
    query, identifier, position = _absent(key, ids, draft)
    listed = expressions.cast_to_text(aggregation.aggregate("json_agg", identifier, order=position))
    text = expressions.concatenation((expressions.text_literal(Problem.NOT_FOUND.value + ":"), listed))
    return query.select(text)


def _absent(key: Column, ids: Parameter, draft: StatementDraft) -> tuple[Query, Expression, Expression]:
    """Return the query for the ids that are not locked, short of its select list, with the id and its place."""
    wanted = rows_source(expressions.call("unnest", expressions.parameter(ids)), draft.alias(), ("id", "position"))
    locked = FromItem("locked", draft.alias())
    identifier, there = expressions.result(wanted.alias, "id"), expressions.column(locked.alias, key.name)
    query = Query().from_(wanted)
    query.only(unpaired(query, locked, there, expressions.equal(there, identifier)))
    return query, identifier, expressions.result(wanted.alias, "position")


def compile_guard(draft: StatementDraft) -> Expression:
    """Return the condition that the verdict has no problem."""
    return expressions.is_null(compile_problem(draft))


def compile_problem(draft: StatementDraft) -> Expression:
    """Return the verdict's problem."""
    alias = draft.alias()
    return expressions.scalar(Query().from_(FromItem("verdict", alias)).select(expressions.result(alias, "problem")))
