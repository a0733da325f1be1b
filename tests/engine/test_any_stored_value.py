"""No operator, order or aggregate fails by a value that a record has, however it came there; a new one is met too."""

import json
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

import psycopg
import pytest
from graphql import GraphQLField, GraphQLInputObjectType, GraphQLObjectType, get_named_type
from psycopg import sql

from fieldstone.engine.schema.lazy import lazy_schema
from fieldstone.metadata.field_types import FieldType
from fieldstone.metadata.model import Object
from fieldstone.metadata.operators import Argument, Operator
from fieldstone.metadata.scalars import Scalar
from fieldstone.sql.types import SqlType
from tests.apis import Served, serve
from tests.databases import Databases
from tests.engine.filters import PER_REQUEST, columns, nested
from tests.specimens import golden_template

pytestmark = pytest.mark.long

HOSTILE: Mapping[SqlType, Sequence[str]] = {
    SqlType.TEXT: (
        *("''", "' '", r"'\'", r"'\\'", "'%'", "'_'", "'(['", "'NaN'", "chr(1)", "chr(1114111)", "'a' || chr(8238)"),
        *("'{'", "'[1]'", "'null'", "repeat('x', 20000)", r"repeat('\', 3000)", "repeat('%', 3000)"),
        *("repeat('a ', 3000)", "repeat('word''s', 300)", "'a:1b & | ! <-> ('", "'\u0130\ufb01\u1e9e'"),
    ),
    SqlType.INTEGER: ("0", "-1", "2147483647", "-2147483648"),
    SqlType.BIGINT: ("0", "-1", "9223372036854775807", "-9223372036854775808"),
    SqlType.DOUBLE: (
        *("'NaN'", "'Infinity'", "'-Infinity'", "'-0'", "4.9e-324", "1.7976931348623157e308"),
        *("-1.7976931348623157e308", "0.1"),
    ),
    SqlType.NUMERIC: (
        *("'NaN'", "'Infinity'", "'-Infinity'", "0", "1e-1000", "1e999", "-1e999", "1e-16383", "1e131071"),
        *("-1e131071", "repeat('9', 131072)::numeric"),
    ),
    SqlType.BOOLEAN: ("true", "false"),
    SqlType.DATE: ("'infinity'", "'-infinity'", "'4713-01-01 BC'", "'5874897-12-31'", "'0001-01-01'"),
    SqlType.TIMESTAMP: (
        *("'infinity'", "'-infinity'", "'4713-01-01 00:00+00 BC'", "'294276-12-31 23:59:59.999999+00'"),
        "'0001-01-01 00:00+00'",
    ),
    SqlType.UUID: ("'00000000-0000-0000-0000-000000000000'", "'ffffffff-ffff-ffff-ffff-ffffffffffff'"),
    SqlType.JSONB: (
        *("'null'", "'[]'", "'{}'", "'0'", "'\"\"'", "'[null, [[]], {\"\": {}}]'", "'1e131071'", "'1e-1000'"),
        *('\'{"a": {"b": [1, "1", null, true]}}\'', "(repeat('[', 900) || repeat(']', 900))::jsonb"),
        "to_jsonb(repeat('x', 20000))",
    ),
    SqlType.TEXT_ARRAY: (
        *("'{}'", "'{NULL}'", "'{a,NULL,a}'", "'{{a,b},{c,d}}'", "'[5:6]={a,b}'", "'[0:0][3:4]={{NULL,a}}'"),
        *("ARRAY['', ' ', '{', '\"', '\\']", "array_fill('a'::text, ARRAY[2000])", "ARRAY[repeat('x', 20000)]"),
    ),
}
"""Values of each type of column as SQL; a computed value is that of these texts."""

COMPUTED = {SqlType.TSVECTOR}

TEXTS = ("", " ", "a", "%", "_", "\\\\", "(", "[", "*", ".*", "{", "'", "a' | b", "!", "é", "x" * 1_000, "a:*", "<->")


@pytest.fixture(scope="module")
def served(databases: Databases) -> Iterator[Served]:
    """The APIs over specimens, of each of which all columns have a hostile value, and one that has none."""
    with databases.clone(golden_template(databases)) as dsn:
        for opened in serve(dsn):
            fill(dsn, opened.snapshot().by_singular["specimen"])
            yield opened


def fill(dsn: str, object_: Object) -> None:
    skipped = {"id", "deletedAt"}
    parts = [
        part
        for field in object_.by_name.values()
        if field.name not in skipped and field.relation_id is None and field.type is not FieldType.TS_VECTOR
        for part in field.parts
    ]
    table = sql.Identifier(object_.table.schema, object_.table.name)
    names = sql.SQL(",").join(sql.Identifier(part.column.name) for part in parts)
    with psycopg.connect(dsn, autocommit=True) as connection:
        for turn in range(max(map(len, HOSTILE.values()))):
            values = [HOSTILE[part.column.type] for part in parts]
            cells = sql.SQL(",").join(sql.SQL(one[turn % len(one)]) for one in values)
            connection.execute(sql.SQL("INSERT INTO {} ({}) VALUES ({})").format(table, names, cells))
        connection.execute(sql.SQL("INSERT INTO {} DEFAULT VALUES").format(table))


GIVEN: Mapping[SqlType, Sequence[Any]] = {
    SqlType.TEXT: TEXTS,
    SqlType.INTEGER: (0, 2**31 - 1, -(2**31)),
    SqlType.BIGINT: ("0", str(2**63 - 1), str(-(2**63))),
    SqlType.DOUBLE: (0, 1.7e308, 5e-324, -1.7e308),
    SqlType.NUMERIC: (0, 10**999, -1),
    SqlType.BOOLEAN: (True, False),
    SqlType.DATE: ("0001-01-01", "9999-12-31"),
    SqlType.TIMESTAMP: ("0001-01-02T00:00:00Z", "9999-12-30T23:59:59.999999Z"),
    SqlType.UUID: ("00000000-0000-0000-0000-000000000000", "ffffffff-ffff-ffff-ffff-ffffffffffff"),
    SqlType.JSONB: ("", {}, [], 0, {"a": {"b": [None]}}, [[[]]], {"": ""}, True, 10**999),
    SqlType.TEXT_ARRAY: TEXTS,
}
"""Arguments for each type of column."""


def arguments(scalar: Scalar, options: Sequence[str] | None, operator: Operator) -> Iterator[Any]:
    values = options or GIVEN.get(scalar.sql_type, ())
    match operator.argument:
        case Argument.VALUE:
            yield from values
        case Argument.VALUES:
            yield from ([], list(values), [values[0]] * 2)
        case Argument.RANGE:
            yield from ([values[0], values[-1]], [values[-1], values[0]])
        case Argument.TEXT:
            yield from TEXTS
        case Argument.TEXTS:
            yield from ([], ["a", "b"])
        case Argument.PERIOD:
            yield from ({kind: 3 if kind != "this" else True, "unit": "YEAR"} for kind in ("last", "next", "this"))
        case Argument.PATHS:
            tests = [("eq", {}), ("gt", 1), ("lt", "a"), ("gte", True), ("contains", "a"), ("contains", 1)]
            tests += [("like", "a%"), ("between", [1, 2]), ("in", [1, "a"]), ("hasKey", "a"), ("isEmpty", True)]
            yield from ([{"path": path, name: given}] for path in ([], ["a"], ["0", "a"]) for name, given in tests)
        case Argument.PRESENCE:
            yield from ("NULL", "NOT_NULL")
        case Argument.FLAG:
            yield from (True, False)


def every_filter(object_: Object) -> Iterator[dict[str, Any]]:
    for names, part in columns(object_):
        for operator in part.operators:
            given = list(arguments(part.scalar, part.options, operator))
            assert given, operator
            for argument in given:
                plain = nested((*names, operator.name), argument)
                yield from (plain, {"not": plain})


def ask(served: Served, text: str, variables: Mapping[str, Any]) -> Any:
    answer = served.ask(text, variables)
    assert "errors" not in answer, answer["errors"][:1]
    return answer["data"]


def test_each_type_of_column_has_its_values() -> None:
    assert HOSTILE.keys() | COMPUTED == GIVEN.keys() | COMPUTED == set(SqlType)


def test_no_operator_fails_by_a_stored_value(served: Served) -> None:
    filters = list(every_filter(served.snapshot().by_singular["specimen"]))
    for start in range(0, len(filters), PER_REQUEST):
        batch = filters[start : start + PER_REQUEST]
        declared = ", ".join(f"$f{place}: SpecimenFilterInput" for place in range(len(batch)))
        asked = " ".join(f"a{place}: specimens(filter: $f{place}) {{ totalCount }}" for place in range(len(batch)))
        ask(served, f"query ({declared}) {{ {asked} }}", {f"f{place}": one for place, one in enumerate(batch)})


def leaves(of_type: GraphQLInputObjectType, names: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    for name, field in of_type.fields.items():
        named = get_named_type(field.type)
        if named.name == "JSONOrderByInput":
            continue
        if isinstance(named, GraphQLInputObjectType):
            yield from leaves(named, (*names, name)) if len(names) < 2 else ()
        else:
            yield (*names, name)


def test_no_order_fails_by_a_stored_value(served: Served) -> None:
    """Each page is of two records, and the next one is asked for by the cursor of the last."""
    schema = lazy_schema(served.snapshot())
    of_type = schema.type_map["SpecimenOrderByInput"]
    assert isinstance(of_type, GraphQLInputObjectType)
    text = """query ($order: [SpecimenOrderByInput], $after: String) {
        specimens(first: 7, orderBy: $order, after: $after) {
            totalCount edges { node { id } } pageInfo { hasNextPage endCursor } } }"""
    orders = list(leaves(of_type))
    assert len(orders) > 40
    for names in orders:
        for direction in ("ASC", "DESC"):
            found: list[str] = []
            after = None
            while True:
                page = ask(served, text, {"order": [nested(names, direction)], "after": after})["specimens"]
                found += [edge["node"]["id"] for edge in page["edges"]]
                after = page["pageInfo"]["endCursor"]
                if not page["pageInfo"]["hasNextPage"]:
                    break
            assert len(set(found)) == len(found) == page["totalCount"], names


def selections(of_type: GraphQLObjectType) -> Iterator[str]:
    for name, field in of_type.fields.items():
        yield from (f"{name} {{ {inner} }}" if inner else name for inner in _inner(field))


def _inner(field: GraphQLField) -> Iterator[str]:
    named = get_named_type(field.type)
    if isinstance(named, GraphQLObjectType):
        yield from selections(named)
    else:
        yield ""


def test_no_aggregate_fails_by_a_stored_value(served: Served) -> None:
    schema = lazy_schema(served.snapshot())
    of_type = schema.type_map["SpecimenAggregate"]
    assert isinstance(of_type, GraphQLObjectType)
    asked = list(selections(of_type))
    assert len(asked) > 60
    for one in asked:
        ask(served, f"{{ specimensAggregate {{ {one} }} }}", {})


def test_no_sum_of_what_the_api_takes_overflows(served: Served) -> None:
    """Beside those that are no number, the sum of which is none either."""
    object_ = served.snapshot().by_singular["specimen"]
    tried = 0
    for names, part in columns(object_):
        if part.scalar.total is None:
            continue
        low, high = min(GIVEN[part.column.type], key=Decimal), max(GIVEN[part.column.type], key=Decimal)
        low = -high if part.column.type is SqlType.NUMERIC else low
        name = nested(names, {"between": [low, high]})
        selected = f"{names[0]} {{ {names[1]} }}" if len(names) > 1 else names[0]
        text = "query ($f: SpecimenFilterInput) { specimensAggregate(filter: $f) { %s } }"
        asked = f"count sum {{ {selected} }} avg {{ {selected} }}"
        found = ask(served, text % asked, {"f": name})["specimensAggregate"]
        assert found["count"] > 3
        tried += 1
    assert tried > 5


def refuse_constant(name: str) -> None:
    raise AssertionError(f"{name} is not JSON")


def test_each_stored_value_is_answered_as_json(served: Served) -> None:
    object_ = served.snapshot().by_singular["specimen"]
    fields = [
        f"{field.name} {{ {' '.join(str(part.name) for part in field.parts)} }}" if field.is_composite else field.name
        for field in object_.by_name.values()
        if field.relation_id is None
    ]
    for one in fields:
        text = f"{{ specimens(first: 200) {{ edges {{ node {{ {one} }} }} }} }}"
        answer = served.run(served.apis.send(text))
        read = json.loads(answer.body, parse_int=str, parse_float=str, parse_constant=refuse_constant)
        assert "errors" not in read, read["errors"]
