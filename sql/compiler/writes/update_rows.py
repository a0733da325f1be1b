"""The statements of nested writes: each row names a record, which is found, or changed in a way of its own."""

from dataclasses import replace
from functools import partial

from fieldstone.sql.compiler import aggregation, expressions
from fieldstone.sql.compiler.filters import compile_condition, crosses
from fieldstone.sql.compiler.scope import FutureRow, RowReference, StatementDraft
from fieldstone.sql.compiler.terms import Expression, FromItem, Query, rows_source, table_source
from fieldstone.sql.compiler.writes.changed_values import assigned_value
from fieldstone.sql.compiler.writes.insert import given_targets
from fieldstone.sql.compiler.writes.mutate import answer_row, event_rows
from fieldstone.sql.compiler.writes.pairs import pair, unpaired
from fieldstone.sql.compiler.writes.references import (
    find_target,
    is_kept,
    target_columns,
)
from fieldstone.sql.compiler.writes.rights import (
    compile_allowed,
    compile_taking,
    future_values,
    lockable,
    refused_row,
    telling,
    with_ways,
)
from fieldstone.sql.compiler.writes.write_guard import compile_guard, compile_problem, first_missing
from fieldstone.sql.plan.write import Problem
from fieldstone.sql.plan.writes.changes import Hold, UpdateRows
from fieldstone.sql.plan.writes.look_ups import Find
from fieldstone.sql.plan.writes.rights import Rights
from fieldstone.sql.types import SqlType


def compile_update_rows(plan: UpdateRows, draft: StatementDraft) -> Query:
    """Return the statement of an UpdateRows.

    Its WITH queries are those of an Update, and `given`: the input's rows.
    """
    statement = Query().with_(given_changes(plan, draft), "given").with_(_locked(plan, draft), "locked")
    statement.with_(_verdict(plan, draft), "verdict")
    row, given = RowReference(alias=draft.alias()), FromItem("given", draft.alias())
    change = Query().update(table_source(plan.table, row.alias))
    for name, value in _values(plan, row, given):
        change.set(name, value)
    there = expressions.equal_to_any(row.column(plan.key.name), _ids("locked", plan.key.name, draft, is_table=True))
    same = expressions.equal(expressions.result(given.alias, "id"), row.column(plan.key.name))
    terms = [there, same, compile_guard(draft), *_moves(plan, row, given)]
    change.from_(given).only(expressions.all_of(terms)).returning(expressions.whole_row(row.alias))
    statement.with_(change, "written")
    written, locked = FromItem("written", draft.alias()), FromItem("locked", draft.alias())
    key = expressions.column(written.alias, plan.key.name)
    event = event_rows(plan.event, key, locked.alias, written.alias).from_(written)
    is_pair = pair(event, locked, expressions.equal(expressions.column(locked.alias, plan.key.name), key))
    statement.with_(event.only(is_pair).order(key), "event")
    if (rights := telling(plan.rights)) is not None:
        ids, ways = _taken(plan, rights, draft)
        return with_ways(answer_row(statement, compile_problem(draft), ids, expressions.NULL_TEXT), ways)
    is_moving = plan.hold is not None and plan.hold.moves
    ids = _ids("written", plan.key.name, draft, is_table=True) if is_moving else expressions.NULL_UUIDS
    return answer_row(statement, compile_problem(draft), ids, expressions.NULL_TEXT)


def _taken(plan: UpdateRows, rights: Rights, draft: StatementDraft) -> tuple[Expression, Expression]:
    """Return the ids of the rows written, and beside them the marks of the ways that took each."""
    alias = draft.alias()
    id_ = expressions.column(alias, plan.key.name)
    ids = expressions.array_from(Query().from_(FromItem("written", alias)).select(id_).order(id_))
    given, locked = FromItem("given", draft.alias()), FromItem("locked", draft.alias())
    written, row = FromItem("written", draft.alias()), RowReference(alias=locked.alias)
    key = row.column(plan.key.name)
    old, new, marks = _judged_row(plan, rights, row, given)
    query = Query().from_(given).select(compile_taking(rights, old, new, draft, marks=marks))
    id_ = expressions.column(written.alias, plan.key.name)
    terms = [
        pair(query, locked, expressions.equal(key, expressions.result(given.alias, "id"))),
        pair(query, written, expressions.equal(id_, key)),
    ]
    return ids, expressions.array_from(query.only(expressions.all_of(terms)).order(key))


def compile_find(plan: Find, draft: StatementDraft) -> Query:
    """Return the statement of a Find."""
    names = ["v" + str(index) for index in range(len(plan.lookups))]
    kinds = [(name, lookup[0].type) for name, lookup in zip(names, plan.lookups, strict=True)]
    document = expressions.rows_of_json(expressions.json_parameter(plan.rows), kinds)
    given = rows_source(document, draft.alias(), (*names, "position"))
    there = RowReference(alias=draft.alias())
    terms = [
        expressions.any_of(
            [expressions.equal(there.column(column.name), expressions.result(given.alias, name)) for column in lookup]
        )
        for name, lookup in zip(names, plan.lookups, strict=True)
    ]
    found = Query().from_(table_source(plan.table, there.alias)).select(there.column(plan.result.name))
    found.only(expressions.all_of([*terms, compile_condition(plan.condition, there, draft)])).limit(1)
    order = expressions.result(given.alias, "position")
    listed = aggregation.aggregate("json_agg", expressions.scalar(found), order=order)
    return Query().from_(given).select(expressions.cast_to_text(listed))


def given_changes(plan: UpdateRows, draft: StatementDraft) -> Query:
    """Return the given rows: id, parent and given; the values c0.., the references' inputs g0.., their keys r0..."""
    kinds = {"id": SqlType.UUID, "parent": SqlType.UUID, "given": SqlType.TEXT}
    kinds |= {"v" + str(index): column.type for index, column in enumerate(plan.columns)}
    admitted = None if plan.rights is None else plan.rights.admitted
    if isinstance(admitted, str):
        kinds[admitted] = SqlType.TEXT
    for reference in plan.references:
        kinds.setdefault(str(reference.source), reference.lookup.type)
    document = expressions.rows_of_json(expressions.json_parameter(plan.rows), list(kinds.items()))
    names = {name: "x" + str(index) for index, name in enumerate(kinds)}
    source = rows_source(document, draft.alias(), (*names.values(), "position"))
    row = RowReference(alias=source.alias, names=names)
    query = Query().from_(source)
    query.select(*[expressions.named(row.column(name), name) for name in ("id", "parent", "given")])
    query.select(
        *[expressions.named(row.column("v" + str(n)), "c" + str(n)) for n in range(len(plan.columns))],
    )
    if isinstance(admitted, str):
        query.select(expressions.named(row.column(admitted), "ways"))
    for index, reference in enumerate(plan.references):
        target = find_target(reference, row.column(str(reference.source)), draft)
        query.select(expressions.named(target.given, "g" + str(index)), expressions.named(target.key, "r" + str(index)))
    return query.select(expressions.result(source.alias, "position"))


def _locked(plan: UpdateRows, draft: StatementDraft) -> Query:
    row = RowReference(alias=draft.alias())
    key = row.column(plan.key.name)
    there = expressions.equal_to_any(key, _ids("given", "id", draft, is_table=False))
    locked = Query().from_(table_source(plan.table, row.alias)).select(expressions.whole_row(row.alias))
    meant = lockable(plan.condition, plan.rights)
    condition = compile_condition(meant, row, draft)
    if crosses(meant):
        # In this form it is tested again for a row that was changed while its lock was waited for.
        condition = expressions.is_true(condition)
    locked.only(expressions.all_of((there, condition)))
    return locked.order(key).for_update()


def _ids(source: str, name: str, draft: StatementDraft, *, is_table: bool) -> Expression:
    alias = draft.alias()
    column = expressions.column(alias, name) if is_table else expressions.result(alias, name)
    return expressions.array_from(Query().from_(FromItem(source, alias)).select(column))


def _verdict(plan: UpdateRows, draft: StatementDraft) -> Query:
    """Return the verdict: the first row that no rule allows, then without its record, without a target, not allowed."""
    problems = []
    rights = plan.rights
    if rights is not None and rights.has_rule:
        problems.append(expressions.scalar(_forbidden(plan, draft)))
    if rights is not None and rights.admitted is not None and len({way.rule for way in rights.ways}) > 1:
        # A row is locked by the rule of any way, and needs that of a way which admits its data.
        rules = replace(rights, ways=tuple(replace(way, check=None) for way in rights.ways))
        problems.append(expressions.scalar(_refused(plan, rules, draft)))
    given, locked = FromItem("given", draft.alias()), FromItem("locked", draft.alias())
    there = RowReference(alias=locked.alias)
    position = expressions.result(given.alias, "position")
    text = expressions.concatenation(
        (
            expressions.text_literal(Problem.NOT_FOUND.value + ":["),
            expressions.cast_to_text(expressions.less_one(position)),
            expressions.text_literal("]"),
        )
    )
    absent = Query().from_(given).select(text)
    gone = [unpaired(absent, locked, there.column(plan.key.name), _is_meant(plan, there, given))]
    if plan.hold is not None and plan.hold.moves and rights is not None and rights.has_rule:
        # One that no rule allows to be changed, and that hangs there already, is not to be changed.
        staying = RowReference(alias=draft.alias())
        stays = _found(plan, given, staying, draft, _hangs(plan.hold, staying, given))
        gone.append(expressions.exists(stays, negated=True))
    problems.append(expressions.scalar(absent.only(expressions.all_of(gone)).order(position).limit(1)))
    if any(reference.condition is not None for reference in plan.references):
        judged = FromItem("given", draft.alias())
        kept = partial(is_kept, key=plan.key, named=expressions.result(judged.alias, "id"), draft=draft)
        problems.append(expressions.scalar(first_missing(given_targets(plan, judged), judged, kept)))
    if rights is not None and rights.has_check:
        problems.append(expressions.scalar(_refused(plan, rights, draft)))
    return Query().select(expressions.named(expressions.coalesce(*problems), "problem"))


def _forbidden(plan: UpdateRows, draft: StatementDraft) -> Query:
    """Return the problem of the first row whose record is not locked, but is found without a lock."""
    given, locked = FromItem("given", draft.alias()), FromItem("locked", draft.alias())
    there = RowReference(alias=draft.alias())
    found = _found(plan, given, there, draft, *_moves(plan, there, given))
    key = expressions.column(locked.alias, plan.key.name)
    position = expressions.result(given.alias, "position")
    details = expressions.json_list(expressions.less_one(position))
    text = expressions.concatenation(
        (expressions.text_literal(Problem.FORBIDDEN.value + ":"), expressions.cast_to_text(details))
    )
    query = Query().from_(given).select(text)
    is_free = unpaired(query, locked, key, expressions.equal(key, expressions.result(given.alias, "id")))
    # A join with the table would make another one of the pairs' join.
    is_there = expressions.is_true(expressions.exists(found))
    return query.only(expressions.all_of((is_free, is_there))).order(position).limit(1)


def _found(plan: UpdateRows, given: FromItem, there: RowReference, draft: StatementDraft, *ties: Expression) -> Query:
    """Return the query for the record of a row that is there under these conditions, locked or not."""
    terms = [_is_meant(plan, there, given), compile_condition(plan.condition, there, draft), *ties]
    return Query().from_(table_source(plan.table, there.alias)).select(expressions.ONE).only(expressions.all_of(terms))


def _is_meant(plan: UpdateRows, row: RowReference, given: FromItem) -> Expression:
    """Return the condition that a record has the id of a row, and hangs on its parent if it must."""
    terms = [expressions.equal(row.column(plan.key.name), expressions.result(given.alias, "id"))]
    if plan.hold is not None and not plan.hold.moves:
        terms.append(_hangs(plan.hold, row, given))
    return expressions.all_of(terms)


def _moves(plan: UpdateRows, row: RowReference, given: FromItem) -> list[Expression]:
    """Return the condition on the records that are made to hang on another parent, where any are."""
    if plan.hold is None or not plan.hold.moves:
        return []
    return [expressions.is_true(_hangs(plan.hold, row, given), negated=True)]


def _refused(plan: UpdateRows, rights: Rights, draft: StatementDraft) -> Query:
    """Return the problem of the first row whose record no way allows as it will be."""
    given, locked = FromItem("given", draft.alias()), FromItem("locked", draft.alias())
    row = RowReference(alias=locked.alias)
    old, new, marks = _judged_row(plan, rights, row, given)
    allowed = compile_allowed(rights, old, new, draft, marks=marks)
    position = expressions.result(given.alias, "position")
    rows = Query().from_(given)
    terms = [pair(rows, locked, _is_meant(plan, row, given)), *_moves(plan, row, given)]
    return refused_row(rows, allowed, expressions.less_one(position), position, *terms)


def _judged_row(
    plan: UpdateRows, rights: Rights, row: RowReference, given: FromItem
) -> tuple[RowReference | None, FutureRow, Expression | None]:
    """Return a row as it is, if its rule has to be looked at, as it will be, and the marks of its data."""
    values = future_values(plan.assignments, given_columns(plan, row, given), row)
    marks = None if rights.admitted is None else expressions.result(given.alias, "ways")
    return row if len(rights.ways) > 1 else None, FutureRow(alias=row.alias, values=values), marks


def _hangs(hold: Hold, row: RowReference, given: FromItem) -> Expression:
    return expressions.equal(row.column(hold.column.name), expressions.result(given.alias, "parent"))


def _values(plan: UpdateRows, row: RowReference, given: FromItem) -> list[tuple[str, Expression]]:
    """Return the columns to set, each with its value."""
    assigned = ((one.column.name, assigned_value(one)) for one in plan.assignments)
    return [*given_columns(plan, row, given), *assigned]


def given_columns(plan: UpdateRows, row: RowReference, given: FromItem) -> list[tuple[str, Expression]]:
    """Return the columns that the input's rows set, in the order of their marks, each with the value that it gets."""
    values = [
        *((column.name, expressions.result(given.alias, "c" + str(n))) for n, column in enumerate(plan.columns)),
        *target_columns(given_targets(plan, given)),
    ]
    bits = expressions.result(given.alias, "given")
    found = [
        (name, expressions.case([(expressions.is_marked(bits, place), value)], otherwise=row.column(name)))
        for place, (name, value) in enumerate(values)
    ]
    if plan.hold is not None and plan.hold.moves:
        found.append((plan.hold.column.name, expressions.result(given.alias, "parent")))
    return found
