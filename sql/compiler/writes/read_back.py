"""The answer of a write read back, by the ids of the records written."""

from fieldstone.sql.compiler import expressions
from fieldstone.sql.compiler.filters import row_source
from fieldstone.sql.compiler.reads.select import compile_list
from fieldstone.sql.compiler.scope import RowReference, StatementDraft
from fieldstone.sql.compiler.terms import InnerJoin, Query, query_source, rows_source
from fieldstone.sql.plan.operands import Parameter
from fieldstone.sql.plan.writes.look_ups import ReadBack
from fieldstone.sql.plan.writes.upserts import CREATED

PLACE = ":place"
"""Where a record stands in the answer of an upsert, as a column beside the record's own. No table has such a column."""


def compile_read_back(plan: ReadBack, draft: StatementDraft) -> Query:
    """Return the statement of a ReadBack."""
    if plan.created is not None:
        return _read_back_created(plan, plan.created, draft)
    named = rows_source(expressions.call("unnest", expressions.parameter(plan.ids)), draft.alias(), ("id", "position"))
    row = RowReference(alias=draft.alias())
    there = expressions.equal(row.column(plan.key.name), expressions.result(named.alias, "id"))
    order = expressions.result(named.alias, "position")
    query = Query().from_(named).select(compile_list(plan.record, row, draft, order))
    query.join(InnerJoin(row_source(plan.table, row.alias, draft), there))
    return query


def _read_back_created(plan: ReadBack, created: Parameter, draft: StatementDraft) -> Query:
    arrays = expressions.call("unnest", expressions.parameter(plan.ids), expressions.parameter(created))
    named = rows_source(arrays, draft.alias(), ("id", "created", "position"))
    source = row_source(plan.table, draft.alias(), draft)
    there = expressions.equal(expressions.column(source.alias, plan.key.name), expressions.result(named.alias, "id"))
    rows = (
        Query()
        .from_(named)
        .select(
            expressions.whole_row(source.alias),
            expressions.renamed(expressions.result(named.alias, "created"), CREATED.name),
            expressions.renamed(expressions.result(named.alias, "position"), PLACE),
        )
    )
    rows.join(InnerJoin(source, there))
    whole = query_source(rows.text(), draft.alias())
    row = RowReference(alias=whole.alias)
    return Query().from_(whole).select(compile_list(plan.record, row, draft, row.column(PLACE)))
