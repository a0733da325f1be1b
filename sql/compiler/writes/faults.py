"""The rows of a write of several that failed, found by the same input: taken keys, keys of two rows, missing targets.

Nothing of this is looked for before a write, which it would slow down by half; and the server's own message has
one row only, in the server's language.
"""

from dataclasses import replace
from functools import partial

from fieldstone.sql.compiler import aggregation, expressions
from fieldstone.sql.compiler.scope import RowReference, StatementDraft
from fieldstone.sql.compiler.terms import Expression, FromItem, Query, query_source, table_source
from fieldstone.sql.compiler.writes.insert import given_rows, given_targets, given_value
from fieldstone.sql.compiler.writes.references import ResolvedReference, has_key, missing_targets, target_columns
from fieldstone.sql.compiler.writes.update_rows import given_changes, given_columns
from fieldstone.sql.compiler.writes.upserts.upsert_rows import UpsertRows
from fieldstone.sql.plan.operands import Parameter
from fieldstone.sql.plan.writes.changes import UpdateRows
from fieldstone.sql.plan.writes.inserts import Insert
from fieldstone.sql.plan.writes.look_ups import Faults
from fieldstone.sql.plan.writes.upserts import UniqueKey, Upsert


def compile_faults(plan: Faults, draft: StatementDraft) -> Query:
    """Return the statement of Faults."""
    plan = replace(plan, write=_alone(plan.write))
    write = plan.write
    rows = given_changes(write, draft) if isinstance(write, UpdateRows) else given_rows(write, draft)
    statement = Query().with_(rows, "given")
    found = [_missing(plan, index, draft) for index in plan.missing]
    found += [_taken(plan, key, draft) for key in plan.keys]
    position = Expression("position")
    if len(found) > 1:
        union = found[0].union_all(found[1:], position, limit=plan.limit)
    else:
        union = found[0].order(position).limit(plan.limit).text()
    blamed = query_source(union, draft.alias())
    order = expressions.result(blamed.alias, "position")
    listed = expressions.json_list(expressions.less_one(order), expressions.result(blamed.alias, "held"))
    faults = aggregation.aggregate("json_agg", listed, order=order)
    return statement.from_(blamed).select(expressions.cast_to_text(faults))


def _alone(write: Insert | Upsert | UpdateRows) -> Insert | Upsert | UpdateRows:
    """Return the write with the parameters of its rows as the first ones."""
    if isinstance(write.rows, Parameter):
        return replace(write, rows=replace(write.rows, slot=0))
    rows = tuple((name, replace(one, slot=slot)) for slot, (name, one) in enumerate(write.rows))
    return replace(write, rows=rows)


def _missing(plan: Faults, index: int, draft: StatementDraft) -> Query:
    """Return the rows whose reference leads to no record."""
    given = FromItem("given", draft.alias())
    targets = given_targets(plan.write, given)
    query = Query().from_(given).only(missing_targets(targets, partial(_kept, plan.write, given, draft))[index])
    return _fault(query, given, expressions.json_list(targets[index].given))


def _kept(
    write: Insert | Upsert | UpdateRows, given: FromItem, draft: StatementDraft, target: ResolvedReference
) -> Expression:
    """Return the condition that the record which a row changes has the key of a reference."""
    row = RowReference(alias=draft.alias())
    if isinstance(write, UpdateRows):
        is_meant = expressions.equal(row.column(write.key.name), expressions.result(given.alias, "id"))
    elif isinstance(write, Upsert):
        rows = UpsertRows(write, given)
        is_meant = expressions.any_of([_means(rows, place, row, draft) for place in write.by])
    else:
        is_meant = expressions.FALSE
    return has_key(target, table_source(write.table, row.alias), is_meant)


def _taken(plan: Faults, key: UniqueKey, draft: StatementDraft) -> Query:
    """Return the rows that have the key of another row, or of a record."""
    given, write = FromItem("given", draft.alias()), plan.write
    counted = Query().from_(given).select(expressions.whole_row(given.alias))
    terms: list[Expression] = []
    if isinstance(write, UpdateRows):
        own = RowReference(alias=draft.alias())
        counted.from_(table_source(write.table, own.alias))
        terms.append(expressions.equal(own.column(write.key.name), expressions.result(given.alias, "id")))
        terms.append(expressions.any_of(_marks(write, key, given)))
        columns = dict(given_columns(write, own, given))
        values = [columns.get(column.name, own.column(column.name)) for column in key.columns]
    else:
        columns = {column.name: given_value(given, place) for place, column in enumerate(write.columns)}
        columns |= dict(target_columns(given_targets(write, given)))
        values = [columns[column.name] for column in key.columns]
    names = [f"k{place}" for place in range(len(values))]
    same = aggregation.count_alike(values)
    counted.select(expressions.named(same, "same"))
    counted.select(*map(expressions.named, values, names))
    terms += [expressions.is_null(value, negated=True) for value in values]
    counted.only(expressions.all_of(terms))
    rows = query_source(counted.text(), draft.alias())
    values = [expressions.result(rows.alias, name) for name in names]
    row = RowReference(alias=draft.alias())
    conditions = [
        expressions.equal(row.column(column.name), value) for column, value in zip(key.columns, values, strict=True)
    ]
    if key.of_live and plan.deleted_at is not None:
        conditions.append(expressions.is_null(row.column(plan.deleted_at.name)))
    is_meant = expressions.TRUE
    if isinstance(write, Upsert):
        means = UpsertRows(write, rows)
        found = [_means(means, place, row, draft) for place in write.by]
        conditions.append(expressions.is_true(expressions.any_of(found), negated=True))
        is_meant = means.gives([known for known, _ in write.keys].index(key))
    elif isinstance(write, UpdateRows):
        itself = expressions.equal(row.column(write.key.name), expressions.result(rows.alias, "id"))
        conditions.append(expressions.negation(itself))
    other = Query().from_(table_source(write.table, row.alias)).select(expressions.ONE)
    taken = expressions.exists(other.only(expressions.all_of(conditions)))
    is_twice = expressions.is_more_than_one(expressions.result(rows.alias, "same"))
    query = Query().from_(rows).only(expressions.all_of([is_meant, expressions.any_of([is_twice, taken])]))
    held = expressions.json_list(*values)
    if isinstance(write, UpdateRows):
        # A role need not read the values that the record had before.
        held = expressions.case([(expressions.all_of(_marks(write, key, rows)), held)])
    return _fault(query, rows, held)


def _means(rows: UpsertRows, place: int, row: RowReference, draft: StatementDraft) -> Expression:
    """Return the condition that a row means this record by a key; one that its primary key has counts first."""
    write = rows.plan
    terms = [rows.gives(place), rows.has_key_of(row, place)]
    if place != 0 and 0 in write.by:
        there = RowReference(alias=draft.alias())
        first = Query().from_(table_source(write.table, there.alias)).select(expressions.ONE)
        first.only(expressions.all_of([rows.gives(0), rows.has_key_of(there, 0)]))
        terms.append(expressions.exists(first, negated=True))
    return expressions.all_of(terms)


def _marks(write: UpdateRows, key: UniqueKey, given: FromItem) -> list[Expression]:
    """Return for each column of a key whether a row gives it."""
    row = RowReference(alias=given.alias)
    places = {name: place for place, (name, _) in enumerate(given_columns(write, row, given))}
    bits = expressions.result(given.alias, "given")
    return [
        expressions.is_marked(bits, places[column.name]) if column.name in places else expressions.FALSE
        for column in key.columns
    ]


def _fault(query: Query, source: FromItem, held: Expression) -> Query:
    return query.select(expressions.result(source.alias, "position"), expressions.named(held, "held"))
