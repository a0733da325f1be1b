"""Insertions as one statement each: given, verdict, written, event (see sql/compiler/writes/mutate.py)."""

from collections.abc import Mapping, Sequence

from fieldstone.sql.compiler import aggregation, expressions
from fieldstone.sql.compiler.reads.select import compile_list_of_one
from fieldstone.sql.compiler.scope import FutureRow, RowReference, StatementDraft
from fieldstone.sql.compiler.terms import (
    Expression,
    FromItem,
    LeftJoin,
    Query,
    query_source,
    rows_source,
    table_source,
)
from fieldstone.sql.compiler.writes.changed_values import assigned_value
from fieldstone.sql.compiler.writes.mutate import answer_row, answer_text, event_rows
from fieldstone.sql.compiler.writes.pairs import pair
from fieldstone.sql.compiler.writes.references import (
    ResolvedReference,
    find_target,
    is_target,
    source_parameter,
    target_columns,
)
from fieldstone.sql.compiler.writes.rights import (
    compile_allowed,
    compile_taking,
    future_values,
    refused_row,
    telling,
    with_ways,
)
from fieldstone.sql.compiler.writes.write_guard import (
    compile_guard,
    compile_problem,
    first_missing,
    missing_problem,
    verdict_of,
)
from fieldstone.sql.plan.operands import Parameter
from fieldstone.sql.plan.writes.changes import UpdateRows
from fieldstone.sql.plan.writes.inserts import Insert, InsertOne
from fieldstone.sql.plan.writes.rights import Rights
from fieldstone.sql.plan.writes.upserts import Upsert
from fieldstone.sql.types import SqlType


def compile_insert(plan: Insert, draft: StatementDraft) -> Query:
    """Return the statement of an Insert."""
    statement = Query().with_(given_rows(plan, draft), "given")
    guard = expressions.TRUE
    problems: list[Query] = []
    if any(reference.condition is not None for reference in plan.references):
        judged = FromItem("given", draft.alias())
        problems.append(first_missing(given_targets(plan, judged), judged))
    if plan.rights is not None and plan.rights.has_check:
        problems.append(_refused(plan, plan.rights, draft))
    if problems:
        statement.with_(verdict_of(problems), "verdict")
        guard = compile_guard(draft)
    change = insert_given(plan, FromItem("given", draft.alias()), draft)
    written = FromItem("written", draft.alias())
    statement.with_(change.only(guard), "written").with_(created_events(plan, written), "event")
    answer = FromItem("written", draft.alias())
    ids = aggregation.aggregate("array_agg", expressions.column(answer.alias, plan.key.name))
    text = answer_text(plan.record, answer.alias, draft, None)
    problem = compile_problem(draft) if problems else expressions.NULL_TEXT
    query = answer_row(statement, problem, expressions.coalesce(ids, expressions.NO_UUIDS), text).from_(answer)
    rights = telling(plan.rights)
    return query if rights is None else with_ways(query, _taking_ways(plan, rights, draft))


def compile_insert_one(plan: InsertOne, draft: StatementDraft) -> Query:
    """Return the statement of an InsertOne.

    It reads the targets once, by joins, locks them as `find_target` does, and has no verdict: where no row was written,
    it names the missing target.
    """
    values = values_of_one(plan)
    conditions: list[Expression] = []
    sources: list[FromItem] = []
    for reference in plan.references:
        there = RowReference(alias=draft.alias())
        sources.append(table_source(reference.table, there.alias))
        values.append((reference.column.name, there.column(reference.key.name)))
        conditions.append(is_target(reference, source_parameter(reference), there, draft))
    checked = plan.rights if plan.rights is not None and plan.rights.has_check else None
    marks = expressions.parameter(checked.admitted) if checked and isinstance(checked.admitted, Parameter) else None
    if checked is not None:
        future = FutureRow(alias="", values=future_values(plan.defaults, values))
        conditions.append(compile_allowed(checked, None, future, draft, marks=marks))
    change = insert_values(plan, values, draft).only(expressions.all_of(conditions))
    for source in sources:
        change.from_(source).for_key_share()
    written = FromItem("written", draft.alias())
    statement = Query().with_(change, "written").with_(created_events(plan, written), "event")
    answer = FromItem("written", draft.alias())
    key = expressions.column(answer.alias, plan.key.name)
    problem = expressions.NULL_TEXT
    if plan.references or checked is not None:
        missing = missing_problem(plan.references, draft, is_checked=checked is not None)
        problem = expressions.case([(expressions.is_null(key), missing)])
    ids, text = answer_of_one(plan, answer, draft)
    one_row = query_source("SELECT", draft.alias())
    query = answer_row(statement, problem, ids, text).from_(one_row)
    query.join(LeftJoin(answer, expressions.TRUE))
    if (told := telling(checked)) is None:
        return query
    keys = [(one.column.name, expressions.column(answer.alias, one.column.name)) for one in plan.references]
    future = FutureRow(alias="", values=future_values(plan.defaults, [*values_of_one(plan), *keys]))
    return with_ways(query, expressions.array((compile_taking(told, None, future, draft, marks=marks),)))


def answer_of_one(plan: InsertOne, written: FromItem, draft: StatementDraft) -> tuple[Expression, Expression]:
    """Return the ids and the answer of an InsertOne from its row; no answer if PostgreSQL has passed over the row."""
    key = expressions.column(written.alias, plan.key.name)
    if plan.record is None:
        return expressions.array((key,)), expressions.NULL_TEXT
    text = compile_list_of_one(plan.record, RowReference(alias=written.alias), draft)
    return expressions.NULL_UUIDS, expressions.case([(expressions.is_null(key, negated=True), text)])


def _refused(plan: Insert, rights: Rights, draft: StatementDraft) -> Query:
    """Return the problem of the first given row that no way allows."""
    given = FromItem("given", draft.alias())
    new, marks = _judged_row(plan, rights, given)
    allowed = compile_allowed(rights, None, new, draft, marks=marks)
    position = expressions.result(given.alias, "position")
    return refused_row(Query().from_(given), allowed, expressions.less_one(position), position)


def _taking_ways(plan: Insert, rights: Rights, draft: StatementDraft) -> Expression:
    """Return the marks of the ways that took each row written, in the order of the given rows."""
    given, written = FromItem("given", draft.alias()), FromItem("written", draft.alias())
    new, marks = _judged_row(plan, rights, given)
    query = Query().from_(given).select(compile_taking(rights, None, new, draft, marks=marks))
    key = dict(given_columns(plan, given))[plan.key.name]
    is_pair = pair(query, written, expressions.equal(expressions.column(written.alias, plan.key.name), key))
    return expressions.array_from(query.only(is_pair).order(expressions.result(given.alias, "position")))


def _judged_row(plan: Insert, rights: Rights, given: FromItem) -> tuple[FutureRow, Expression | None]:
    """Return a given row as it will be, and the marks of its data."""
    marks = None if rights.admitted is None else expressions.result(given.alias, "ways")
    return FutureRow(alias="", values=future_values(plan.defaults, given_columns(plan, given))), marks


def insert_given(plan: Insert, given: FromItem, draft: StatementDraft) -> Query:
    """Return the INSERT of the given rows, in their order."""
    change = insert_values(plan, given_columns(plan, given), draft).from_(given)
    return change.order(expressions.result(given.alias, "position"))


def values_of_one(plan: InsertOne) -> list[tuple[str, Expression]]:
    """Return the columns that an InsertOne sets besides those of its references, each with its value."""
    return [(assignment.column.name, assigned_value(assignment)) for assignment in plan.values]


def insert_values(plan: Insert | InsertOne, values: Sequence[tuple[str, Expression]], draft: StatementDraft) -> Query:
    """Return the INSERT of these columns' values, short of where they come from."""
    row = RowReference(alias=draft.alias())
    change = Query().insert(table_source(plan.table, row.alias), [name for name, _ in values])
    return change.select(*[value for _, value in values]).returning(expressions.whole_row(row.alias))


def created_events(plan: Insert | InsertOne, written: FromItem) -> Query:
    """Return the event rows' INSERT of a create."""
    return event_rows(plan.event, expressions.column(written.alias, plan.key.name), None, written.alias).from_(written)


def given_rows(plan: Insert | Upsert, draft: StatementDraft) -> Query:
    """Return the given rows: the values c0.., the references' inputs g0.., their keys r0.., the position from 1."""
    kinds = {column.name: column.type for column in plan.columns}
    if isinstance(plan, Upsert):
        kinds[plan.given] = SqlType.TEXT
    marks = _marks(plan)
    kinds |= dict.fromkeys(marks, SqlType.TEXT)
    for reference in plan.references:
        kinds.setdefault(str(reference.source), reference.lookup.type)
    query, position = Query(), expressions.named(expressions.ONE, "position")
    if isinstance(plan.rows, Parameter):
        document = expressions.rows_of_json(expressions.json_parameter(plan.rows), list(kinds.items()))
        source = rows_source(document, draft.alias(), (*("v" + str(index) for index in range(len(kinds))), "position"))
        values = {name: expressions.result(source.alias, "v" + str(index)) for index, name in enumerate(kinds)}
        query.from_(source)
        position = expressions.result(source.alias, "position")
    else:
        values = {name: expressions.parameter(one) for name, one in plan.rows}
    query.select(*[expressions.named(values[one.name], "c" + str(n)) for n, one in enumerate(plan.columns)])
    for index, reference in enumerate(plan.references):
        if not isinstance(reference.source, str):
            raise TypeError("an insert's reference names a key of its rows")
        target = find_target(reference, values[reference.source], draft)
        query.select(expressions.named(target.given, "g" + str(index)), expressions.named(target.key, "r" + str(index)))
    if isinstance(plan, Upsert):
        query.select(expressions.named(values[plan.given], "given"))
    query.select(*[expressions.named(values[key], name) for key, name in marks.items()])
    return query.select(position)


def _marks(plan: Insert | Upsert) -> Mapping[str, str]:
    """Return the keys of the rows' texts that mark the ways which admit them, each with its column's name."""
    rights = [(plan.rights, "ways"), (plan.updating if isinstance(plan, Upsert) else None, "changing")]
    return {one.admitted: name for one, name in rights if one is not None and isinstance(one.admitted, str)}


def given_columns(plan: Insert, given: FromItem) -> list[tuple[str, Expression]]:
    """Return the columns that an insertion sets, each with its value as it stands in the given rows."""
    return [
        *[(column.name, given_value(given, index)) for index, column in enumerate(plan.columns)],
        *target_columns(given_targets(plan, given)),
    ]


def given_value(given: FromItem, index: int) -> Expression:
    """Return a column's value as it stands in the given rows."""
    return expressions.result(given.alias, "c" + str(index))


def given_targets(plan: Insert | Upsert | UpdateRows, given: FromItem) -> list[ResolvedReference]:
    """Return the references' targets as they stand in the given rows."""
    return [
        ResolvedReference(
            reference=reference,
            given=expressions.result(given.alias, "g" + str(index)),
            key=expressions.result(given.alias, "r" + str(index)),
        )
        for index, reference in enumerate(plan.references)
    ]
