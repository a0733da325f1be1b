"""The size of a query's answer, estimated from its plan: full pages of records whose texts are of a usual length."""

from collections.abc import Iterable

from fieldstone.sql.plan.aggregates import Measure
from fieldstone.sql.plan.outputs import (
    AggregateRecord,
    Connection,
    Cursor,
    Edges,
    Literal,
    Output,
    PageFact,
    PageInfo,
    Record,
    ToOne,
    Value,
)
from fieldstone.sql.plan.parts import parts_of
from fieldstone.sql.plan.read import (
    Aggregate,
    DimensionTexts,
    Duplicates,
    GroupOutput,
    GroupRecords,
    Groups,
    Hit,
    HitEdges,
    HitFact,
    HitRecord,
    Nodes,
    One,
    ReadPlan,
    Search,
)
from fieldstone.sql.types import SqlType

LARGE = 4 << 20
"""Bytes of an answer above which PostgreSQL counts them while it builds it: a few microseconds for each page."""

_MANY_PAGES = 16
"""Pages side by side beyond which an operation has half of the bytes.

The memory of a page is kept until the statement ends: pages side by side take 13 times their text, nested ones 8 times.
"""
_VALUE = 40
_LONG_VALUE = 1_000
_LONGEST_VALUE = 1 << 20
_LONG = (SqlType.TEXT, SqlType.JSONB, SqlType.TEXT_ARRAY, SqlType.TSVECTOR)
"""Types of any length. Most of their values are shorter, and a single one may have a megabyte."""
_CURSOR = 100
_PUNCTUATION = 4

_Part = (
    Output
    | Groups
    | Nodes
    | Duplicates
    | Search
    | HitEdges
    | Hit
    | HitFact
    | HitRecord
    | GroupOutput
    | One
    | Aggregate
    | Edges
    | PageInfo
    | PageFact
    | Measure
    | AggregateRecord
    | Cursor
)


def estimate_size(plan: ReadPlan) -> int:
    """Return the bytes that the answer of a query may have."""
    return _entries(plan.entries)


def most_bytes(plan: ReadPlan, limit: int) -> int | None:
    """Return the bytes that PostgreSQL lets the answer of a query have; None where they need not be counted.

    Args:
        plan: the query's.
        limit: the most that an answer may have.
    """
    if estimate_size(plan) <= LARGE:
        return None
    return limit // 2 if _pages_at_once(plan.entries) > _MANY_PAGES else limit


def bytes_to_count(record: Record, *, times: int, most: int) -> int | None:
    """Return `most` if the text of so many records may be large, else None: nothing need be counted."""
    return most if times * _entries(record.entries) > LARGE else None


def written_bytes_to_count(record: Record, *, times: int, most: int) -> int | None:
    """Return `most` if the answer of a write with so many records may have more, else None: nothing need be counted.

    The length of any other answer is known only once the write has been committed, so it is told at any length. That
    is why long values count for a megabyte here.
    """
    values = (part for part in parts_of(record) if isinstance(part, Value))
    longest = times * sum(_LONGEST_VALUE for value in values if value.column.type in _LONG)
    return most if longest > most or times * _entries(record.entries) > min(most, LARGE) else None


def _pages_at_once(entries: Iterable[tuple[str, _Part]]) -> float:
    """Return how many pages PostgreSQL keeps at once: those below the rows of another take turns."""
    return sum([_kept(part) for _, part in entries])


def _kept(part: _Part) -> float:
    match part:
        case Connection(page=page, entries=entries):
            rows = [entry for _, edges in entries if isinstance(edges, Edges) for entry in edges.entries]
            return 1 + _pages_at_once(rows) / max(1, page.limit)
        case Record(entries=entries):
            return _pages_at_once(entries)
        case ToOne(record=record) | One(record=record):
            return _pages_at_once(record.entries)
        case Groups() | Nodes() | Duplicates() | Search():
            return 1
        case _:
            return 0


def _entries(entries: Iterable[tuple[str, _Part]]) -> int:
    return sum([len(key) + _PUNCTUATION + _size(part) for key, part in entries])


def _size(part: _Part) -> int:
    match part:
        case Value(column=column):
            return _LONG_VALUE if column.type in _LONG else _VALUE
        case Literal(text=text):
            return len(text)
        case (
            Record(entries=entries)
            | AggregateRecord(entries=entries)
            | HitEdges(entries=entries)
            | Hit(entries=entries)
            | PageInfo(entries=entries)
        ):
            return _entries(entries)
        case ToOne(record=record) | One(record=record) | Aggregate(record=record):
            return _entries(record.entries)
        case Connection(page=page, entries=entries):
            rows = sum([_entries(edges.entries) for _, edges in entries if isinstance(edges, Edges)])
            return _entries(entries) + page.limit * rows
        case Nodes() | Duplicates():
            return _listed_size(part)
        case HitRecord():
            # It may be of any of the objects.
            return LARGE
        case Groups(page=page, entries=entries) | Search(page=page, entries=entries):
            return page.limit * _entries(entries)
        case GroupRecords(limit=limit, entries=entries):
            rows = sum([_entries(edges.entries) for _, edges in entries if isinstance(edges, Edges)])
            return _entries([entry for entry in entries if not isinstance(entry[1], Edges)]) + limit * rows
        case DimensionTexts(values=values):
            return sum(map(_size, values))
        case PageFact() | Cursor():
            return _CURSOR
        case _:
            return _VALUE


def _listed_size(part: Nodes | Duplicates) -> int:
    if isinstance(part, Duplicates):
        return part.count * _size(part.connection)
    return part.limit * max([_entries(branch.record.entries) for branch in part.branches], default=_VALUE)
