"""The problems of an upsert's placed rows, each as a query that returns the first one, or none."""

from collections.abc import Sequence
from functools import partial

from fieldstone.sql.compiler import aggregation, expressions
from fieldstone.sql.compiler.scope import FutureRow, RowReference, StatementDraft
from fieldstone.sql.compiler.terms import Expression, FromItem, Query, query_source, table_source
from fieldstone.sql.compiler.writes.insert import given_targets
from fieldstone.sql.compiler.writes.pairs import pair
from fieldstone.sql.compiler.writes.references import is_kept
from fieldstone.sql.compiler.writes.rights import compile_allowed, compile_taking, future_values, refused_row, telling
from fieldstone.sql.compiler.writes.upserts.upsert_rows import UpsertRows, permitted
from fieldstone.sql.compiler.writes.write_guard import first_missing
from fieldstone.sql.plan.elements import Comparison
from fieldstone.sql.plan.write import Problem
from fieldstone.sql.plan.writes.rights import Rights
from fieldstone.sql.plan.writes.upserts import Upsert


def lock_all(draft: StatementDraft) -> Query:
    """Return no problem, after all rows are locked.

    PostgreSQL runs a WITH query only as far as it is read, and FOR UPDATE passes over a row that its own statement has
    changed.
    """
    never = expressions.compare(expressions.COUNT, Comparison.LT, expressions.number(0))
    locked = Query().from_(FromItem("locked", draft.alias()))
    return locked.select(expressions.case([(never, expressions.NULL_TEXT)]))


def find_problems(plan: Upsert, draft: StatementDraft) -> list[Query]:
    """Return the problems that the keys of other records are not, in the order in which they count."""
    problems: list[Query] = []
    if plan.references:
        rows = FromItem("placed", draft.alias())
        kept = partial(is_kept, key=plan.key, named=expressions.result(rows.alias, "target"), draft=draft)
        problems.append(first_missing(given_targets(plan, rows), rows, kept))
    if plan.many:
        problems += [_key_twice(plan, place, draft) for place in range(len(plan.keys))]
    others = [place for place in plan.by if place != 0]
    if len(others) > 1:
        problems.append(_two_records(plan, others, draft))
    if plan.many and len(plan.by) > 1:
        problems.append(_record_twice(plan, draft))
    if plan.rights is not None and plan.rights.has_check:
        problems.append(_creation_refused(plan, plan.rights, draft))
    if plan.updating is not None and plan.updating.has_check:
        problems.append(_change_refused(plan, plan.updating, draft))
    return problems


def find_clashes(plan: Upsert, draft: StatementDraft) -> list[Query]:
    """Return the problems of rows to insert that have the keys of other records."""
    return [_key_taken(plan, place, draft) for place in plan.clashing]


def _key_twice(plan: Upsert, place: int, draft: StatementDraft) -> Query:
    """Return the problem of a key that two rows have; one that was not given counts only in a row to insert."""
    rows = UpsertRows(plan, FromItem("placed", draft.alias()))
    values = rows.key_values(place)
    counts = expressions.any_of([expressions.is_null(rows.result("target")), rows.gives(place)])
    present = [expressions.is_null(value, negated=True) for value in values]
    twice = _with_earlier(plan, rows, values, [*present, counts], draft)
    details = [
        expressions.number(place),
        expressions.less_one(twice.result("earlier")),
        expressions.less_one(twice.position),
        expressions.json_list(*twice.key_values(place)),
    ]
    return _first(twice, Problem.KEY_TWICE, details, expressions.is_null(twice.result("earlier"), negated=True))


def _record_twice(plan: Upsert, draft: StatementDraft) -> Query:
    """Return the problem of a record that two rows mean."""
    rows = UpsertRows(plan, FromItem("placed", draft.alias()))
    target = rows.result("target")
    twice = _with_earlier(plan, rows, [target], [expressions.is_null(target, negated=True)], draft)
    details = [expressions.less_one(twice.result("earlier")), expressions.less_one(twice.position)]
    return _first(twice, Problem.RECORD_TWICE, details, expressions.is_null(twice.result("earlier"), negated=True))


def _with_earlier(
    plan: Upsert, rows: UpsertRows, values: Sequence[Expression], only: Sequence[Expression], draft: StatementDraft
) -> UpsertRows:
    """Return the rows, each with the position of the one before it that has the same values."""
    earlier = aggregation.over(expressions.call("lag", rows.position), by=values, order=rows.position)
    query = Query().from_(rows.source).select(expressions.whole_row(rows.source.alias))
    query.select(expressions.named(earlier, "earlier")).only(expressions.all_of(only))
    return UpsertRows(plan, query_source(query.text(), draft.alias()))


def _two_records(plan: Upsert, others: Sequence[int], draft: StatementDraft) -> Query:
    """Return the problem of a row whose keys are those of different records; the primary key alone decides."""
    rows = UpsertRows(plan, FromItem("placed", draft.alias()))
    differing = [
        (expressions.compare(rows.found_by(place), Comparison.NE, rows.found), rows.found_by(place)) for place in others
    ]
    details = [expressions.less_one(rows.position), rows.found, expressions.case(differing)]
    conditions = [expressions.any_of([differs for differs, _ in differing])]
    if 0 in plan.by:
        conditions.append(expressions.is_null(rows.found_by(0)))
    return _first(rows, Problem.TWO_RECORDS, details, expressions.all_of(conditions))


def _key_taken(plan: Upsert, place: int, draft: StatementDraft) -> Query:
    """Return the problem of a row to insert whose key another record has.

    The insertion would pass over it each time. A live row by whose key the row was looked for has lost that key since
    the statement began, or it would have been found: that is a lost race and no problem.
    """
    key, _ = plan.keys[place]
    rows = UpsertRows(plan, FromItem("placed", draft.alias()))
    row = RowReference(alias=draft.alias())
    conditions = [rows.has_key_of(row, place)]
    allowed = permitted(plan, row, draft)
    if plan.deleted_at is not None and (key.of_live or place in plan.by):
        there = expressions.is_null(row.column(plan.deleted_at.name), negated=not key.of_live)
        is_other = allowed is not expressions.TRUE and not key.of_live
        conditions.append(expressions.any_of([there, expressions.negation(allowed)]) if is_other else there)
    if place in plan.by and key.of_live and allowed is not expressions.TRUE:
        # A row that it was not looked for among, because it may not be changed, has not lost the key.
        conditions.append(expressions.any_of([expressions.negation(rows.gives(place)), expressions.negation(allowed)]))
    other = Query().from_(table_source(plan.table, row.alias)).select(expressions.ONE)
    taken = [
        expressions.is_null(rows.result("target")),
        expressions.exists(other.only(expressions.all_of(conditions))),
    ]
    if place in plan.by and key.of_live and allowed is expressions.TRUE:
        taken.append(expressions.negation(rows.gives(place)))
    details = [
        expressions.number(place),
        expressions.less_one(rows.position),
        expressions.json_list(*rows.key_values(place)),
    ]
    return _first(rows, Problem.KEY_TAKEN, details, expressions.all_of(taken))


def _creation_refused(plan: Upsert, rights: Rights, draft: StatementDraft) -> Query:
    """Return the problem of the first row to insert that no way allows.

    Whether a key of it is taken is told afterwards: a way that allows none must not tell of keys.
    """
    rows = UpsertRows(plan, FromItem("placed", draft.alias()))
    new, marks = _created_row(rights, rows)
    allowed = compile_allowed(rights, None, new, draft, marks=marks)
    is_new = expressions.is_null(rows.result("target"))
    return refused_row(Query().from_(rows.source), allowed, expressions.less_one(rows.position), rows.position, is_new)


def _change_refused(plan: Upsert, rights: Rights, draft: StatementDraft) -> Query:
    """Return the problem of the first row whose record no way allows as it will be."""
    rows, locked = UpsertRows(plan, FromItem("placed", draft.alias())), FromItem("locked", draft.alias())
    row = RowReference(alias=locked.alias)
    new, marks = _changed_row(rights, rows, row)
    allowed = compile_allowed(rights, row if len(rights.ways) > 1 else None, new, draft, marks=marks)
    same = expressions.equal(row.column(plan.key.name), rows.result("target"))
    pairs = Query().from_(rows.source)
    is_pair = pair(pairs, locked, same)
    return refused_row(pairs, allowed, expressions.less_one(rows.position), rows.position, is_pair)


def taking_ways(plan: Upsert, rows: UpsertRows, row: RowReference, draft: StatementDraft) -> Expression:
    """Return the marks of the ways that create a placed row, or change the locked `row` that it means."""
    creation = change = expressions.text_literal("")
    if (rights := telling(plan.rights)) is not None:
        new, marks = _created_row(rights, rows)
        creation = compile_taking(rights, None, new, draft, marks=marks)
    if (rights := telling(plan.updating)) is not None:
        new, marks = _changed_row(rights, rows, row)
        change = compile_taking(rights, row, new, draft, marks=marks)
    return expressions.case([(expressions.is_null(rows.result("target")), creation)], otherwise=change)


def _created_row(rights: Rights, rows: UpsertRows) -> tuple[FutureRow, Expression | None]:
    """Return a row to insert as it will be, and the marks of its data."""
    values = future_values(rows.plan.defaults, [*rows.values.items()])
    return FutureRow(alias="", values=values), None if rights.admitted is None else rows.result("ways")


def _changed_row(rights: Rights, rows: UpsertRows, row: RowReference) -> tuple[FutureRow, Expression | None]:
    """Return a locked row as it will be, and the marks of its data."""
    values = future_values(rows.plan.touched, rows.changed_values(row), row)
    return FutureRow(alias=row.alias, values=values), None if rights.admitted is None else rows.result("changing")


def _first(rows: UpsertRows, problem: Problem, details: Sequence[Expression], condition: Expression) -> Query:
    """Return the problem of the first row that has it."""
    text = expressions.concatenation(
        (expressions.text_literal(problem.value + ":"), expressions.cast_to_text(expressions.json_list(*details)))
    )
    query = Query().from_(rows.source).select(text).only(condition)
    return query.order(rows.position).limit(1) if rows.plan.many else query
