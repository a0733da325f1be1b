"""The oracle: graphql-core itself executes the schema with plain resolvers over rows in memory.

Its answers are compared with those of the engine by `agree` (`tests/reference_values.py`).
"""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from operator import itemgetter
from typing import Any
from uuid import UUID

import psycopg
from graphql import (
    DocumentNode,
    GraphQLError,
    GraphQLResolveInfo,
    GraphQLSchema,
    execute_sync,
    parse,
    validate,
)
from psycopg import sql
from psycopg.types.json import set_json_loads

from fieldstone.engine.planner.context import RecordLimits
from fieldstone.engine.schema.lazy import lazy_schema
from fieldstone.metadata.api_names import QueryRole, find_query
from fieldstone.metadata.field_types import FieldType
from fieldstone.metadata.json_text import loads
from fieldstone.metadata.model import Field, Object, Part, Snapshot, relation_end
from tests import reference_json
from tests.reference_aggregates import aggregate
from tests.reference_distinct import distinct, with_order
from tests.reference_duplicates import duplicates
from tests.reference_filters import Filters
from tests.reference_groups import group
from tests.reference_nested import State
from tests.reference_values import DIRECTIONS, Row, Rows, encode_cursor, refuse, sort_value, write_value


@dataclass(frozen=True, slots=True)
class OrderKey:
    """The key that rows are ordered by: a function of the row that is None for NULL."""

    read: Callable[[Row], Any]
    descending: bool
    nulls_first: bool


def load_rows(dsn: str, snapshot: Snapshot) -> Rows:
    """Read all records of a workspace."""
    with psycopg.connect(dsn) as connection:
        return read_rows(connection, snapshot.objects.values())


def read_rows(connection: psycopg.Connection, objects: Iterable[Object]) -> Rows:
    """Read all records of these objects."""
    set_json_loads(loads, connection)
    found: dict[UUID, dict[str, Row]] = {}
    for object_ in objects:
        cursor = connection.execute(
            sql.SQL("SELECT * FROM {}").format(sql.Identifier(object_.table.schema, object_.table.name))
        )
        names = [column.name for column in cursor.description or ()]
        rows = [dict(zip(names, map(plain, values), strict=True)) for values in cursor.fetchall()]
        found[object_.id] = {row[object_.key.name]: row for row in rows}
    return found


def read_state(connection: psycopg.Connection, snapshot: Snapshot) -> State:
    """Read all records of a model, as rows that an oracle changes."""
    found = read_rows(connection, snapshot.objects.values())
    return {object_id: {id_: dict(row) for id_, row in rows.items()} for object_id, rows in found.items()}


def plain(value: Any) -> Any:
    """A value of PostgreSQL as a row of the oracle has it."""
    return str(value) if isinstance(value, UUID) else value


class Reference:
    """Answers queries on a snapshot from rows in memory."""

    def __init__(
        self,
        snapshot: Snapshot,
        rows: Rows,
        limits: RecordLimits | None = None,
        *,
        schema: GraphQLSchema | None = None,
    ) -> None:
        self.snapshot = snapshot
        self.rows = rows
        self.limits = limits or RecordLimits()
        self.filters = Filters(snapshot, rows)
        self.schema = schema or lazy_schema(snapshot)
        # Tests ask one text with many variables, one time after the other.
        self._document = lru_cache(maxsize=8)(partial(_valid_document, self.schema))

    def ask(self, text: str, variables: Mapping[str, Any] | None = None, operation_name: str | None = None) -> Any:
        """The whole answer to a query, as JSON values; a document that is not valid is the test's fault."""
        result = execute_sync(
            self.schema,
            self._document(text),
            variable_values=dict(variables or {}),
            operation_name=operation_name,
            field_resolver=self._resolve,
            type_resolver=_type_of,
        )
        answer: dict[str, Any] = {"data": result.data}
        if result.errors:
            answer["errors"] = [{"path": error.path, "code": code_of(error)} for error in result.errors]
        return answer

    def _resolve(self, source: Any, info: GraphQLResolveInfo[Any], **arguments: Any) -> Any:
        if source is None:
            return self._root(info.field_name, arguments)
        return source[info.field_name](**arguments)

    def _root(self, name: str, arguments: Mapping[str, Any]) -> Any:
        if name == "node":
            return self._node(arguments["nodeId"])
        if name == "nodes":
            if len(arguments["nodeIds"]) > self.limits.largest_page:
                raise refuse("too many nodes")
            return [self._node(id_) for id_ in arguments["nodeIds"]]
        root = find_query(self.snapshot, name)
        assert root is not None
        object_ = root.object
        rows = list(self.rows[object_.id].values())
        match root.role:
            case QueryRole.MANY:
                return self.connection(object_, rows, **arguments)
            case QueryRole.AGGREGATE:
                return aggregate(object_, self._selected(object_, rows, arguments.get("filter")))
            case QueryRole.GROUP_BY:
                return group(self, object_, self._selected(object_, rows, arguments.get("filter")), arguments)
            case QueryRole.DUPLICATES:
                live = self._selected(object_, rows, None)
                return [self.page(object_, found, {}) for found in duplicates(object_, live, arguments)]
            case QueryRole.ONE:
                return self._one(object_, rows, arguments)

    def _selected(self, object_: Object, rows: Sequence[Row], given: Any) -> list[Row]:
        return [row for row in rows if self.filters.selects(object_, row, given)]

    def _one(self, object_: Object, rows: Sequence[Row], arguments: Mapping[str, Any]) -> Any:
        given = {name: value for name, value in arguments.items() if value is not None}
        if len(given) != 1:
            raise refuse("either id, where or filter")
        if "where" in given:
            if len(given["where"]) != 1 or None in given["where"].values():
                raise refuse("one unique key")
            as_filter = {name: {"eq": value} for name, value in given["where"].items()}
            found = self._selected(object_, rows, as_filter)
        elif "id" in given:
            wanted = given["id"].lower()
            found = [row for row in self._selected(object_, rows, None) if row[object_.key.name] == wanted]
        else:
            if self.filters.is_silent(object_, given["filter"]):
                raise refuse("a filter that says something")
            found = sorted(self._selected(object_, rows, given["filter"]), key=lambda row: str(row[object_.key.name]))
        return self._record(object_, found[0]) if found else None

    def _node(self, id_: str) -> "_Record | None":
        for object_ in self.snapshot.objects.values():
            for row in self.rows[object_.id].values():
                if node_id(object_, row) == id_ and self.filters.selects(object_, row, None):
                    return self._record(object_, row)
        return None

    def _record(self, object_: Object, row: Row) -> "_Record":
        return _Record(self, object_, row)

    def answer_field(self, object_: Object, row: Row, name: str) -> Callable[..., Any]:
        """The function that answers a field of a record."""
        if holder := object_.foreign_keys.get(name):
            return _value(holder.parts[0], row)
        if name == "nodeId" and name not in object_.by_name:
            return lambda: node_id(object_, row)
        field = object_.by_name[name]
        if field.relation_id is not None:
            return self._related(object_, field, row)
        if field.is_composite:
            return _constant({part.name: _value(part, row) for part in field.parts})
        if field.type is FieldType.RAW_JSON:
            document = row[field.parts[0].column.name]
            return lambda path=None: document if path is None else reference_json.at_path(document, path)
        return _value(field.parts[0], row)

    def _related(self, object_: Object, field: Field, row: Row) -> Callable[..., Any]:
        end = relation_end(self.snapshot, field)
        assert end is not None
        target = end.target
        if end.to_one:
            there = self.filters.target(field, row)
            is_there = there is not None and self.filters.is_live(target, there)
            return lambda: self._record(target, there) if there is not None and is_there else None
        key = end.foreign_key.column.name
        members = [other for other in self.rows[target.id].values() if other[key] == row[object_.key.name]]
        return lambda **arguments: self.connection(target, members, **arguments)

    def order(self, object_: Object, given: Any) -> list[OrderKey]:
        keys: list[OrderKey] = []
        for item in given or []:
            if item is None or len(item) > 1:
                raise refuse("one key")
            for name, direction in item.items():
                keys.append(self._order_key(object_, name, direction))
        descending = bool(keys) and keys[-1].descending
        return [*keys, OrderKey(lambda row: row[object_.key.name], descending, nulls_first=False)]

    def _order_key(self, object_: Object, name: str, given: Any) -> OrderKey:
        if holder := object_.foreign_keys.get(name):
            return _column_key(holder.parts[0], given)
        if name not in object_.by_name:
            return self._total_key(object_, name, given)
        field = object_.by_name[name]
        if field.relation_id is not None:
            end = relation_end(self.snapshot, field)
            assert end is not None
            target = end.target
            ((below, direction),) = given.items()
            key = self._order_key(target, below, direction)

            def read(row: Row) -> Any:
                there = self.filters.target(field, row)
                return key.read(there) if there is not None and self.filters.is_live(target, there) else None

            return OrderKey(read, key.descending, key.nulls_first)
        if field.is_composite:
            ((sub, direction),) = given.items()
            return _column_key(next(part for part in field.parts if part.name == sub), direction)
        if field.type is FieldType.RAW_JSON:
            column = field.parts[0].column.name
            descending, nulls_first = DIRECTIONS[given["direction"]]
            return OrderKey(lambda row: reference_json.sort_value(row[column], given), descending, nulls_first)
        return _column_key(field.parts[0], given)

    def _total_key(self, object_: Object, name: str, given: Any) -> OrderKey:
        def find(row: Row) -> tuple[Part, Any, str]:
            ((part, value, direction),) = self.filters.totals(object_, row, name, given)
            return part, value, direction

        def read(row: Row) -> Any:
            part, value, _ = find(row)
            return sort_value(part, value)

        descending, nulls_first = DIRECTIONS[find({})[2]]
        return OrderKey(read, descending, nulls_first)

    def connection(self, object_: Object, rows: Sequence[Row], **arguments: Any) -> Any:
        return self.page(object_, self._selected(object_, rows, arguments.get("filter")), arguments)

    def page(self, object_: Object, rows: Sequence[Row], arguments: Mapping[str, Any]) -> Any:
        """The connection to these rows, whatever the filter in its arguments."""
        given = with_order(object_, {name: value for name, value in arguments.items() if value is not None})
        keys = self.order(object_, given.get("orderBy"))
        matching = distinct(object_, _sorted(rows, keys), given)
        page = _Page(self, given)
        tag = json.dumps([str(object_.id), given.get("orderBy")])
        start, end = page.bounds(object_, matching, tag)
        shown = matching[start:end]
        is_back = page.backward
        behind = bool(shown) and (page.after_seek or page.offset > 0)
        beyond_next = behind if is_back else end < len(matching)
        beyond_previous = start > 0 if is_back else behind

        def cursor(row: Row) -> str:
            return encode_cursor(tag, str(row[object_.key.name]))

        def edge(row: Row) -> Any:
            return {"node": _constant(self._record(object_, row)), "cursor": lambda: cursor(row)}

        return {
            "edges": lambda: [edge(row) for row in shown],
            "totalCount": _constant(len(matching)),
            "aggregate": lambda: aggregate(object_, matching),
            "pageInfo": _constant(
                {
                    "hasNextPage": _constant(beyond_next),
                    "hasPreviousPage": _constant(beyond_previous),
                    "startCursor": lambda: cursor(shown[0]) if shown else None,
                    "endCursor": lambda: cursor(shown[-1]) if shown else None,
                }
            ),
        }


class _Record:
    """A record: the functions that answer each of its fields."""

    def __init__(self, reference: Reference, object_: Object, row: Row) -> None:
        self.reference = reference
        self.object_ = object_
        self.row = row

    def __getitem__(self, name: str) -> Callable[..., Any]:
        return self.reference.answer_field(self.object_, self.row, name)


class _Page:
    """The paging arguments of a connection."""

    def __init__(self, reference: Reference, given: Mapping[str, Any]) -> None:
        conflicts = [("first", "limit"), ("first", "last"), ("limit", "last"), ("after", "before")]
        conflicts += [("first", "before"), ("limit", "before"), ("last", "after")]
        conflicts += [(name, "offset") for name in ("last", "after", "before")]
        if any(one in given and other in given for one, other in conflicts):
            raise refuse("not together")
        self.backward = "last" in given or "before" in given
        sizes = [given[name] for name in ("first", "last", "limit") if name in given]
        self.limit: int = sizes[0] if sizes else reference.limits.default_page
        self.offset: int = given.get("offset", 0)
        self.seek: str | None = given.get("before" if self.backward else "after")
        self.after_seek = self.seek is not None
        if not 0 <= self.limit <= reference.limits.largest_page or not 0 <= self.offset < 1 << 31:
            raise refuse("out of range")

    def bounds(self, object_: Object, rows: Sequence[Row], tag: str) -> tuple[int, int]:
        """From which row to which the page goes."""
        start, end = self.offset, len(rows)
        if self.seek is not None:
            ids = [str(row[object_.key.name]) for row in rows]
            place = ids.index(decode_cursor(self.seek, tag))
            start, end = (0, place) if self.backward else (place + 1, end)
        if self.backward:
            return max(start, end - self.limit), end
        return start, max(start, min(end, start + self.limit))


def _valid_document(schema: GraphQLSchema, text: str) -> DocumentNode:
    document = parse(text)
    assert validate(schema, document, hide_suggestions=True) == [], text
    return document


def node_id(object_: Object, row: Row) -> str:
    """The id of a record among those of all objects."""
    data = object_.id.bytes + UUID(row[object_.key.name]).bytes
    return urlsafe_b64encode(data).decode().rstrip("=")


def _type_of(value: "_Record", _info: Any, _type: Any) -> str:
    return value.object_.type_name


def decode_cursor(text: str, tag: str) -> str:
    """The id of the row."""
    try:
        found, key = json.loads(urlsafe_b64decode(text))
    except ValueError:
        raise refuse("altered") from None
    if found != tag:
        raise refuse("foreign")
    return str(key)


def _column_key(part: Part, direction: str) -> OrderKey:
    descending, nulls_first = DIRECTIONS[direction]
    return OrderKey(lambda row: sort_value(part, row[part.column.name]), descending, nulls_first)


def code_of(error: GraphQLError) -> Any:
    """The code of an error; an error that is no refusal is a fault of the oracle."""
    if "code" not in (error.extensions or {}):
        raise error
    return (error.extensions or {})["code"]


def _sorted(rows: Sequence[Row], keys: Sequence[OrderKey]) -> list[Row]:
    ordered = list(rows)
    for key in reversed(keys):
        read = [(key.read(row), row) for row in ordered]
        keyed = [pair for pair in read if pair[0] is not None]
        keyed.sort(key=itemgetter(0), reverse=key.descending)
        present = [row for _, row in keyed]
        absent = [row for value, row in read if value is None]
        ordered = [*absent, *present] if key.nulls_first else [*present, *absent]
    return ordered


def _constant(value: Any) -> Callable[..., Any]:
    return lambda: value


def _value(part: Part, row: Row) -> Callable[..., Any]:
    return lambda: write_value(part, row[part.column.name])
