"""A page's rows as a FROM clause: the columns that are wanted of the rows meant, at most so many, in order."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from fieldstone.sql.compiler import aggregation, expressions
from fieldstone.sql.compiler.filters import Search
from fieldstone.sql.compiler.reads.pages.branches import Base, limited, page_branches, with_keys
from fieldstone.sql.compiler.reads.pages.cursors import compile_place
from fieldstone.sql.compiler.reads.pages.members import compile_members
from fieldstone.sql.compiler.reads.pages.ordering import Branch, SortKey, compile_order, order_items
from fieldstone.sql.compiler.reads.pages.sampled_page import SampledPage
from fieldstone.sql.compiler.reads.pages.sampling import Many, without_values
from fieldstone.sql.compiler.scope import RowReference, StatementDraft
from fieldstone.sql.compiler.terms import Expression, FromItem, Query, query_source
from fieldstone.sql.frozen import frozen
from fieldstone.sql.plan.elements import Comparison
from fieldstone.sql.plan.outputs import Connection


@frozen
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

    def read(*, grouped: bool = False) -> tuple[Base, list[SortKey]]:
        keys, joins = compile_order(connection.order, row, draft, backward=page.backward, grouped=grouped)
        if connection.distinct:
            keys = [replace(key, indexable=False) for key in keys]
        selected = {names[name]: row.column(name) for name in columns}
        if placed or connection.sampled or is_totalled or len(page_branches(page, keys)) > 1:
            selected = with_keys(selected, keys)
        return Base(
            row=row,
            table=table,
            joins=joins,
            condition=members,
            selected=selected or {"c0": expressions.ONE},
        ), keys

    base, keys = read()
    branches = page_branches(page, keys)
    if connection.sampled:
        text = SampledPage(
            base=base, branches=branches, keys=keys, connection=connection, draft=draft, limit=limit
        ).text()
    elif is_totalled:
        text = _read_totalled(connection, (base, keys), read(grouped=True), draft, limit)
    else:
        text = base.unite([limited(base.read(branch), page, limit) for branch in branches], keys, limit)
    source = query_source(text, draft.alias())
    if numbered or placed:
        place = compile_place(connection.cursor_tag, base.handed(keys, source.alias)) if placed else None
        source = _numbered(source, draft.alias(), place=place, counted=counted)
    return _rows_of(source, names, limit, is_whole=False)


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
    return whole_rows(query, names, page.limit, draft)


def whole_rows(query: Query, names: Mapping[str, str], limit: int, draft: StatementDraft) -> PageRows:
    """Return the rows of a query that has their places, numbers and total beside the named columns."""
    return _rows_of(query_source(query.text(), draft.alias()), names, limit, is_whole=True)


def _rows_of(source: FromItem, names: Mapping[str, str], limit: int, *, is_whole: bool) -> PageRows:
    return PageRows(
        source=source,
        row=RowReference(alias=source.alias, names=names),
        limit=limit,
        place=expressions.result(source.alias, "place"),
        number=expressions.result(source.alias, "number"),
        total=expressions.result(source.alias, "total"),
        is_whole=is_whole,
    )


def _read_totalled(
    connection: Connection,
    singly: tuple[Base, Sequence[SortKey]],
    grouped: tuple[Base, Sequence[SortKey]],
    draft: StatementDraft,
    limit: int,
) -> str:
    """Return the query of a page in the order of totals: for few rows they are computed one by one, else in groups."""
    base, keys = singly
    page = connection.page
    counted = replace(base, joins=(), selected={})
    everything = Branch(condition=expressions.TRUE, order=())
    tables = [key.totals.table for key in connection.order if key.totals]
    are_many = Many(counted.read(everything), tables, draft)
    few, many = are_many.ask(expressions.negation), are_many.ask(lambda it: it)
    rows = [
        limited(source.read_if(branch, chosen), page, limit)
        for (source, order), chosen in ((singly, few), (grouped, many))
        for branch in page_branches(page, order)
    ]
    return base.unite(rows, keys, limit)


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
