"""The first records of each group of a page: all of them in one pass over the rows, joined to their groups."""

from collections.abc import Mapping
from typing import NamedTuple

from fieldstone.sql.compiler import aggregation, expressions
from fieldstone.sql.compiler.output import TextPiece, as_long_as, join_pieces
from fieldstone.sql.compiler.reads.grouping.dimensions import compile_dimensions, compile_identity
from fieldstone.sql.compiler.reads.pages.cursors import compile_place
from fieldstone.sql.compiler.reads.pages.ordering import compile_order, order_items
from fieldstone.sql.compiler.reads.pages.page_output import RecordWriter, columns_of, edges_pieces, page_info_pieces
from fieldstone.sql.compiler.reads.pages.paging import PageRows, whole_rows
from fieldstone.sql.compiler.reads.pages.totals import compile_filtered
from fieldstone.sql.compiler.scope import RowReference, StatementDraft
from fieldstone.sql.compiler.terms import Expression, FromItem, InnerJoin, Query, query_source
from fieldstone.sql.plan.elements import Comparison
from fieldstone.sql.plan.outputs import Connection, Cursor, Edges, Page, PageFact, PageInfo
from fieldstone.sql.plan.read import GroupRecords, Groups

_COUNT = "m0"
"""The column of a group's count: see `Groups.measures`."""
_CURSORS = frozenset({PageFact.START_CURSOR, PageFact.END_CURSOR})


class SharedPage(NamedTuple):
    """The WITH query of a page's groups: its name, and its alias where the records are joined to it."""

    name: str
    alias: str


class RecordTexts(NamedTuple):
    """The texts of edges and page infos, each by its response key; `source` has a row for each group."""

    texts: Mapping[str, list[TextPiece]]
    source: FromItem | None
    condition: Expression


def compile_records(
    records: GroupRecords, groups: Groups, page: SharedPage, draft: StatementDraft, write: RecordWriter
) -> RecordTexts:
    """Return the texts of each group's records."""
    entries = {key: entry for key, entry in records.entries if isinstance(entry, Edges | PageInfo)}
    connection = Connection(
        table=groups.table,
        condition=groups.condition,
        order=records.order,
        page=Page(limit=records.limit),
        cursor_tag=records.cursor_tag,
        entries=(),
    )
    facts = [fact for entry in entries.values() if isinstance(entry, PageInfo) for _, fact in entry.entries]
    if not entries or not (records.limit or PageFact.HAS_NEXT in facts):
        texts = {key: _pieces(entry, connection, None, draft, write) for key, entry in entries.items()}
        return RecordTexts(texts, None, expressions.TRUE)
    rows = _rows(records, groups, page.name, draft)
    query = Query().from_(rows.source).select(expressions.named(expressions.result(rows.source.alias, "gid"), "gid"))
    alias = draft.alias()
    texts = {}
    for index, (key, entry) in enumerate(entries.items()):
        pieces = _pieces(entry, connection, rows, draft, write)
        query.select(expressions.named(join_pieces(pieces), "c" + str(index)))
        texts[key] = [as_long_as(expressions.result(alias, "c" + str(index)), pieces)]
    source = query_source(query.group(expressions.number(1)).text(), alias)
    number = expressions.result(page.alias, "number")
    return RecordTexts(texts, source, expressions.equal(expressions.result(alias, "gid"), number))


def _pieces(
    entry: Edges | PageInfo, connection: Connection, rows: PageRows | None, draft: StatementDraft, write: RecordWriter
) -> list[TextPiece]:
    if isinstance(entry, Edges):
        return edges_pieces(entry, connection, rows, draft, write)
    return page_info_pieces(entry, connection.page, connection.cursor_tag, rows)


def _rows(records: GroupRecords, groups: Groups, page: str, draft: StatementDraft) -> PageRows:
    """Return the first rows of each group: `gid` is the number of their group, `total` its count."""
    row, group = RowReference(alias=draft.alias()), draft.alias()
    values, joins = compile_dimensions(groups.dimensions, row, draft)
    keys, order_joins = compile_order(records.order, row, draft)
    outputs = [output for _, entry in records.entries if isinstance(entry, Edges) for _, output in entry.entries]
    facts = [fact for _, entry in records.entries if isinstance(entry, PageInfo) for _, fact in entry.entries]
    names = {name: "c" + str(index) for index, name in enumerate(columns_of(outputs))}
    gid, limit = expressions.result(group, "number"), expressions.number(records.limit)
    number = aggregation.over(expressions.call("row_number"), by=[gid], order=expressions.listed(order_items(keys)))
    source, condition = compile_filtered(groups.table, groups.condition, row, draft)
    query = Query().from_(source)
    for join in (*joins, *order_joins):
        query.join(join)
    identity = compile_identity(values)
    query.join(InnerJoin(FromItem(page, group), expressions.equal(identity, expressions.result(group, "identity"))))
    query.select(expressions.named(gid, "gid"), expressions.named(expressions.result(group, _COUNT), "total"))
    query.select(*[expressions.named(row.column(name), generated) for name, generated in names.items()])
    query.select(expressions.named(number, "number"))
    if any(isinstance(output, Cursor) for output in outputs) or any(fact in _CURSORS for fact in facts):
        is_shown = expressions.compare(number, Comparison.LE, limit)
        place = expressions.case([(is_shown, compile_place(records.cursor_tag, keys))])
        query.select(expressions.named(place, "place"))
    inner = query_source(query.only(condition).text(), draft.alias())
    most = records.limit + (PageFact.HAS_NEXT in facts)
    first = Query().from_(inner).select(expressions.whole_row(inner.alias))
    first.only(expressions.compare(expressions.result(inner.alias, "number"), Comparison.LE, expressions.number(most)))
    return whole_rows(first, names, records.limit, draft)
