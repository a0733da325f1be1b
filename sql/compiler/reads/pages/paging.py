"""A page's rows as a FROM clause: the columns that are wanted of the rows meant, at most so many, in order."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from fieldstone.sql.compiler import aggregation, expressions
from fieldstone.sql.compiler.filters import Search
from fieldstone.sql.compiler.reads.pages.cursors import compile_place
from fieldstone.sql.compiler.reads.pages.members import compile_members
from fieldstone.sql.compiler.reads.pages.ordering import (
    Branch,
    SortKey,
    any_branch,
    compile_order,
    order_items,
    seek_branches,
    split_nulls,
)
from fieldstone.sql.compiler.reads.pages.related_first import compile_related_first
from fieldstone.sql.compiler.reads.pages.sampling import (
    LONGER,
    MANY,
    compile_choice,
    compile_hits,
    sample_size,
    takes_longer,
    without_values,
)
from fieldstone.sql.compiler.scope import RowReference, StatementDraft
from fieldstone.sql.compiler.terms import Expression, FromItem, LeftJoin, Query, query_source
from fieldstone.sql.plan.elements import Comparison
from fieldstone.sql.plan.outputs import Connection, Page
from fieldstone.sql.plan.reads import columns_of_row


@dataclass(frozen=True, slots=True, kw_only=True)
class PageRows:
    """The rows of a page, in the order in which they were sought (backwards where the page is).

    `place` is each row's place in the order as sql/values/page_cursor.py has it, `number` its number from 1, `total`
    the number of rows: each is there only where it was asked for. Where the rows are `whole`, all rows meant are there,
    in no order, and only those up to the page's limit have a place.
    """

    source: FromItem
    row: RowReference
    limit: int
    place: Expression
    number: Expression
    total: Expression
    is_whole: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class _Base:
    """The source of all branches of a page: the table, its joins, and the select list."""

    row: RowReference
    table: FromItem
    joins: Sequence[LeftJoin]
    condition: Expression
    selected: Sequence[Expression]

    def read(self, branch: Branch) -> Query:
        """Return the branch's rows, in order."""
        query = Query().from_(self.table)
        for join in self.joins:
            query.join(join)
        query.select(*self.selected).only(expressions.all_of((self.condition, branch.condition)))
        return query.order(*branch.order)


def compile_page(
    connection: Connection,
    around: RowReference | None,
    draft: StatementDraft,
    *,
    columns: Sequence[str],
    placed: bool,
    limit: int,
    numbered: bool,
    counted: bool,
) -> PageRows:
    """Return the page's first `limit` rows with these columns, and the other requested outputs."""
    page = connection.page
    search = Search.PLANNED
    if connection.sampled:
        connection = replace(connection, condition=without_values(connection.condition))
        search = Search.SINGLY
    row = RowReference(alias=draft.alias())
    table, members = compile_members(connection, row, around, draft, search=search)
    names = {name: "c" + str(index) for index, name in enumerate(columns)}
    is_totalled = around is None and connection.order[0].totals is not None

    def read(*, grouped: bool = False) -> tuple[_Base, list[SortKey]]:
        keys, joins = compile_order(connection.order, row, draft, backward=page.backward, grouped=grouped)
        if connection.distinct:
            keys = [replace(key, indexable=False) for key in keys]
        selected = [expressions.named(row.column(name), names[name]) for name in columns]
        if placed or connection.sampled or is_totalled or len(_branches(page, keys)) > 1:
            selected += [expressions.named(key.value, "k" + str(index)) for index, key in enumerate(keys)]
        return _Base(
            row=row,
            table=table,
            joins=joins,
            condition=members,
            selected=selected or [expressions.named(expressions.ONE, "c0")],
        ), keys

    base, keys = read()
    branches = _branches(page, keys)
    if connection.sampled:
        text = _read_sampled(base, branches, keys, connection, draft, limit)
    elif is_totalled:
        text = _read_totalled(page, (base, keys), read(grouped=True), draft, limit)
    else:
        text = _read_branches(base, branches, keys, page, limit)
    source = query_source(text, draft.alias())
    if numbered or placed:
        handed = [replace(key, value=expressions.result(source.alias, "k" + str(i))) for i, key in enumerate(keys)]
        place = compile_place(connection.cursor_tag, handed) if placed else None
        source = _numbered(source, draft.alias(), place=place, counted=counted)
    return PageRows(
        source=source,
        row=RowReference(alias=source.alias, names=names),
        limit=limit,
        place=expressions.result(source.alias, "place"),
        number=expressions.result(source.alias, "number"),
        total=expressions.result(source.alias, "total"),
    )


def compile_whole(
    connection: Connection,
    around: RowReference | None,
    draft: StatementDraft,
    *,
    columns: Sequence[str],
    placed: bool,
    counted: bool,
) -> PageRows:
    """Return all rows meant with these columns, numbered in order: the page's rows are the first ones.

    For pages from the start alone, where all rows are read anyway.
    """
    page = connection.page
    row = RowReference(alias=draft.alias())
    keys, joins = compile_order(connection.order, row, draft, backward=page.backward)
    names = {name: "c" + str(index) for index, name in enumerate(columns)}
    number = aggregation.over(expressions.call("row_number"), order=expressions.listed(order_items(keys)))
    table, members = compile_members(connection, row, around, draft)
    query = Query().from_(table)
    for join in joins:
        query.join(join)
    query.select(*[expressions.named(row.column(name), names[name]) for name in columns])
    query.select(expressions.named(number, "number"))
    if placed:
        is_shown = expressions.compare(number, Comparison.LE, expressions.number(page.limit))
        place = expressions.case([(is_shown, compile_place(connection.cursor_tag, keys))])
        query.select(expressions.named(place, "place"))
    if counted:
        query.select(expressions.named(aggregation.over_all(expressions.COUNT), "total"))
    query.only(members)
    source = query_source(query.text(), draft.alias())
    return PageRows(
        source=source,
        row=RowReference(alias=source.alias, names=names),
        limit=page.limit,
        place=expressions.result(source.alias, "place"),
        number=expressions.result(source.alias, "number"),
        total=expressions.result(source.alias, "total"),
        is_whole=True,
    )


def _branches(page: Page, keys: Sequence[SortKey]) -> list[Branch]:
    if page.seek is None:
        everything = [Branch(condition=expressions.TRUE, order=order_items(keys))]
        return everything if page.offset is not None else split_nulls(keys)
    branches = seek_branches(keys, page.seek)
    if len(branches) == 1 or (branches and page.offset is None and keys[0].indexable):
        return branches
    return [any_branch(keys, branches)]


def _read_branches(base: _Base, branches: Sequence[Branch], keys: Sequence[SortKey], page: Page, limit: int) -> str:
    first, *others = [_limited(base.read(branch), page, limit) for branch in branches]
    return _united(first, others, keys, limit) if others else first.text()


def _limited(rows: Query, page: Page, limit: int) -> Query:
    rows.limit(limit)
    return rows if page.offset is None else rows.offset(expressions.parameter(page.offset))


def _united(first: Query, others: Sequence[Query], keys: Sequence[SortKey], limit: int) -> str:
    outer = [replace(key, value=Expression("k" + str(index))) for index, key in enumerate(keys)]
    return first.union_all(others, *order_items(outer), limit=limit)


def _read_sampled(
    base: _Base,
    branches: Sequence[Branch],
    keys: Sequence[SortKey],
    connection: Connection,
    draft: StatementDraft,
    limit: int,
) -> str:
    page, condition = connection.page, connection.condition
    by_order, by_condition = _choose(base, branches, keys, connection, draft)
    walked = [
        base.read(replace(branch, condition=expressions.all_of((branch.condition, by_order)))) for branch in branches
    ]
    # The OFFSET keeps the order, and the index that serves it, from the choice of how these rows are found.
    whole = replace(base, condition=expressions.TRUE, selected=[expressions.whole_row(base.row.alias)])
    wanted = compile_related_first(condition, base.row, draft)
    everything = any_branch(keys, branches)
    meant = expressions.all_of((wanted, everything.condition, by_condition))
    found = whole.read(Branch(condition=meant, order=()))
    table = query_source(found.offset(expressions.number(0)).text(), base.row.alias)
    sorted_ = replace(base, table=table, condition=expressions.TRUE).read(
        replace(everything, condition=expressions.TRUE)
    )
    first, *others = [_limited(rows, page, limit) for rows in (*walked, sorted_)]
    return _united(first, others, keys, limit)


def _read_totalled(
    page: Page,
    singly: tuple[_Base, Sequence[SortKey]],
    grouped: tuple[_Base, Sequence[SortKey]],
    draft: StatementDraft,
    limit: int,
) -> str:
    """Return the query of a page in the order of totals: for few rows they are computed one by one, else in groups."""
    base, keys = singly
    counted = replace(base, joins=(), selected=[expressions.named(expressions.ONE, "hit")])
    everything = Branch(condition=expressions.TRUE, order=())
    few, many = compile_hits(counted.read(everything).limit(MANY), MANY, draft)
    first, *others = [
        _limited(rows.read(replace(branch, condition=expressions.all_of((branch.condition, chosen)))), page, limit)
        for (rows, order), chosen in ((singly, few), (grouped, many))
        for branch in _branches(page, order)
    ]
    return _united(first, others, keys, limit)


def _choose(
    base: _Base, branches: Sequence[Branch], keys: Sequence[SortKey], connection: Connection, draft: StatementDraft
) -> tuple[Expression, Expression]:
    """Return the conditions to follow the order and to follow the filter, from the first rows in order."""
    condition, unfound = connection.condition, connection.sampled.unfound if connection.sampled else ()
    names = {name: "c" + str(index) for index, name in enumerate(columns_of_row(condition))}
    selected = [expressions.named(base.row.column(name), names[name]) for name in names]
    if len(branches) > 1:
        selected += [expressions.named(key.value, "k" + str(index)) for index, key in enumerate(keys)]
    sample = replace(base, condition=expressions.TRUE, selected=selected)
    size = sample_size(condition)
    first, *others = [sample.read(branch).limit(size) for branch in branches]
    text = _united(first, others, keys, size) if others else first.text()
    if unfound:
        further = replace(sample, condition=takes_longer(unfound, connection.table))
        first, *others = [further.read(branch).limit(LONGER * size) for branch in branches]
        more = _united(first, others, keys, LONGER * size) if others else first.text()
        text = f"({text}) UNION ALL ({more} OFFSET {size})"
    return compile_choice(text, RowReference(alias=draft.alias(), names=names), condition, draft)


def _numbered(source: FromItem, alias: str, *, place: Expression | None, counted: bool) -> FromItem:
    # Numbered after the limit, over rows that come in order: a window in the inner query would keep PostgreSQL from
    # sorting no more than the page needs. It also keeps the place from being computed again wherever it is read.
    query = Query().from_(source)
    query.select(
        expressions.whole_row(source.alias),
        expressions.named(aggregation.over_all(expressions.call("row_number")), "number"),
    )
    if place is not None:
        query.select(expressions.named(place, "place"))
    if counted:
        query.select(expressions.named(aggregation.over_all(expressions.COUNT), "total"))
    return query_source(query.text(), alias)
