"""A connection's entries as JSON text: its edges, the facts of its page, its measures."""

from collections.abc import Callable, Iterable, Mapping
from typing import assert_never

from fieldstone.sql.compiler import aggregation, expressions
from fieldstone.sql.compiler.output import (
    NULL_TEXT,
    Fragment,
    TextPiece,
    aggregate_text,
    as_long_as,
    inline,
    join_pieces,
    object_pieces,
)
from fieldstone.sql.compiler.reads.aggregates import constant_pieces, is_measured, measure_pieces, measured_columns
from fieldstone.sql.compiler.reads.pages.cursors import compile_cursor
from fieldstone.sql.compiler.reads.pages.members import compile_members
from fieldstone.sql.compiler.reads.pages.paging import PageRows, compile_page, compile_whole
from fieldstone.sql.compiler.scope import RowReference, StatementDraft
from fieldstone.sql.compiler.terms import Expression, FromItem, InnerJoin, LongText, Query, query_source
from fieldstone.sql.plan.aggregates import Computed, Count, Measure
from fieldstone.sql.plan.elements import Comparison, Link
from fieldstone.sql.plan.outputs import (
    AggregateRecord,
    Connection,
    Cursor,
    Edges,
    Literal,
    NodeId,
    Output,
    Page,
    PageFact,
    PageInfo,
    Record,
    ToOne,
    Value,
)

_WITHIN_LIMIT = "fieldstone.within_limit"
"""The function of the catalog that returns a text, or ends the statement once such texts have too many bytes."""

RecordWriter = Callable[[Record, RowReference, StatementDraft], list[TextPiece]]
"""Writes the record of a row, which may hold connections again."""


def compile_connection(
    connection: Connection, around: RowReference | None, draft: StatementDraft, write: RecordWriter
) -> Fragment:
    """Return the connection's JSON object; `around` is the row that it is linked to."""
    rows = _compile_rows(connection, around, draft)
    page: dict[str, list[TextPiece]] = {}
    measured: dict[str, Measure | AggregateRecord] = {}
    for key, entry in connection.entries:
        match entry:
            case Edges():
                page[key] = edges_pieces(entry, connection, rows, draft, write)
            case PageInfo():
                page[key] = page_info_pieces(entry, connection.page, connection.cursor_tag, rows)
            case Literal():
                page[key] = [entry.text]
            case AggregateRecord() if not is_measured(entry):
                page[key] = constant_pieces(entry)
            case Computed() | Count() | AggregateRecord():
                measured[key] = entry
            case _:
                assert_never(entry)
    return _join_entries(connection, rows, page, measured, around, draft)


def _join_entries(
    connection: Connection,
    rows: PageRows | None,
    page: dict[str, list[TextPiece]],
    measured: Mapping[str, Measure | AggregateRecord],
    around: RowReference | None,
    draft: StatementDraft,
) -> Fragment:
    """Return the connection's JSON object, whose measures are read in one scan: the page's, if it reads all rows."""
    keys = [key for key, _ in connection.entries]
    query = None if rows is None else Query().from_(rows.source)
    if rows is not None and rows.is_whole:
        found = page | {key: measure_pieces(measure, rows.row) for key, measure in measured.items()}
    elif not measured:
        found = page
    else:
        row = RowReference(alias=draft.alias())
        found = {key: measure_pieces(measure, row) for key, measure in measured.items()}
        table, members = compile_members(connection, row, around, draft)
        scan = Query().from_(table).only(members)
        if query is None:
            query, found = scan, page | found
        elif len(found) == 1:
            found = page | {key: inline(Fragment(pieces=pieces, query=scan)) for key, pieces in found.items()}
        else:
            shown, page = _apart(query, page, draft)
            others, found = _apart(scan, found, draft)
            query, found = Query().from_(shown).join(InnerJoin(others, expressions.TRUE)), page | found
    return Fragment(pieces=object_pieces([(key, found[key]) for key in keys]), query=query)


def _apart(
    query: Query, found: Mapping[str, list[TextPiece]], draft: StatementDraft
) -> tuple[FromItem, dict[str, list[TextPiece]]]:
    """Return the query as a source of one row, and the texts that it has there."""
    alias = draft.alias()
    texts: dict[str, list[TextPiece]] = {}
    for index, (key, pieces) in enumerate(found.items()):
        query.select(expressions.named(join_pieces(pieces), "c" + str(index)))
        texts[key] = [as_long_as(expressions.result(alias, "c" + str(index)), pieces)]
    return query_source(query.text(), alias), texts


def _compile_rows(connection: Connection, around: RowReference | None, draft: StatementDraft) -> PageRows | None:
    """Return the page's rows with all that its entries need of them, or None where they need none."""
    page = connection.page
    edges = [entry for _, entry in connection.entries if isinstance(entry, Edges) and page.limit]
    outputs = [output for edge in edges for _, output in edge.entries]
    infos = [entry for _, entry in connection.entries if isinstance(entry, PageInfo)]
    facts = {fact for info in infos for _, fact in info.entries if isinstance(fact, PageFact)}
    beyond = _fact_beyond(page) in facts
    ends = page.limit > 0 and bool(facts & {PageFact.START_CURSOR, PageFact.END_CURSOR})
    behind = page.limit > 0 and _fact_behind(page) in facts and not _is_at_start(page)
    if not (edges or beyond or ends or behind):
        return None
    last = PageFact.START_CURSOR if page.backward else PageFact.END_CURSOR
    columns = columns_of(outputs)
    placed = ends or any(isinstance(output, Cursor) for output in outputs)
    counted = ends and last in facts
    measures = [entry for _, entry in connection.entries if is_measured(entry)]
    if measures and (around is not None or connection.distinct) and _is_at_start(page):
        columns = list(dict.fromkeys([*columns, *measured_columns(measures)]))
        return compile_whole(connection, around, draft, columns=columns, placed=placed, counted=counted)
    return compile_page(
        connection,
        around,
        draft,
        columns=columns,
        placed=placed,
        limit=page.limit + 1 if beyond else page.limit,
        numbered=ends or (bool(edges) and (beyond or page.backward)),
        counted=counted,
    )


def _fact_beyond(page: Page) -> PageFact:
    """Return the fact that says whether there is a row beyond the page."""
    return PageFact.HAS_PREVIOUS if page.backward else PageFact.HAS_NEXT


def _fact_behind(page: Page) -> PageFact:
    """Return the fact that says whether there are rows on the side that the page begins at."""
    return PageFact.HAS_NEXT if page.backward else PageFact.HAS_PREVIOUS


def _is_at_start(page: Page) -> bool:
    return page.seek is None and page.offset is None


def columns_of(outputs: Iterable[Output | Cursor]) -> list[str]:
    """Return the columns of the row at hand that the outputs read, in the order of their first use."""
    columns: dict[str, None] = {}
    for output in outputs:
        match output:
            case Value():
                columns[output.column.name] = None
            case NodeId():
                columns[output.key.name] = None
            case ToOne():
                columns[output.hop.column.name] = None
            case Connection(link=Link(key=key)):
                columns[key.name] = None
            case Record():
                columns.update(dict.fromkeys(columns_of([inner for _, inner in output.entries])))
            case Connection() | Literal() | Cursor():
                pass
            case _:
                assert_never(output)
    return list(columns)


def edges_pieces(
    edges: Edges, connection: Connection, rows: PageRows | None, draft: StatementDraft, write: RecordWriter
) -> list[TextPiece]:
    """Return the JSON list of a page's edges."""
    if rows is None or not connection.page.limit:
        return ["[]"]
    entries: list[tuple[str, list[TextPiece]]] = []
    draft.level += 1
    for key, output in edges.entries:
        match output:
            case Record():
                entries.append((key, write(output, rows.row, draft)))
            case Cursor():
                entries.append((key, ['"', compile_cursor(rows.place, connection.cursor_tag), '"']))
            case Literal():
                entries.append((key, [output.text]))
            case _:
                assert_never(output)
    draft.level -= 1
    text = aggregate_text(
        join_pieces(object_pieces(entries)),
        order=_edges_order(connection, rows),
        only=_within_page(connection, rows),
    )
    return ["[", within_limit(text, draft), "]"]


def within_limit(text: Expression, draft: StatementDraft) -> Expression:
    """Return the text of many rows, whose bytes are counted where the answer may be too large."""
    if draft.most_bytes is None:
        return text
    level, most = expressions.number(draft.level), expressions.number(draft.most_bytes)
    return LongText(expressions.call(_WITHIN_LIMIT, text, level, most).text)


def _edges_order(connection: Connection, rows: PageRows) -> Expression | None:
    """Return the ORDER BY item of the page's rows, None where they come in order."""
    if not (connection.page.backward or rows.is_whole):
        return None
    return expressions.ordered(rows.number, descending=connection.page.backward, nulls_first=None)


def _within_page(connection: Connection, rows: PageRows) -> Expression | None:
    if not rows.is_whole and rows.limit <= connection.page.limit:
        return None
    return expressions.compare(rows.number, Comparison.LE, expressions.number(connection.page.limit))


def page_info_pieces(info: PageInfo, page: Page, tag: str, rows: PageRows | None) -> list[TextPiece]:
    """Return the JSON object of facts about a page, whose cursors are made under this tag."""
    return object_pieces([(key, _compile_fact(fact, page, tag, rows)) for key, fact in info.entries])


def _compile_fact(fact: PageFact | Literal, page: Page, tag: str, rows: PageRows | None) -> list[TextPiece]:
    match fact:
        case Literal():
            return [fact.text]
        case PageFact.START_CURSOR | PageFact.END_CURSOR:
            if rows is None or not page.limit:
                return ["null"]
            first = (fact is PageFact.START_CURSOR) is not page.backward
            limit = expressions.number(page.limit)
            place = expressions.ONE if first else expressions.call("least", rows.total, limit)
            cursor = join_pieces(('"', compile_cursor(rows.place, tag), '"'))
            found = aggregation.aggregate("min", cursor, only=expressions.equal(rows.number, place))
            return [expressions.coalesce(found, NULL_TEXT)]
        case PageFact.HAS_NEXT | PageFact.HAS_PREVIOUS if fact is _fact_beyond(page):
            limit = expressions.number(page.limit)
            return [expressions.cast_to_text(expressions.compare(expressions.COUNT, Comparison.GT, limit))]
        case PageFact.HAS_NEXT | PageFact.HAS_PREVIOUS:
            if rows is None or not page.limit or _is_at_start(page):
                return ["false"]
            # An empty page has no cursor by which a client could page back, so it has no page behind it.
            is_there = expressions.compare(expressions.COUNT, Comparison.GT, expressions.number(0))
            if page.seek is None and page.offset is not None:
                skipped = expressions.compare(expressions.parameter(page.offset), Comparison.GT, expressions.number(0))
                is_there = expressions.all_of((is_there, skipped))
            return [expressions.cast_to_text(is_there)]
        case _:
            assert_never(fact)
