"""Every encoding of every type, in whatever the session's settings are."""

import json

import pytest

from fieldstone.sql.plan.elements import Compare, Comparison, Condition, Table
from fieldstone.sql.plan.outputs import Record, Value
from fieldstone.sql.plan.read import One, ReadPlan
from fieldstone.sql.types import Encoding, SqlType
from tests.sql.shop import ID, Shop, column, parameter


def person(number: int) -> str:
    return f"00000000-0000-0000-0000-{number:012}"


def with_id() -> Condition:
    return Compare(left=ID, comparison=Comparison.EQ, right=parameter(0, SqlType.UUID))


ENCODED = [
    (SqlType.TEXT, Encoding.STRING, "''", '""'),
    (
        SqlType.TEXT,
        Encoding.STRING,
        "E'a\"b\\\\c/d\\n\\t\\u0001é😀'",
        json.dumps('a"b\\c/d\n\t\x01é😀', ensure_ascii=False),
    ),
    (SqlType.UUID, Encoding.QUOTED, "'ABCDEF00-0000-4000-8000-00000000000F'", '"abcdef00-0000-4000-8000-00000000000f"'),
    (SqlType.BIGINT, Encoding.QUOTED, "'-9223372036854775808'", '"-9223372036854775808"'),
    (SqlType.NUMERIC, Encoding.QUOTED, "12345678901234567890.1230", '"12345678901234567890.1230"'),
    (SqlType.DATE, Encoding.QUOTED, "'2024-02-29'", '"2024-02-29"'),
    (SqlType.INTEGER, Encoding.BARE, "-7", "-7"),
    (SqlType.BOOLEAN, Encoding.BARE, "true", "true"),
    (SqlType.BOOLEAN, Encoding.BARE, "false", "false"),
    (SqlType.NUMERIC, Encoding.BARE, "0.10", "0.10"),
    (SqlType.DOUBLE, Encoding.BARE, "1e300", "1e+300"),
    (SqlType.DOUBLE, Encoding.BARE, "0.1", "0.1"),
    (SqlType.DOUBLE, Encoding.BARE, "5e-324", "5e-324"),
    (SqlType.DOUBLE, Encoding.BARE, "'-Infinity'", '"-Infinity"'),
    (SqlType.NUMERIC, Encoding.TRIMMED, "10.500", "10.5"),
    (SqlType.NUMERIC, Encoding.TRIMMED, "100.000", "100"),
    (SqlType.NUMERIC, Encoding.QUOTED_TRIMMED, "0.2500", '"0.25"'),
    (SqlType.TIMESTAMP, Encoding.INSTANT, "'2024-03-31T01:30:00+02:00'", '"2024-03-30T23:30:00Z"'),
    (SqlType.TIMESTAMP, Encoding.INSTANT, "'0999-12-31T23:59:59.5Z'", '"0999-12-31T23:59:59.5Z"'),
    (SqlType.TIMESTAMP, Encoding.INSTANT, "'2024-01-01T00:00:00.000001Z'", '"2024-01-01T00:00:00.000001Z"'),
    (SqlType.JSONB, Encoding.JSON, """'{"b": [1, null, "é\\""], "a": 1e2}'""", '{"a": 100, "b": [1, null, "é\\""]}'),
    (SqlType.TEXT_ARRAY, Encoding.ARRAY, "'{}'", "[]"),
    (SqlType.TEXT_ARRAY, Encoding.ARRAY, """ARRAY['a,b', NULL, '"', '\\']""", '["a,b",null,"\\"","\\\\"]'),
]


@pytest.mark.parametrize(("kind", "encoding", "value", "expected"), ENCODED)
def test_encodings(shop: Shop, kind: SqlType, encoding: Encoding, value: str, expected: str) -> None:
    shop.fill(f"CREATE TABLE shop.thing (id uuid PRIMARY KEY, v {kind.value}, w {kind.value} NOT NULL)")
    shop.fill(f"INSERT INTO shop.thing VALUES ('{person(1)}', {value}, {value}), ('{person(2)}', NULL, {value})")  # noqa: S608 - the test's own constants
    record = Record(
        entries=(
            ("v", Value(column=column("v", kind), encoding=encoding)),
            ("w", Value(column=column("w", kind, nullable=False), encoding=encoding)),
        )
    )
    object_ = Table(schema="shop", name="thing")
    plan = ReadPlan(entries=(("x", One(table=object_, condition=with_id(), record=record)),))
    assert shop.run(plan, person(1)) == (f'{{"x":{{"v":{expected},"w":{expected}}}}}',)
    assert shop.run(plan, person(2)) == (f'{{"x":{{"v":null,"w":{expected}}}}}',)
    assert json.loads(shop.run(plan, person(1))[0])["x"]["v"] == json.loads(expected)
