"""Searches: the best hits among the records of several objects, in one statement."""

from collections.abc import Callable, Sequence
from typing import assert_never

from fieldstone.sql.compiler import aggregation, expressions
from fieldstone.sql.compiler.filters import compile_condition, row_source
from fieldstone.sql.compiler.output import (
    EMPTY,
    Fragment,
    TextPiece,
    aggregate_text,
    encode_value,
    join_pieces,
    object_pieces,
)
from fieldstone.sql.compiler.reads.pages.cursors import TEXT_END, compile_cursor
from fieldstone.sql.compiler.reads.pages.page_output import RecordWriter, page_info_pieces, within_limit
from fieldstone.sql.compiler.reads.pages.paging import PageRows
from fieldstone.sql.compiler.scope import RowReference, StatementDraft
from fieldstone.sql.compiler.terms import Expression, FromItem, Query, query_source
from fieldstone.sql.compiler.text_keys import computed_once
from fieldstone.sql.plan.elements import Comparison
from fieldstone.sql.plan.operands import Column
from fieldstone.sql.plan.outputs import Cursor, Literal, PageInfo
from fieldstone.sql.plan.read import Hit, HitEdges, HitFact, HitRecord, Search, SearchBranch
from fieldstone.sql.plan.text_search import IS_LIKE, LABEL, LIKENESS, WORDS, share_of
from fieldstone.sql.text_order import FOLD
from fieldstone.sql.types import Encoding, SqlType
from fieldstone.sql.values.page_cursor import KeyKind, encode_head

MOST_RANKED = 1_000
"""Hits of an object that are ranked; beyond them, an arbitrary thousand is."""
FEW = 20
"""Hits below which labels that resemble the query are looked for."""

_INLINED = 4
"""The columns whose texts are joined in an argument that PostgreSQL puts in the place of a function's parameter."""

_NO_ROWS = "SELECT NULL::text AS o,NULL::uuid AS k,NULL::numeric AS r WHERE false"
_COLUMNS = ("o", "k", "r")
_KINDS = (KeyKind.TEXT, KeyKind.TEXT, KeyKind.TEXT, KeyKind.UUID)
_SHOWN = 20_000
"""The characters of a record's texts in which a snippet is looked for."""
_HEADLINE = expressions.text_literal("StartSel=<b>,StopSel=</b>,MinWords=20,MaxWords=40")
_ESCAPES = (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ('"', "&quot;"), ("'", "&#39;"))


def compile_search(search: Search, draft: StatementDraft, write: RecordWriter) -> Fragment:
    """Return the connection of a search."""
    hits = draft.share(_gather([_find_words(search, branch, draft) for branch in search.branches], draft))
    alike = [_find_alike(search, branch, hits, draft) for branch in search.branches if branch.label]
    first = Query().from_(FromItem(hits, draft.alias())).select(*[Expression(name) for name in _COLUMNS])
    found = draft.alias()
    object_, key, rank = (expressions.result(found, name) for name in _COLUMNS)
    order = (
        expressions.ordered(rank, descending=True, nulls_first=None),
        Expression(f'{object_.text} COLLATE "C"'),
        key,
    )
    page = Query().from_(query_source(" UNION ALL ".join([one.text() for one in (first, *alike)]), found))
    page.select(object_, key, rank)
    number = aggregation.over(expressions.call("row_number"), order=expressions.listed(order))
    page.select(expressions.named(number, "n"))
    page.select(expressions.named(aggregation.over_all(expressions.COUNT), "c"))
    page.only(_seek(search, object_, key, rank)).order(*order).limit(search.page.limit + 1)
    row = RowReference(alias=draft.alias())
    source = query_source(page.text(), row.alias)
    rows = PageRows(
        source=source,
        row=row,
        limit=search.page.limit + 1,
        place=_place(search, row),
        number=expressions.result(row.alias, "n"),
        total=expressions.result(row.alias, "c"),
    )
    entries: list[tuple[str, list[TextPiece]]] = []
    for name, entry in search.entries:
        match entry:
            case HitEdges():
                entries.append((name, _edges(entry, search, rows, draft, write)))
            case PageInfo():
                entries.append((name, page_info_pieces(entry, search.page, search.cursor_tag, rows)))
            case Literal():
                entries.append((name, [entry.text]))
            case _:
                assert_never(entry)
    return Fragment(pieces=object_pieces(entries), query=Query().from_(source))


def _gather(queries: Sequence[Query], draft: StatementDraft) -> Query:
    alias = draft.alias()
    text = " UNION ALL ".join([query.text() for query in queries]) or _NO_ROWS
    return Query().from_(query_source(text, alias)).select(*[expressions.result(alias, name) for name in _COLUMNS])


def _wanted_words(search: Search, configuration: Expression = expressions.SIMPLE) -> Expression:
    return computed_once(expressions.call("to_tsquery", configuration, expressions.parameter(search.words)))


def _wanted_label(search: Search) -> Expression:
    return computed_once(expressions.call(FOLD, expressions.parameter(search.query)))


def _may_match(search: Search, branch: SearchBranch, row: RowReference, draft: StatementDraft) -> Expression:
    """Return a condition that all records with the words fulfil: to try it takes a seventh of the time for a vector."""
    if branch.indexed or search.patterns is None:
        return expressions.TRUE
    text = _joined(branch.texts, row, share_of(branch.texts))
    folded = expressions.call(FOLD, text)
    if len(branch.texts) > _INLINED:
        # The text as a value of a row: with it the function is inlined again, for a third of the time.
        joined = Query().select(expressions.named(text, "joined")).offset(expressions.number(0))
        alias = draft.alias()
        value = expressions.call(FOLD, expressions.result(alias, "joined"))
        folded = expressions.scalar(Query().from_(query_source(joined.text(), alias)).select(value))
    return expressions.like_all(folded, expressions.parameter(search.patterns))


def _find_words(search: Search, branch: SearchBranch, draft: StatementDraft) -> Query:
    """Return the branch's records that have all words; they rank from 1 to 2."""
    row = RowReference(alias=draft.alias())
    vector = _vector(branch.texts, row)
    has_words = expressions.has_words(vector, _wanted_words(search))
    inner = Query().from_(row_source(branch.table, row.alias, draft))
    inner.only(
        expressions.all_of(
            (_may_match(search, branch, row, draft), has_words, compile_condition(branch.condition, row, draft))
        )
    )
    inner.select(
        expressions.named(row.column(branch.key.name), "k"),
        expressions.named(_label(branch.label, row), "l"),
        expressions.named(vector, "w"),
    ).limit(MOST_RANKED)
    alias = draft.alias()
    likeness = expressions.call(LIKENESS, _wanted_label(search), expressions.result(alias, "l"))
    density = expressions.call("ts_rank", expressions.result(alias, "w"), _wanted_words(search))
    rank = Expression(f"1 + ({likeness.text} + {density.text}) / 2")
    return _hits(branch, Query().from_(query_source(inner.text(), alias)), expressions.result(alias, "k"), rank)


def _find_alike(search: Search, branch: SearchBranch, hits: str, draft: StatementDraft) -> Query:
    """Return the branch's records whose label resembles the query, where few have its words; they rank up to 1."""
    row = RowReference(alias=draft.alias())
    label = _label(branch.label, row)
    number = expressions.scalar(Query().from_(FromItem(hits, draft.alias())).select(expressions.COUNT))
    has_words = expressions.has_words(_vector(branch.texts, row), _wanted_words(search))
    inner = Query().from_(row_source(branch.table, row.alias, draft))
    inner.only(
        expressions.all_of(
            (
                expressions.compare(number, Comparison.LT, expressions.number(FEW)),
                expressions.call(IS_LIKE, _wanted_label(search), label),
                expressions.negation(has_words),
                compile_condition(branch.condition, row, draft),
            )
        )
    )
    inner.select(expressions.named(row.column(branch.key.name), "k"), expressions.named(label, "l")).limit(MOST_RANKED)
    alias = draft.alias()
    likeness = expressions.call(LIKENESS, _wanted_label(search), expressions.result(alias, "l"))
    return _hits(branch, Query().from_(query_source(inner.text(), alias)), expressions.result(alias, "k"), likeness)


def _hits(branch: SearchBranch, query: Query, key: Expression, rank: Expression) -> Query:
    exact = expressions.cast(expressions.parenthesised(rank), SqlType.NUMERIC)
    rounded = expressions.call("round", exact, expressions.number(6))
    name = expressions.cast_to_text(expressions.text_literal(branch.name))
    return query.select(expressions.named(name, "o"), expressions.named(key, "k"), expressions.named(rounded, "r"))


def _joined(columns: Sequence[Column], row: RowReference, each: int) -> Expression:
    """Return the beginnings of the columns' texts, with a space between them."""
    cut = [
        expressions.call("left", expressions.coalesce(row.column(column.name), EMPTY), expressions.number(each))
        for column in columns
    ]
    parts = [part for one in cut for part in (expressions.text_literal(" "), one)][1:]
    return expressions.concatenation(parts)


def _vector(columns: Sequence[Column], row: RowReference) -> Expression:
    return expressions.call(WORDS, _joined(columns, row, share_of(columns)))


def _label(columns: Sequence[Column], row: RowReference) -> Expression:
    return expressions.call(FOLD, _joined(columns, row, LABEL)) if columns else EMPTY


def _seek(search: Search, object_: Expression, key: Expression, rank: Expression) -> Expression:
    if search.page.seek is None:
        return expressions.TRUE
    parameters = [expressions.parameter(one) for one in search.page.seek if one is not None]
    digest, last_rank, last_object, last_key = parameters
    behind = (
        f"({rank.text} < {last_rank.text} OR ({rank.text} = {last_rank.text}"
        f' AND ({object_.text} COLLATE "C",{key.text}) > ({last_object.text},{last_key.text})))'
    )
    return expressions.all_of((expressions.equal(digest, _digest(search)), Expression(behind)))


def _digest(search: Search) -> Expression:
    return expressions.call("md5", expressions.parameter(search.query))


def _place(search: Search, row: RowReference) -> Expression:
    object_, key, rank = (expressions.result(row.alias, name) for name in _COLUMNS)
    parts = [expressions.bytes_literal(encode_head(search.cursor_tag, _KINDS))]
    for text in (_digest(search), expressions.cast_to_text(rank), object_):
        parts += [expressions.call("textsend", text), TEXT_END]
    return expressions.concatenation([*parts, expressions.call("uuid_send", key)])


def _edges(
    edges: HitEdges, search: Search, rows: PageRows, draft: StatementDraft, write: RecordWriter
) -> list[TextPiece]:
    entries: list[tuple[str, list[TextPiece]]] = []
    draft.level += 1
    for name, entry in edges.entries:
        match entry:
            case Hit():
                pieces = [(key, _hit(one, search, rows.row, draft, write)) for key, one in entry.entries]
                entries.append((name, object_pieces(pieces)))
            case Cursor():
                entries.append((name, ['"', compile_cursor(rows.place, search.cursor_tag), '"']))
            case Literal():
                entries.append((name, [entry.text]))
            case _:
                assert_never(entry)
    draft.level -= 1
    text = aggregate_text(
        join_pieces(object_pieces(entries)),
        order=rows.number,
        only=expressions.compare(rows.number, Comparison.LE, expressions.number(search.page.limit)),
    )
    return ["[", within_limit(text, draft), "]"]


def _hit(
    entry: HitFact | HitRecord | Literal, search: Search, row: RowReference, draft: StatementDraft, write: RecordWriter
) -> list[TextPiece]:
    match entry:
        case Literal():
            return [entry.text]
        case HitFact.OBJECT:
            return ['"', expressions.result(row.alias, "o"), '"']
        case HitFact.RANK:
            return encode_value(expressions.result(row.alias, "r"), SqlType.NUMERIC, Encoding.TRIMMED, nullable=False)
        case HitFact.SNIPPET:
            return _first(search, row, draft, lambda branch, there: [_snippet(search, branch, there)], '""')
        case HitRecord(place=place):
            return _first(search, row, draft, lambda branch, there: write(branch.records[place], there, draft), "null")
        case _:
            assert_never(entry)


def _first(
    search: Search,
    row: RowReference,
    draft: StatementDraft,
    text: Callable[[SearchBranch, RowReference], list[TextPiece]],
    otherwise: str,
) -> list[TextPiece]:
    """Return the text that the branch of a hit makes of its record."""
    texts: list[Expression] = []
    for branch in search.branches:
        there = RowReference(alias=draft.alias())
        query = Query().from_(row_source(branch.table, there.alias, draft))
        is_it = expressions.equal(expressions.result(row.alias, "o"), expressions.text_literal(branch.name))
        is_there = expressions.equal(there.column(branch.key.name), expressions.result(row.alias, "k"))
        query.only(expressions.all_of((is_it, is_there))).select(join_pieces(text(branch, there)))
        texts.append(expressions.scalar(query))
    return [expressions.coalesce(*texts, expressions.cast_to_text(expressions.text_literal(otherwise)))]


def _snippet(search: Search, branch: SearchBranch, row: RowReference) -> Expression:
    """Return a part of the record's texts as a JSON string, with the words marked and all other markup escaped."""
    shown = expressions.parenthesised(_joined(branch.texts, row, _SHOWN // len(branch.texts)))
    for character, entity in _ESCAPES:
        before, after = expressions.text_literal(character), expressions.text_literal(entity)
        shown = expressions.call("replace", shown, before, after)
    wanted = _wanted_words(search, expressions.WORDS)
    headline = expressions.call("btrim", expressions.call("ts_headline", expressions.WORDS, shown, wanted, _HEADLINE))
    return expressions.cast_to_text(expressions.call("to_json", headline))
