"""An upsert as one statement: find, lock, judge, update or insert, leave events, answer.

Its WITH queries, each after those that it reads:

    given     the input's rows, with the targets of their references
    keyed     the same, each with the live row that it means (`k0` and so on, by each key), NULL for none
    trash0    for each key: the deleted rows that the others mean (where the upsert revives)
    meant     the same as `keyed`, with the row that is meant, live or deleted
    locked    the rows meant, in their newest version, locked in key order
    placed    the same as `meant`, with the locked row that still has the key, as `target`
    verdict   one row: the problem, or NULL
    updated   the rows that are there, changed
    inserted  the others, in the order of their keys; those that conflict are passed over
    event     one event row for each record, the updated ones first

The only row that one unique key finds a record for has no `keyed`: the key finds the row to lock, which is `target`. It
has a `verdict` only if targets or rights decide, and the keys of others are looked for only if it was not written. No
rows of it are put in an order.

A row that was neither updated nor inserted lost a race: another transaction has taken its key since the statement
began. The answer then raises the error that has the statement tried again.

https://www.postgresql.org/docs/current/sql-insert.html#SQL-ON-CONFLICT has one key only and no image of the row before,
and MERGE is not safe from others: https://www.postgresql.org/docs/current/mvcc-caveats.html
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from fieldstone.sql.compiler import aggregation, expressions
from fieldstone.sql.compiler.reads.select import compile_list_of_one
from fieldstone.sql.compiler.scope import RowReference, StatementDraft
from fieldstone.sql.compiler.terms import Expression, FromItem, InnerJoin, LeftJoin, Query, query_source, table_source
from fieldstone.sql.compiler.writes.changed_values import assigned_value
from fieldstone.sql.compiler.writes.insert import given_rows
from fieldstone.sql.compiler.writes.mutate import answer_row, answer_text, document, event_values
from fieldstone.sql.compiler.writes.pairs import pair
from fieldstone.sql.compiler.writes.read_back import PLACE
from fieldstone.sql.compiler.writes.rights import with_ways
from fieldstone.sql.compiler.writes.upserts.upsert_rows import UpsertRows, permitted
from fieldstone.sql.compiler.writes.upserts.upsert_verdict import find_clashes, find_problems, lock_all, taking_ways
from fieldstone.sql.compiler.writes.write_guard import compile_guard, compile_problem, verdict_of
from fieldstone.sql.plan.elements import Comparison
from fieldstone.sql.plan.writes.upserts import CREATED, Upsert

_EVENT = ("key", "action", "before", "after")
"""The columns of an event's row that are not the same for all."""

_WAYS = ":ways"
"""The column of the marks of the ways that took a row. No table has such a column."""


class _Names(dict[str, str]):
    """Generated names of the columns that are asked for, by their physical ones."""

    def __missing__(self, name: str) -> str:
        self[name] = "v" + str(len(self))
        return self[name]


def compile_upsert(plan: Upsert, draft: StatementDraft) -> Query:
    """Return the statement of an Upsert."""
    return _Statement(plan, draft).compile()


@dataclass(frozen=True, slots=True)
class _Statement:
    """One upsert under construction."""

    plan: Upsert
    draft: StatementDraft

    def compile(self) -> Query:
        plan, draft = self.plan, self.draft
        is_alone = not (plan.many or plan.revives or len(plan.by) != 1 or plan.table.is_distributed)
        # Targets are looked up once.
        statement = Query().with_(given_rows(plan, draft), "given", inlined=is_alone and not plan.references)
        if is_alone:
            statement.with_(self._locked_by(plan.by[0]), "locked").with_(self._placed_alone(), "placed", inlined=True)
            problems = find_problems(plan, draft)
        else:
            self._find(statement)
            problems = [lock_all(draft), *find_problems(plan, draft), *find_clashes(plan, draft)]
        guard = expressions.TRUE
        if problems:
            statement.with_(verdict_of(problems), "verdict")
            guard = compile_guard(draft)
        written = ["updated", "inserted"] if plan.updates or plan.revives else ["inserted"]
        if "updated" in written:
            statement.with_(self._updated(guard), "updated")
        statement.with_(self._inserted(guard), "inserted").with_(self._events(written), "event")
        verdict = [compile_problem(draft)] if problems else []
        return (self._answer_of_one if is_alone else self._answer)(statement, written, verdict)

    def _find(self, statement: Query) -> None:
        """Add the WITH queries that find the rows meant, and lock them."""
        statement.with_(self._keyed(), "keyed")
        meant = "keyed"
        if self.plan.revives:
            for place in self.plan.by:
                statement.with_(self._trash(place), "trash" + str(place))
            meant = "meant"
            statement.with_(self._meant(), meant)
        statement.with_(self._locked(meant), "locked").with_(self._placed(meant), "placed")

    def _locked_by(self, place: int) -> Query:
        """Return the live row that has the key of the only given one; a lock that it waited for tests it once more."""
        plan, given, row = self.plan, self._rows("given"), RowReference(alias=self.draft.alias())
        conditions = [given.gives(place), given.has_key_of(row, place)]
        conditions += [self._is_deleted(row, negated=True), permitted(plan, row, self.draft)]
        query = Query().from_(table_source(plan.table, row.alias)).from_(given.source)
        return query.select(expressions.whole_row(row.alias)).only(expressions.all_of(conditions)).for_update()

    def _placed_alone(self) -> Query:
        """Return the only given row with the locked one."""
        rows, locked = self._rows("given"), FromItem("locked", self.draft.alias())
        key = expressions.column(locked.alias, self.plan.key.name)
        target = expressions.scalar(Query().from_(locked).select(key))
        query = Query().from_(rows.source).select(expressions.whole_row(rows.source.alias))
        return query.select(expressions.named(target, "target"))

    def _rows(self, name: str) -> UpsertRows:
        return UpsertRows(self.plan, FromItem(name, self.draft.alias()))

    def _is_deleted(self, row: RowReference, *, negated: bool = False) -> Expression:
        marked = self.plan.deleted_at
        if marked is None:
            return expressions.TRUE if negated else expressions.FALSE
        return expressions.is_null(row.column(marked.name), negated=not negated)

    def _keyed(self) -> Query:
        """Return the given rows with the live rows of their keys; by sub-selects, see `find_target`."""
        plan, draft = self.plan, self.draft
        given = self._rows("given")
        query = Query().from_(given.source).select(expressions.whole_row(given.source.alias))
        for place in plan.by:
            row = RowReference(alias=draft.alias())
            found = Query().from_(table_source(plan.table, row.alias)).select(row.column(plan.key.name))
            live = self._is_deleted(row, negated=True)
            allowed = permitted(plan, row, draft)
            found.only(expressions.all_of([given.gives(place), given.has_key_of(row, place), live, allowed]))
            query.select(expressions.named(expressions.scalar(found), "k" + str(place)))
        return query

    def _trash(self, place: int) -> Query:
        """Return the last deleted row of each key of which no row is live, in one pass over the table.

        No index holds deleted rows, so they are not looked for where every given row finds a live one.
        """
        plan, draft = self.plan, self.draft
        given, others = self._rows("keyed"), self._rows("keyed")
        row = RowReference(alias=draft.alias())
        unfound = Query().from_(others.source).select(expressions.ONE).only(expressions.is_null(others.found))
        id_ = row.column(plan.key.name)
        latest = [row.column(plan.deleted_at.name), id_] if plan.deleted_at is not None else [id_]
        order = [expressions.ordered(value, descending=True, nulls_first=None) for value in latest]
        ids = aggregation.aggregate("array_agg", id_, order=expressions.listed(order))
        query = Query().from_(given.source).from_(table_source(plan.table, row.alias))
        query.select(given.position, expressions.named(expressions.element(ids, expressions.ONE), "id"))
        conditions = [
            expressions.exists(unfound),
            expressions.is_null(given.found),
            given.gives(place),
            given.has_key_of(row, place),
            self._is_deleted(row),
            permitted(plan, row, draft),
        ]
        return query.only(expressions.all_of(conditions)).group(given.position)

    def _meant(self) -> Query:
        given = self._rows("keyed")
        query = Query().from_(given.source).select(expressions.whole_row(given.source.alias))
        found = [given.found]
        for place in self.plan.by:
            trash = FromItem("trash" + str(place), self.draft.alias())
            same = expressions.equal(expressions.result(trash.alias, "position"), given.position)
            query.join(LeftJoin(trash, same))
            found.append(expressions.result(trash.alias, "id"))
        return query.select(expressions.named(expressions.coalesce(*found), "meant"))

    def _target(self, rows: UpsertRows) -> Expression:
        return rows.result("meant") if self.plan.revives else rows.found

    def _locked(self, meant: str) -> Query:
        plan = self.plan
        rows, row = self._rows(meant), RowReference(alias=self.draft.alias())
        ids = expressions.array_from(Query().from_(rows.source).select(self._target(rows)))
        condition = [expressions.equal_to_any(row.column(plan.key.name), ids)]
        if not plan.revives:
            condition.append(self._is_deleted(row, negated=True))
        condition.append(permitted(plan, row, self.draft))
        query = Query().from_(table_source(plan.table, row.alias)).select(expressions.whole_row(row.alias))
        return query.only(expressions.all_of(condition)).order(row.column(plan.key.name)).for_update()

    def _placed(self, meant: str) -> Query:
        """Return the given rows, each with the locked row that it means, unless that has lost the key meanwhile."""
        plan = self.plan
        rows, locked = self._rows(meant), FromItem("locked", self.draft.alias())
        row = RowReference(alias=locked.alias)
        key = row.column(plan.key.name)
        still = [expressions.all_of([rows.gives(place), rows.has_key_of(row, place)]) for place in plan.by]
        there = expressions.all_of([expressions.equal(key, self._target(rows)), expressions.any_of(still)])
        query = Query().from_(rows.source)
        query.select(expressions.whole_row(rows.source.alias), expressions.named(key, "target"))
        if plan.revives:
            query.select(expressions.named(self._is_deleted(row), "dead"))
        query.join(LeftJoin(locked, there))
        return query

    def _updated(self, guard: Expression) -> Query:
        plan, draft = self.plan, self.draft
        rows, row = self._rows("placed"), RowReference(alias=draft.alias())
        change = Query().update(table_source(plan.table, row.alias))
        for name, value in rows.changed_values(row):
            change.set(name, value)
        if plan.revives and plan.deleted_at is not None:
            change.set(plan.deleted_at.name, expressions.NULL)
        for assignment in plan.touched:
            change.set(assignment.column.name, assigned_value(assignment))
        same = expressions.equal(row.column(plan.key.name), rows.result("target"))
        conditions = [same, guard]
        if not plan.updates:
            conditions.append(rows.result("dead"))
        return (
            change.from_(rows.source).only(expressions.all_of(conditions)).returning(expressions.whole_row(row.alias))
        )

    def _inserted(self, guard: Expression) -> Query:
        """Return the insertion, in the order of the keys, so that two upserts wait for each other in one direction."""
        plan, draft = self.plan, self.draft
        rows, row = self._rows("placed"), RowReference(alias=draft.alias())
        values = rows.values
        change = Query().insert(table_source(plan.table, row.alias), list(values)).from_(rows.source)
        change.select(*values.values()).returning(expressions.whole_row(row.alias))
        is_new = expressions.is_null(rows.result("target"))
        change.only(expressions.all_of([is_new, guard]))
        if plan.many:
            order = dict.fromkeys(column.name for key, _ in plan.keys[1:] for column in key.columns)
            change.order(*[values[name] for name in order], rows.position)
        return change.or_nothing()

    def _events(self, written: Sequence[str]) -> Query:
        """Return the event rows' INSERT: those of the updates, where the record of a revived one is restored, first."""
        plan, draft = self.plan, self.draft
        parts: list[str] = []
        if "updated" in written:
            updated, locked = FromItem("updated", draft.alias()), FromItem("locked", draft.alias())
            key, old = expressions.column(updated.alias, plan.key.name), RowReference(alias=locked.alias)
            action = expressions.text_literal("updated")
            if plan.revives:
                action = expressions.case(
                    [(self._is_deleted(old), expressions.text_literal("restored"))], otherwise=action
                )
            part = _event(updated, key, action, document(locked.alias))
            same = expressions.equal(old.column(plan.key.name), key)
            part.only(pair(part, locked, same, is_one=not plan.many))
            parts.append("(" + part.order(key).text() + ")" if plan.many else part.text())
        inserted = FromItem("inserted", draft.alias())
        key = expressions.column(inserted.alias, plan.key.name)
        created = expressions.text_literal(plan.event.action)
        parts.append(_event(inserted, key, created, expressions.NULL_JSONB).text())
        rows = query_source(" UNION ALL ".join(parts), draft.alias())
        key, action, before, after = (expressions.result(rows.alias, name) for name in _EVENT)
        return event_values(plan.event, key, before, after, action=action).from_(rows)

    def _answer_of_one(self, statement: Query, written: Sequence[str], verdict: Sequence[Expression]) -> Query:
        """Return the answer from the only row; where there is none, it finds out why."""
        plan, draft = self.plan, self.draft
        names = _Names()
        row = RowReference(alias=draft.alias(), names=names)
        key, created = row.column(plan.key.name), row.column(CREATED.name)
        text = expressions.NULL_TEXT if plan.record is None else compile_list_of_one(plan.record, row, draft)
        clashes = [expressions.scalar(query) for query in find_clashes(plan, draft)]
        unwritten = expressions.coalesce(*clashes, expressions.call("fieldstone.retry"))
        lost = expressions.case([(expressions.is_null(key), unwritten)])
        query = answer_row(statement, expressions.coalesce(*verdict, lost), expressions.array((key,)), text)
        if plan.tells_ways:
            placed = self._rows("placed")
            with_ways(query, expressions.array_from(self._select_ways(Query().from_(placed.source), placed)))
        query.select(expressions.named(expressions.array((created,)), "created"))
        query.from_(query_source("SELECT", draft.alias()))
        sources = written if plan.updates else [*written, "locked"]
        union = " UNION ALL ".join(self._columns_of(name, names).text() for name in sources)
        return query.join(LeftJoin(query_source(union, row.alias), expressions.TRUE))

    def _select_ways(self, query: Query, rows: UpsertRows) -> Query:
        """Select the marks of the ways that took each of the placed rows that a query has."""
        locked = FromItem("locked", self.draft.alias())
        row = RowReference(alias=locked.alias)
        same = expressions.equal(row.column(self.plan.key.name), rows.result("target"))
        query.join(LeftJoin(locked, same))
        return query.select(expressions.renamed(taking_ways(self.plan, rows, row, self.draft), _WAYS))

    def _columns_of(self, name: str, names: Mapping[str, str]) -> Query:
        """Return the columns that are asked for of the row that a WITH query has written or locked."""
        row = RowReference(alias=self.draft.alias())
        is_created = {CREATED.name: expressions.TRUE if name == "inserted" else expressions.FALSE}
        columns = [expressions.named(is_created.get(one) or row.column(one), names[one]) for one in names]
        return Query().from_(FromItem(name, row.alias)).select(*columns)

    def _answer(self, statement: Query, written: Sequence[str], verdict: Sequence[Expression]) -> Query:
        plan, draft = self.plan, self.draft
        parts = [self._all_of(name) for name in written]
        if not plan.updates:
            parts.append(self._kept(written))
        union = query_source(" UNION ALL ".join(part.text() for part in parts), draft.alias())
        rows = self._rows("placed")
        target = rows.result("target")
        key = expressions.coalesce(target, rows.values[plan.key.name])
        same = expressions.equal(expressions.column(union.alias, plan.key.name), key)
        placed = (
            Query()
            .from_(union)
            .select(
                expressions.whole_row(union.alias),
                expressions.renamed(expressions.parenthesised(expressions.is_null(target)), CREATED.name),
                expressions.renamed(rows.position, PLACE),
            )
        )
        placed.join(InnerJoin(rows.source, same))
        if plan.tells_ways:
            self._select_ways(placed, rows)
        whole = query_source(placed.text(), draft.alias())
        row = RowReference(alias=whole.alias)
        order, count = None, expressions.ONE
        if plan.many:
            order = row.column(PLACE)
            count = expressions.scalar(Query().from_(FromItem("given", draft.alias())).select(expressions.COUNT))
        lost = expressions.case(
            [(expressions.compare(expressions.COUNT, Comparison.NE, count), expressions.call("fieldstone.retry"))]
        )
        problem = expressions.coalesce(*verdict, lost)
        ids = aggregation.aggregate("array_agg", row.column(plan.key.name), order=order)
        created = aggregation.aggregate("array_agg", row.column(CREATED.name), order=order)
        text = answer_text(plan.record, whole.alias, draft, order)
        query = answer_row(statement, problem, expressions.coalesce(ids, expressions.NO_UUIDS), text)
        if plan.tells_ways:
            with_ways(query, aggregation.aggregate("array_agg", row.column(_WAYS), order=order))
        return query.select(expressions.named(created, "created")).from_(whole)

    def _all_of(self, name: str) -> Query:
        alias = self.draft.alias()
        return Query().from_(FromItem(name, alias)).select(expressions.whole_row(alias))

    def _kept(self, written: Sequence[str]) -> Query:
        """Return the rows that are there and stay as they are."""
        locked = FromItem("locked", self.draft.alias())
        query = Query().from_(locked).select(expressions.whole_row(locked.alias))
        refused = compile_guard(self.draft)
        if "updated" not in written:
            return query.only(refused)
        alive = self._is_deleted(RowReference(alias=locked.alias), negated=True)
        return query.only(expressions.all_of([alive, refused]))


def _event(written: FromItem, key: Expression, action: Expression, before: Expression) -> Query:
    """Return the columns `_EVENT` of rows written."""
    values = (key, action, before, document(written.alias))
    return Query().from_(written).select(*map(expressions.named, values, _EVENT))
