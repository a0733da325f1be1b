"""Read plans as SELECTs that build JSON text.

Relations are scalar sub-selects: for limited rows they cost the same as LEFT JOIN LATERAL or a little less, they are
not evaluated for the row beyond the page, and a page's rows, which no join can reorder, are aggregated as they come.
"""

from collections.abc import Sequence
from typing import assert_never

from fieldstone.sql.compiler import expressions
from fieldstone.sql.compiler.filters import compile_arrival, compile_condition, row_source
from fieldstone.sql.compiler.json_paths import read_path
from fieldstone.sql.compiler.output import (
    Fragment,
    TextPiece,
    aggregate_text,
    as_long_as,
    encode_value,
    inline,
    join_pieces,
    object_pieces,
    only_among,
    or_null,
)
from fieldstone.sql.compiler.reads.aggregates import aggregate_pieces, constant_pieces, is_measured
from fieldstone.sql.compiler.reads.duplicates import compile_duplicates
from fieldstone.sql.compiler.reads.grouping.groups import compile_groups
from fieldstone.sql.compiler.reads.nodes import compile_nodes, node_id
from fieldstone.sql.compiler.reads.pages.page_output import columns_of, compile_connection, within_limit
from fieldstone.sql.compiler.reads.pages.paging import compile_page
from fieldstone.sql.compiler.reads.pages.totals import compile_filtered
from fieldstone.sql.compiler.reads.search import compile_search
from fieldstone.sql.compiler.scope import RowReference, StatementDraft
from fieldstone.sql.compiler.terms import Expression, Query
from fieldstone.sql.plan.outputs import Connection, Literal, NodeId, Output, Page, Record, ToOne, Value
from fieldstone.sql.plan.read import Aggregate, Duplicates, Groups, Nodes, One, ReadPlan, Root, Search


def compile_read(plan: ReadPlan, draft: StatementDraft) -> Query:
    """Return the SELECT of a read plan."""
    fragments = [(key, _compile_root(root, draft)) for key, root in plan.entries]
    # The first that reads rows becomes the statement itself: its text may be long, and a sub-select's is copied.
    query = next((fragment.query for _, fragment in fragments if fragment.query is not None), None) or Query()
    entries = [(key, fragment.pieces if fragment.query is query else inline(fragment)) for key, fragment in fragments]
    query.select(join_pieces(object_pieces(entries)))
    for shared, name in draft.shared:
        query.with_(shared, name)
    return query


def compile_record(record: Record, row: RowReference, draft: StatementDraft) -> Expression:
    """Return a row's JSON object."""
    return join_pieces(_record_pieces(record, row, draft))


def compile_list(record: Record, row: RowReference, draft: StatementDraft, order: Expression | None) -> Expression:
    """All rows' JSON objects as a list: an aggregate, which ends as soon as they have too many bytes."""
    text = aggregate_text(_listed_record(record, row, draft), order=order)
    return join_pieces(("[", text, "]"))


def compile_list_of_one(record: Record, row: RowReference, draft: StatementDraft) -> Expression:
    """Return the one row's JSON object as a list, without an aggregate."""
    if draft.most_bytes is None:
        return join_pieces(["[", *_record_pieces(record, row, draft), "]"])
    return join_pieces(["[", _listed_record(record, row, draft), "]"])


def _listed_record(record: Record, row: RowReference, draft: StatementDraft) -> Expression:
    """Return a row's JSON object, whose bytes are counted where the list may be too large."""
    draft.level += 1
    text = compile_record(record, row, draft)
    draft.level -= 1
    return within_limit(text, draft)


def _compile_root(root: Root, draft: StatementDraft) -> Fragment:
    match root:
        case Connection():
            return compile_connection(root, None, draft, _record_pieces)
        case One():
            query, pieces = _compile_one(root, draft)
            return Fragment(pieces=[as_long_as(or_null(expressions.scalar(query)), pieces)])
        case Aggregate():
            return _compile_aggregate(root, draft)
        case Groups():
            return compile_groups(root, draft, _record_pieces)
        case Nodes():
            return compile_nodes(root, draft, _record_pieces)
        case Duplicates():
            return compile_duplicates(root, draft, _record_pieces)
        case Search():
            return compile_search(root, draft, _record_pieces)
        case Literal():
            return Fragment(pieces=[root.text])
        case _:
            assert_never(root)


def _record_pieces(record: Record, row: RowReference, draft: StatementDraft) -> list[TextPiece]:
    return object_pieces([(key, _compile_output(output, row, draft)) for key, output in record.entries])


def _compile_output(output: Output, row: RowReference, draft: StatementDraft) -> list[TextPiece]:
    match output:
        case Value():
            column = output.column
            value = compile_value(output, row)
            if output.path is not None:
                value = read_path(value, expressions.parameter(output.path))
                return encode_value(value, column.type, output.encoding, nullable=True)
            return encode_value(value, column.type, output.encoding, nullable=column.nullable)
        case Literal():
            return [output.text]
        case NodeId():
            return ['"', node_id(output, row), '"']
        case Record():
            return _record_pieces(output, row, draft)
        case ToOne():
            there = RowReference(alias=draft.alias())
            query = Query().from_(row_source(output.hop.table, there.alias, draft))
            arrived = compile_arrival(output.hop, row, there, draft)
            pieces = _record_pieces(output.record, there, draft)
            query.select(join_pieces(pieces)).only(arrived)
            return [as_long_as(or_null(expressions.scalar(query)), pieces)]
        case Connection():
            return inline(compile_connection(output, row, draft, _record_pieces))
        case _:
            assert_never(output)


def compile_value(output: Value, row: RowReference) -> Expression:
    """Return the value of a column, without options that are none any more, or its fallback."""
    value = row.column(output.column.name)
    if output.allowed is not None:
        value = only_among(value, output.column.type, output.allowed)
    return value if output.fallback is None else expressions.coalesce(value, expressions.parameter(output.fallback))


def _compile_one(one: One, draft: StatementDraft) -> tuple[Query, Sequence[TextPiece]]:
    """Return the SELECT of one record, and the pieces of its text."""
    if one.order:
        # Ordered first, then written: only the first row's record is made.
        rows = compile_page(
            Connection(
                table=one.table,
                condition=one.condition,
                order=one.order,
                page=Page(limit=1),
                cursor_tag="",
                sampled=one.sampled,
                entries=(),
            ),
            None,
            draft,
            columns=columns_of([one.record]),
            placed=False,
            limit=1,
            numbered=False,
            counted=False,
        )
        pieces = _record_pieces(one.record, rows.row, draft)
        return Query().from_(rows.source).select(join_pieces(pieces)), pieces
    row = RowReference(alias=draft.alias())
    query = Query().from_(row_source(one.table, row.alias, draft))
    condition = compile_condition(one.condition, row, draft)
    pieces = _record_pieces(one.record, row, draft)
    return query.select(join_pieces(pieces)).only(condition).limit(1), pieces


def _compile_aggregate(aggregate: Aggregate, draft: StatementDraft) -> Fragment:
    if not is_measured(aggregate.record):
        # Without an aggregate the SELECT would have a row for each of the table's.
        return Fragment(pieces=constant_pieces(aggregate.record))
    row = RowReference(alias=draft.alias())
    pieces = aggregate_pieces(aggregate.record, row)
    source, condition = compile_filtered(aggregate.table, aggregate.condition, row, draft)
    return Fragment(pieces=pieces, query=Query().from_(source).only(condition))
