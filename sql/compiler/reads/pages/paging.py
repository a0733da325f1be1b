"""A page's rows as a FROM clause: the columns that are wanted of the rows meant, at most so many, in order."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from fieldstone.sql.compiler import aggregation, expressions
from fieldstone.sql.compiler.filters import Search, compile_condition, linked_depth
from fieldstone.sql.compiler.operands import compile_operand
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
    ENOUGH,
    LONGER,
    MANY,
    Hits,
    compile_sample,
    sample_size,
    takes_longer,
    without_values,
)
from fieldstone.sql.compiler.scope import RowReference, StatementDraft
from fieldstone.sql.compiler.terms import Expression, FromItem, LeftJoin, Query, query_source
from fieldstone.sql.plan.elements import Comparison, Condition
from fieldstone.sql.plan.operands import Column, Operand, column_of
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
    """The source of all branches of a page: the table, its joins, and the values that are selected, by their names."""

    row: RowReference
    table: FromItem
    joins: Sequence[LeftJoin]
    condition: Expression
    selected: Mapping[str, Expression]

    def read(self, branch: Branch) -> Query:
        """Return the branch's rows, in order."""
        query = Query().from_(self.table)
        for join in self.joins:
            query.join(join)
        query.select(*[expressions.named(value, name) for name, value in self.selected.items()])
        query.only(expressions.all_of((self.condition, branch.condition)))
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
        selected = {names[name]: row.column(name) for name in columns}
        if placed or connection.sampled or is_totalled or len(_branches(page, keys)) > 1:
            selected = _with_keys(selected, keys)
        return _Base(
            row=row,
            table=table,
            joins=joins,
            condition=members,
            selected=selected or {"c0": expressions.ONE},
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
        place = compile_place(connection.cursor_tag, _handed(keys, base, source.alias + ".")) if placed else None
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


def _with_keys(selected: Mapping[str, Expression], keys: Sequence[SortKey]) -> dict[str, Expression]:
    """Return the selected values with those of the keys that are not among them."""
    known = {value.text for value in selected.values()}
    others = {"k" + str(index): key.value for index, key in enumerate(keys) if key.value.text not in known}
    return {**selected, **others}


def _handed(keys: Sequence[SortKey], base: _Base, prefix: str = "") -> list[SortKey]:
    """Return the keys by the names that the base selects their values under."""
    names = {value.text: name for name, value in base.selected.items()}
    return [replace(key, value=Expression(prefix + names[key.value.text])) for key in keys]


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
    return _united(first, others, _handed(keys, base), limit) if others else first.text()


def _limited(rows: Query, page: Page, limit: int) -> Query:
    rows.limit(limit)
    return rows if page.offset is None else rows.offset(expressions.parameter(page.offset))


def _united(first: Query, others: Sequence[Query], keys: Sequence[SortKey], limit: int) -> str:
    return first.union_all(others, *order_items(keys), limit=limit)


def _read_sampled(
    base: _Base,
    branches: Sequence[Branch],
    keys: Sequence[SortKey],
    connection: Connection,
    draft: StatementDraft,
    limit: int,
) -> str:
    page, condition = connection.page, connection.condition
    # The sample's rows are the first of the page if they were asked all of the condition. Others are looked at again.
    is_begun = len(branches) == 1 and page.offset is None and linked_depth(condition) <= 1
    enough = min(ENOUGH, limit) if is_begun else ENOUGH
    sample, names = _sample_base(base, keys, condition, is_begun=is_begun)
    rows, after = _first_rows(sample, branches, keys, connection, draft)
    row = RowReference(alias=draft.alias(), names=names)
    handed = _hand_on(base, keys, row) if is_begun else [expressions.named(expressions.ONE, "hit")]
    found = compile_sample(rows, row, condition, draft, selected=handed, most=limit if is_begun else enough)
    hits = Hits(FromItem(found, draft.alias()), draft)
    by_order = hits.are((Comparison.GE, enough))
    if is_begun:
        walked = [_select_again(base, FromItem(found, draft.alias())).only(by_order)]
        if enough < limit:
            there = RowReference(alias=draft.alias(), names=names)
            rest = Query().from_(query_source(sample.read(branches[0]).offset(after).text(), there.alias))
            rest.select(*_hand_on(base, keys, there))
            wanted = compile_condition(condition, there, draft, search=Search.SINGLY)
            is_short = hits.are((Comparison.GE, enough), (Comparison.LT, limit))
            walked.append(rest.only(expressions.all_of((wanted, is_short))).limit(limit))
    else:
        walked = [
            _limited(base.read(replace(one, condition=expressions.all_of((one.condition, by_order)))), page, limit)
            for one in branches
        ]
    by_condition = hits.are((Comparison.LT, enough))
    first, *others = [*walked, _read_by_condition(base, branches, keys, connection, by_condition, draft, limit)]
    # Rows that are not ordered come as their queries stand here: the sample and the rest, or those by condition alone.
    return _united(first, others, [] if is_begun else _handed(keys, base), limit)


def _select_again(base: _Base, source: FromItem) -> Query:
    """Return the query of a source that has the values which the base selects."""
    return Query().from_(source).select(*[expressions.result(source.alias, name) for name in base.selected])


def _hand_on(base: _Base, keys: Sequence[SortKey], row: RowReference) -> list[Expression]:
    """Return the values that the base selects, from a row of the sample; there alone are keys made of columns."""
    made = _made_keys(keys)
    return [
        expressions.named(compile_operand(made[value.text], row), name)
        if value.text in made
        else expressions.result(row.alias, name)
        for name, value in base.selected.items()
    ]


def _made_keys(keys: Sequence[SortKey]) -> dict[str, Operand]:
    """Return the keys of the row itself that take longer than to read a column, by their texts."""
    return {key.value.text: key.operand for key in keys if key.indexable and not isinstance(key.operand, Column)}


def _sample_base(
    base: _Base, keys: Sequence[SortKey], condition: Condition, *, is_begun: bool
) -> tuple[_Base, dict[str, str]]:
    """Return the source of the sample, and the names of the columns that are read there."""
    made = _made_keys(keys) if is_begun else {}
    selected = _with_keys({}, keys)
    if is_begun:
        selected = {name: value for name, value in base.selected.items() if value.text not in made}
    known = {value.text: name for name, value in selected.items()}
    names: dict[str, str] = {}
    columns = [*columns_of_row(condition), *[column_of(operand).name for operand in made.values()]]
    for index, name in enumerate(dict.fromkeys(columns)):
        value = base.row.column(name)
        names[name] = known.get(value.text, "s" + str(index))
        selected[names[name]] = value
    return replace(base, condition=expressions.TRUE, selected=selected), names


def _first_rows(
    sample: _Base, branches: Sequence[Branch], keys: Sequence[SortKey], connection: Connection, draft: StatementDraft
) -> tuple[str, Expression]:
    """Return the query of the rows that are looked at first, and their number."""
    size = sample_size(connection.condition)
    unfound = connection.sampled.unfound if connection.sampled else ()
    text = _read_first(sample, branches, keys, size)
    if not unfound:
        return text, expressions.number(size)
    longer = draft.share(Query().select(expressions.named(takes_longer(unfound, connection.table), "longer")))

    def ask(*values: Expression) -> Expression:
        source = FromItem(longer, draft.alias())
        is_longer = expressions.result(source.alias, "longer")
        value = expressions.case([(is_longer, values[0])], otherwise=values[1]) if values else is_longer
        return expressions.scalar(Query().from_(source).select(value))

    more = _read_first(replace(sample, condition=ask()), branches, keys, LONGER * size)
    after = ask(expressions.number((1 + LONGER) * size), expressions.number(size))
    return f"({text}) UNION ALL ({more} OFFSET {size})", after


def _read_first(sample: _Base, branches: Sequence[Branch], keys: Sequence[SortKey], size: int) -> str:
    first, *others = [sample.read(branch).limit(size) for branch in branches]
    return _united(first, others, _handed(keys, sample), size) if others else first.text()


def _read_by_condition(
    base: _Base,
    branches: Sequence[Branch],
    keys: Sequence[SortKey],
    connection: Connection,
    chosen: Expression,
    draft: StatementDraft,
    limit: int,
) -> Query:
    """Return the query of the page's rows that are found by their condition, and sorted."""
    wanted = compile_related_first(connection.condition, base.row, draft)
    meant = expressions.all_of((wanted, any_branch(keys, branches).condition, chosen))
    found = replace(base, condition=expressions.TRUE).read(Branch(condition=meant, order=()))
    # The OFFSET keeps the order, and the index that serves it, from the choice of how these rows are found.
    source = query_source(found.offset(expressions.number(0)).text(), draft.alias())
    sorted_ = _select_again(base, source).order(*order_items(_handed(keys, base)))
    return _limited(sorted_, connection.page, limit)


def _read_totalled(
    page: Page,
    singly: tuple[_Base, Sequence[SortKey]],
    grouped: tuple[_Base, Sequence[SortKey]],
    draft: StatementDraft,
    limit: int,
) -> str:
    """Return the query of a page in the order of totals: for few rows they are computed one by one, else in groups."""
    base, keys = singly
    counted = replace(base, joins=(), selected={"hit": expressions.ONE})
    everything = Branch(condition=expressions.TRUE, order=())
    hits = Hits(query_source(counted.read(everything).limit(MANY).text(), draft.alias()), draft)
    few, many = hits.are((Comparison.LT, MANY)), hits.are((Comparison.GE, MANY))
    first, *others = [
        _limited(rows.read(replace(branch, condition=expressions.all_of((branch.condition, chosen)))), page, limit)
        for (rows, order), chosen in ((singly, few), (grouped, many))
        for branch in _branches(page, order)
    ]
    return _united(first, others, _handed(keys, base), limit)


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
