"""The rows of a failed insertion or upsert, found by the same input: taken keys, keys of two rows, missing targets.

Nothing of this is looked for before an insertion, which it would slow down by half; and the server's own message has
one row only, in the server's language.
"""

from collections.abc import Sequence
from dataclasses import replace

from fieldstone.sql.compiler import aggregation, expressions
from fieldstone.sql.compiler.scope import RowReference, StatementDraft
from fieldstone.sql.compiler.terms import Expression, FromItem, Query, query_source, table_source
from fieldstone.sql.compiler.writes.insert import given_rows, given_targets, given_value
from fieldstone.sql.compiler.writes.references import missing_targets, target_columns
from fieldstone.sql.compiler.writes.upserts.upsert_rows import UpsertRows
from fieldstone.sql.plan.operands import Parameter
from fieldstone.sql.plan.writes.inserts import Insert
from fieldstone.sql.plan.writes.look_ups import Faults
from fieldstone.sql.plan.writes.upserts import UniqueKey, Upsert


def compile_faults(plan: Faults, draft: StatementDraft) -> Query:
    """Return the statement of Faults."""
    plan = replace(plan, insert=_alone(plan.insert))
    statement = Query().with_(given_rows(plan.insert, draft), "given")
    found = [_missing(plan, index, draft) for index in plan.missing]
    found += [_taken(plan, key, draft) for key in plan.keys]
    position = Expression("position")
    if len(found) > 1:
        union = found[0].union_all(found[1:], position, limit=plan.limit)
    else:
        union = found[0].order(position).limit(plan.limit).text()
    rows = query_source(union, draft.alias())
    order = expressions.result(rows.alias, "position")
    listed = expressions.call("json_build_array", expressions.less_one(order), expressions.result(rows.alias, "held"))
    faults = aggregation.aggregate("json_agg", listed, order=order)
    return statement.from_(rows).select(expressions.cast_to_text(faults))


def _alone(insert: Insert | Upsert) -> Insert | Upsert:
    """Return the write with the parameters of its rows as the first ones."""
    if isinstance(insert.rows, Parameter):
        return replace(insert, rows=replace(insert.rows, slot=0))
    rows = tuple((name, replace(one, slot=slot)) for slot, (name, one) in enumerate(insert.rows))
    return replace(insert, rows=rows)


def _missing(plan: Faults, index: int, draft: StatementDraft) -> Query:
    """Return the rows whose reference leads to no record."""
    given = FromItem("given", draft.alias())
    targets = given_targets(plan.insert, given)
    query = Query().from_(given).only(missing_targets(targets)[index])
    return _fault(query, given, [targets[index].given])


def _taken(plan: Faults, key: UniqueKey, draft: StatementDraft) -> Query:
    """Return the rows that have the key of another row, or of a record."""
    given = FromItem("given", draft.alias())
    values = _key_values(plan, key, given)
    counted = Query().from_(given).select(expressions.whole_row(given.alias))
    same = aggregation.partitioned(expressions.COUNT, by=values)
    counted.select(expressions.named(same, "same"))
    counted.only(expressions.all_of([expressions.is_null(value, negated=True) for value in values]))
    rows = query_source(counted.text(), draft.alias())
    values = _key_values(plan, key, rows)
    row = RowReference(alias=draft.alias())
    conditions = [
        expressions.equal(row.column(column.name), value) for column, value in zip(key.columns, values, strict=True)
    ]
    if key.of_live and plan.deleted_at is not None:
        conditions.append(expressions.is_null(row.column(plan.deleted_at.name)))
    is_meant = expressions.TRUE
    if isinstance(plan.insert, Upsert):
        own = UpsertRows(plan.insert, rows)
        means = [expressions.all_of([own.gives(place), own.has_key_of(row, place)]) for place in plan.insert.by]
        conditions.append(expressions.is_true(expressions.any_of(means), negated=True))
        is_meant = own.gives([known for known, _ in plan.insert.keys].index(key))
    other = Query().from_(table_source(plan.insert.table, row.alias)).select(expressions.ONE)
    taken = expressions.exists(other.only(expressions.all_of(conditions)))
    is_twice = expressions.is_more_than_one(expressions.result(rows.alias, "same"))
    query = Query().from_(rows).only(expressions.all_of([is_meant, expressions.any_of([is_twice, taken])]))
    return _fault(query, rows, values)


def _key_values(plan: Faults, key: UniqueKey, source: FromItem) -> list[Expression]:
    columns = {column.name: given_value(source, place) for place, column in enumerate(plan.insert.columns)}
    columns |= dict(target_columns(given_targets(plan.insert, source)))
    return [columns[column.name] for column in key.columns]


def _fault(query: Query, source: FromItem, held: Sequence[Expression]) -> Query:
    values = expressions.named(expressions.call("json_build_array", *held), "held")
    return query.select(expressions.result(source.alias, "position"), values)
