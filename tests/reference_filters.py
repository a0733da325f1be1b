"""Filters as the reference evaluates them: over rows that are dictionaries, in three-valued logic."""

import re
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from enum import Enum
from functools import lru_cache
from typing import Any

from fieldstone.metadata.model import Field, Object, Part, RelationEnd, Snapshot, relation_end
from fieldstone.sql.text_order import fold
from fieldstone.sql.types import SqlType
from tests import reference_json
from tests.reference_dates import is_relative
from tests.reference_totals import totals
from tests.reference_values import Row, Rows, sort_value

Truth = bool | None


class Silence(Enum):
    """A condition that says nothing."""

    SILENT = "silent"


SILENT = Silence.SILENT
Said = Truth | Silence


def all_of(terms: Iterable[Truth]) -> Truth:
    """AND: false where one is, else unknown where one is."""
    found = list(terms)
    if False in found:
        return False
    return None if None in found else True


def any_of(terms: Iterable[Truth]) -> Truth:
    """OR: true where one is, else unknown where one is."""
    found = list(terms)
    if True in found:
        return True
    return None if None in found else False


def negated(term: Truth) -> Truth:
    """NOT."""
    return None if term is None else not term


def read_value(part: Part, value: Any) -> Any:
    """The client's value, comparable with the values of the rows."""
    match part.column.type:
        case SqlType.UUID:
            return value.lower()
        case SqlType.INTEGER | SqlType.BIGINT | SqlType.NUMERIC:
            return Decimal(str(value))
        case SqlType.DOUBLE:
            return float(value)
        case SqlType.DATE:
            return date.fromisoformat(value)
        case SqlType.TIMESTAMP:
            moment = datetime.fromisoformat(value)
            return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
        case _:
            return value


@lru_cache(maxsize=4096)
def _lower(text: str) -> str:
    """PostgreSQL maps one character to one character."""
    return "".join(low if len(low := char.lower()) == 1 else char for char in text)


_folded = lru_cache(maxsize=4096)(fold)


def is_like(text: str, pattern: str) -> bool:
    """LIKE."""
    return _regex(pattern).fullmatch(text) is not None


@lru_cache(maxsize=1024)
def _regex(pattern: str) -> re.Pattern[str]:
    parts: list[str] = []
    characters = iter(pattern)
    for char in characters:
        if char == "\\":
            parts.append(re.escape(next(characters)))
        else:
            parts.append({"%": ".*", "_": "."}.get(char, re.escape(char)))
    return re.compile("".join(parts), re.DOTALL)


def json_contains(whole: Any, part: Any) -> bool:
    """PostgreSQL's @> over jsonb."""
    if isinstance(whole, list) and not isinstance(part, list | dict):
        return any(_json_equal(item, part) for item in whole)
    return _contains(whole, part)


def _contains(whole: Any, part: Any) -> bool:
    if isinstance(part, dict):
        return isinstance(whole, dict) and all(
            key in whole and _contains(whole[key], value) for key, value in part.items()
        )
    if isinstance(part, list):
        return isinstance(whole, list) and all(any(_contains(item, value) for item in whole) for value in part)
    return not isinstance(whole, list | dict) and _json_equal(whole, part)


def _json_equal(one: Any, other: Any) -> bool:
    return isinstance(one, bool) is isinstance(other, bool) and bool(one == other)


_RESEMBLING: Mapping[str, Callable[[str, str], bool]] = {
    "contains": lambda text, wanted: wanted in text,
    "startsWith": str.startswith,
    "endsWith": str.endswith,
    "ieq": lambda text, wanted: text == wanted,
}
_LITERAL: Mapping[str, Callable[[str, str], bool]] = {
    "like": is_like,
    "ilike": lambda text, pattern: is_like(_lower(text), _lower(pattern)),
}


def _without_case(test: Callable[[str, str], bool]) -> Callable[[str, str], bool]:
    return lambda text, wanted: test(_lower(text), _lower(wanted))


_TEXTUAL = {**{name: _without_case(test) for name, test in _RESEMBLING.items()}, **_LITERAL}
"""The operators on texts in JSON, whose accents count."""

_RANKED: Mapping[str, Callable[[Any, Any], bool]] = {
    "gt": lambda one, other: one > other,
    "gte": lambda one, other: one >= other,
    "lt": lambda one, other: one < other,
    "lte": lambda one, other: one <= other,
}


def _operator(part: Part, value: Any, name: str, argument: Any) -> "Said":
    if part.column.type is SqlType.JSONB:
        return _json_operator(value, name, argument)
    is_null = value is None
    if name in {"is", "isNot"}:
        return (is_null is (argument != "NOT_NULL")) is (name == "is")
    if argument is None:
        return is_null is (name == "eq")
    return None if is_null else _compare(part, value, name, argument)


def _json_operator(document: Any, name: str, argument: Any) -> "Said":
    if name == "contains":
        return None if document is None else json_contains(document, argument)
    if name != "path":
        return reference_json.test_value(document, name, argument, _TEXTUAL, json_contains)
    terms: list[Truth] = []
    for item in argument if isinstance(argument, list) else [argument]:
        value = None if document is None else reference_json.at_path(document, item["path"])
        tests = [(operator, given) for operator, given in item.items() if operator != "path"]
        terms += [reference_json.test_value(value, *test, _TEXTUAL, json_contains) for test in tests]
    return all_of(terms) if terms else SILENT


def _compare(part: Part, value: Any, name: str, argument: Any) -> bool:
    """An operator's verdict on two values that are there."""
    if name in _RESEMBLING and part.column.type is SqlType.TEXT:
        fold_part = _lower if part.options is not None or part.column.name.startswith("aRichText") else _folded
        return _RESEMBLING[name](fold_part(value), fold_part(argument))
    if name in _LITERAL:
        return _LITERAL[name](value, argument)
    items = argument if isinstance(argument, list) else [argument]
    match name:
        case "isEmpty":
            return (value == []) is argument
        case "containsAny":
            return any(item in value for item in items)
        case "containsAll":
            return all(item in value for item in items)
        case "in" | "notIn":
            return (value in [read_value(part, item) for item in items]) is (name == "in")
        case "eq" | "neq":
            return (value == read_value(part, argument)) is (name == "eq")
        case "within" | "isToday" | "inPast" | "inFuture":
            return is_relative(value, name, argument)
        case "between":
            low, high = (sort_value(part, read_value(part, end)) for end in argument)
            return bool(low <= sort_value(part, value) <= high)
        case _:
            return _RANKED[name](sort_value(part, value), sort_value(part, read_value(part, argument)))


def evaluate(part: Part, value: Any, given: Mapping[str, Any]) -> Said:
    """Whether a value fulfils all of these operators."""
    return _joined(_operator(part, value, name, argument) for name, argument in given.items())


class Filters:
    """Evaluates filters over these rows."""

    def __init__(self, snapshot: Snapshot, rows: Rows) -> None:
        self.snapshot = snapshot
        self.rows = rows

    def selects(self, object_: Object, row: Row, given: Any) -> bool:
        """Whether a read with this filter shows the row."""
        if not self.is_live(object_, row) and not self.names_deleted(object_, given):
            return False
        found = self.truth(object_, row, given)
        return found is True or found is SILENT

    def is_live(self, object_: Object, row: Row) -> bool:
        """Whether the record is not deleted."""
        return object_.deleted_at is None or row[object_.deleted_at.name] is None

    def names_deleted(self, object_: Object, given: Any) -> bool:
        """Whether the filter names deletedAt on this level, in an operand."""
        if not given:
            return False
        for name, member in given.items():
            if name == "deletedAt" and member:
                return True
            items = member if isinstance(member, list) else [member]
            if name in {"and", "or", "not"} and any(self.names_deleted(object_, item) for item in items):
                return True
        return False

    def target(self, field: Field, row: Row) -> Row | None:
        """The record, deleted or not, that a to-one relation leads to."""
        end = relation_end(self.snapshot, field)
        assert end is not None
        return self.rows[end.target.id].get(row[end.foreign_key.column.name])

    def truth(self, object_: Object, row: Row, given: Any) -> Said:
        """Whether the filter holds for the row."""
        return _joined(self._member(object_, row, name, member) for name, member in (given or {}).items())

    def _member(self, object_: Object, row: Row, name: str, given: Any) -> Said:
        if name in {"and", "or", "not"}:
            items = given if isinstance(given, list) else [given]
            said = [term for item in items if (term := self.truth(object_, row, item)) is not SILENT]
            if not said:
                return SILENT
            return any_of(said) if name == "or" else all_of(said) if name == "and" else negated(all_of(said))
        if holder := object_.foreign_keys.get(name):
            return self._part(holder.parts[0], row, given)
        if name not in object_.by_name:
            found = self.totals(object_, row, name, given)
            return _joined(
                _operator(part, value, key, one) for part, value, below in found for key, one in below.items()
            )
        field = object_.by_name[name]
        if field.relation_id is not None:
            return self._relation(field, row, given)
        if field.is_composite:
            parts = {part.name: part for part in field.parts}
            return _joined(self._part(parts[sub], row, member) for sub, member in given.items())
        return self._part(field.parts[0], row, given)

    def totals(self, object_: Object, row: Row, name: str, given: Any) -> list[tuple[Part, Any, Any]]:
        """The named aggregates of the records that a to-many relation leads to, each with its given value."""
        end = relation_end(self.snapshot, object_.by_name[name.removesuffix("Aggregate")])
        assert end is not None
        counted = [
            one
            for one in self.rows[end.target.id].values()
            if one[end.far.name] == row.get(end.near.name) and self.selects(end.target, one, given.get("filter"))
        ]
        named = {key: below for key, below in given.items() if key != "filter"}
        return list(totals(end.target, counted, named))

    def _part(self, part: Part, row: Row, given: Any) -> Said:
        return evaluate(part, row[part.column.name], given)

    def _relation(self, field: Field, row: Row, given: Any) -> Said:
        end = relation_end(self.snapshot, field)
        assert end is not None
        if not end.to_one:
            return _joined(self._quantifier(end, row, name, member) for name, member in given.items())
        there = self.target(field, row)
        is_there = there is not None and self.is_live(end.target, there)
        terms: list[Said] = [
            (is_there is (given[name] == "NOT_NULL")) is (name == "is") for name in ("is", "isNot") if name in given
        ]
        below = {name: member for name, member in given.items() if name not in {"is", "isNot"}}
        if there is None or not (is_there or self.names_deleted(end.target, below)):
            terms.append(SILENT if self.is_silent(end.target, below) else None)
        else:
            terms.append(self.truth(end.target, there, below))
        return _joined(terms)

    def _quantifier(self, end: RelationEnd, row: Row, name: str, given: Any) -> Said:
        """The verdict on the records that a to-many relation leads to: true or false."""
        linked = [one for one in self.rows[end.target.id].values() if one[end.far.name] == row.get(end.near.name)]
        if name == "isEmpty":
            return any(self.is_live(end.target, one) for one in linked) is not given
        counted = [one for one in linked if self.is_live(end.target, one) or self.names_deleted(end.target, given)]
        if self.is_silent(end.target, given):
            return SILENT if name == "every" else bool(counted) is (name == "some")
        truths = [self.truth(end.target, one, given) is True for one in counted]
        return all(truths) if name == "every" else any(truths) is (name == "some")

    def is_silent(self, object_: Object, given: Any) -> bool:
        """Whether the filter says nothing, whatever the record."""
        fields = (*object_.fields, *object_.by_name.values())
        nobody: Row = {part.column.name: None for field in fields for part in field.parts}
        return self.truth(object_, nobody, given) is SILENT


def _joined(terms: Iterable[Said]) -> Said:
    said = [term for term in terms if not isinstance(term, Silence)]
    return all_of(said) if said else SILENT
