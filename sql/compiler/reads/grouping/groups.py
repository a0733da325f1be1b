"""Groups as one SELECT: the groups, their page, and the first records of each group of the page."""

from collections.abc import Mapping
from typing import assert_never

from fieldstone.sql.compiler import aggregation, expressions
from fieldstone.sql.compiler.filters import compile_condition
from fieldstone.sql.compiler.measures import compile_measure
from fieldstone.sql.compiler.output import (
    Fragment,
    TextPiece,
    aggregate_text,
    encode_value,
    join_pieces,
    object_pieces,
    or_null,
)
from fieldstone.sql.compiler.reads.grouping.dimensions import compile_dimensions, compile_identity, compile_zone_checks
from fieldstone.sql.compiler.reads.grouping.records import SharedPage, compile_records
from fieldstone.sql.compiler.reads.pages.cursors import compile_cursor, compile_place
from fieldstone.sql.compiler.reads.pages.ordering import any_branch, compile_order, order_items, seek_branches
from fieldstone.sql.compiler.reads.pages.page_output import RecordWriter, within_limit
from fieldstone.sql.compiler.reads.pages.totals import compile_filtered
from fieldstone.sql.compiler.scope import RowReference, StatementDraft
from fieldstone.sql.compiler.terms import FromItem, InnerJoin, Query, query_source
from fieldstone.sql.plan.outputs import Cursor, Edges, Literal, PageInfo, Record, Value
from fieldstone.sql.plan.read import DimensionTexts, GroupOutput, GroupRecords, Groups
from fieldstone.sql.types import Encoding

_QUOTED = frozenset({Encoding.STRING, Encoding.QUOTED, Encoding.QUOTED_TRIMMED, Encoding.INSTANT})
"""The encodings that are a JSON string already."""


def compile_groups(groups: Groups, draft: StatementDraft, write: RecordWriter) -> Fragment:
    """Return the JSON list of a page of groups."""
    outputs = [output for _, output in groups.entries]
    if not groups.page.limit:
        return Fragment(pieces=["[]"])
    page = _compile_page(groups, draft)
    has_records = any(isinstance(output, GroupRecords) for output in outputs)
    name = draft.share(page) if has_records else ""
    source = FromItem(name, draft.alias()) if has_records else query_source(page.text(), draft.alias())
    group = RowReference(alias=source.alias)
    query = Query().from_(source)
    draft.level += 1
    records: dict[int, Mapping[str, list[TextPiece]]] = {}
    for place, output in enumerate(outputs):
        if isinstance(output, GroupRecords):
            shared = SharedPage(name=name, alias=source.alias)
            found = compile_records(output, groups, shared, draft, write)
            records[place] = found.texts
            if found.source is not None:
                query.join(InnerJoin(found.source, found.condition))
    entries = [
        (key, _compile_output(output, groups.cursor_tag, group, records.get(place, {}), write, draft))
        for place, (key, output) in enumerate(groups.entries)
    ]
    order = expressions.ordered(group.column("number"), descending=False, nulls_first=None)
    draft.level -= 1
    text = aggregate_text(join_pieces(object_pieces(entries)), order=order)
    return Fragment(pieces=["[", within_limit(text, draft), "]"], query=query)


def _compile_page(groups: Groups, draft: StatementDraft) -> Query:
    """Return the page's groups, numbered in order."""
    grouped = query_source(_grouped(groups, draft).text(), draft.alias())
    group = RowReference(alias=grouped.alias)
    keys, _ = compile_order(groups.order, group, draft)
    condition = compile_condition(groups.having, group, draft)
    if groups.page.seek is not None:
        behind = any_branch(keys, seek_branches(keys, groups.page.seek)).condition
        condition = expressions.all_of((condition, behind))
    limited = Query().from_(grouped).select(expressions.whole_row(grouped.alias)).only(condition)
    limited.order(*order_items(keys)).limit(groups.page.limit)
    inner = query_source(limited.text(), draft.alias())
    page = Query().from_(inner).select(expressions.whole_row(inner.alias))
    page.select(expressions.named(aggregation.over_all(expressions.call("row_number")), "number"))
    outputs = [output for _, output in groups.entries]
    if any(isinstance(output, Cursor) for output in outputs):
        handed, _ = compile_order(groups.order, RowReference(alias=inner.alias), draft)
        page.select(expressions.named(compile_place(groups.cursor_tag, handed), "place"))
    if any(isinstance(output, GroupRecords) for output in outputs):
        values = [expressions.result(inner.alias, "k" + str(index)) for index in range(len(groups.dimensions))]
        page.select(expressions.named(compile_identity(values), "identity"))
    return page


def _grouped(groups: Groups, draft: StatementDraft) -> Query:
    """Return all groups under the filter: the columns of the dimensions and of the measures."""
    row = RowReference(alias=draft.alias())
    values, joins = compile_dimensions(groups.dimensions, row, draft)
    source, condition = compile_filtered(groups.table, groups.condition, row, draft)
    query = Query().from_(source)
    for join in joins:
        query.join(join)
    for index, value in enumerate(values):
        query.select(expressions.named(value, "k" + str(index)))
    for index, measure in enumerate(groups.measures):
        query.select(expressions.named(compile_measure(measure, row), "m" + str(index)))
    checks = compile_zone_checks(groups.dimensions)
    query.only(expressions.all_of((condition, *checks)))
    return query.group(*[expressions.number(index + 1) for index in range(len(values))])


def _compile_output(
    output: GroupOutput,
    tag: str,
    group: RowReference,
    records: Mapping[str, list[TextPiece]],
    write: RecordWriter,
    draft: StatementDraft,
) -> list[TextPiece]:
    match output:
        case Literal():
            return [output.text]
        case Value():
            return _value(output, group)
        case Record():
            return write(output, group, draft)
        case Cursor():
            return ['"', compile_cursor(group.column("place"), tag), '"']
        case DimensionTexts():
            texts = [_string(value, group) for value in output.values]
            return ["[", *(piece for place, text in enumerate(texts) for piece in ([","] if place else []) + text), "]"]
        case GroupRecords():
            entries = [
                (
                    key,
                    records[key]
                    if isinstance(entry, Edges | PageInfo)
                    else _compile_output(entry, tag, group, {}, write, draft),
                )
                for key, entry in output.entries
            ]
            return object_pieces(entries)
        case _:
            assert_never(output)


def _value(value: Value, group: RowReference) -> list[TextPiece]:
    column = value.column
    return encode_value(group.column(column.name), column.type, value.encoding, nullable=column.nullable)


def _string(value: Value, group: RowReference) -> list[TextPiece]:
    """Return the value as a JSON string, or null."""
    column = value.column
    found = group.column(column.name)
    if value.encoding in _QUOTED:
        return _value(value, group)
    pieces = encode_value(found, column.type, value.encoding, nullable=False)
    text = expressions.cast_to_text(expressions.call("to_json", join_pieces(pieces)))
    return [or_null(text)]
