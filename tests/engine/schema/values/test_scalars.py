"""Scalars check a value and hand it on as it came, from variables and from the document alike."""

from decimal import Decimal

import pytest
from graphql import GraphQLError, parse_value

from fieldstone.engine.schema.values.scalars import CONNECT_TARGET, SCALARS, literal_value
from fieldstone.metadata.json_text import JsonValue

ID = "0191D2A4-7c1e-7b0a-9d2e-3f5a6b7c8d9e"

RIGHT: list[tuple[str, str, JsonValue]] = [
    ("UUID", f'"{ID}"', ID),
    ("BigInt", "9223372036854775807", 9223372036854775807),
    ("BigInt", '"-9223372036854775808"', "-9223372036854775808"),
    ("BigFloat", "0.1000000000000000055511151231257827", Decimal("0.1000000000000000055511151231257827")),
    ("BigFloat", '"1e3"', "1e3"),
    ("Date", '"2024-02-29"', "2024-02-29"),
    ("DateTime", '"2024-01-31T09:30:00.123456+02:00"', "2024-01-31T09:30:00.123456+02:00"),
    ("JSON", "[1, 2.50, true, null, ENUM]", [1, Decimal("2.50"), True, None, "ENUM"]),
    ("JSON", "{ a: {} }", {"a": {}}),
    ("JSON", "1", 1),
    ("ConnectTarget", f'"{ID}"', ID),
    ("ConnectTarget", '{ where: { email: "x" } }', {"where": {"email": "x"}}),
]  # fmt: skip


@pytest.mark.parametrize(("name", "text", "value"), RIGHT)
def test_a_value_goes_through_unchanged(name: str, text: str, value: JsonValue) -> None:
    scalar = SCALARS[name]
    assert scalar.parse_literal(parse_value(text)) == value
    assert scalar.parse_literal(parse_value(text), {}) == value
    assert scalar.parse_value(value) == value
    assert scalar.serialize(value) == value


WRONG: list[tuple[str, str, str]] = [
    ("UUID", '"x"', 'must be a UUID such as 0191d2a4-7c1e-7b0a-9d2e-3f5a6b7c8d9e, not "x"'),
    ("UUID", "1", "must be a UUID"),
    ("BigInt", "9223372036854775808", "must be a whole number"),
    ("BigInt", "1.5", "must be a whole number"),
    ("BigInt", "1" * 5_000, "must have at most 1000 digits"),
    ("BigInt", "true", "must be a number, not true"),
    ("BigInt", '"1_000"', "must be a number, not"),
    ("BigInt", '"\u0661"', "must be a number, not"),
    ("BigFloat", "NaN", "must be a finite number"),
    ("BigFloat", '"1_0.5"', "must be a number, not"),
    ("BigFloat", "1e99999999999999999999", "must have at most 1000 digits"),
    ("Date", '"2023-02-29"', "must be a date"),
    ("Date", '"2023-02-01T00:00:00Z"', "must be a date"),
    ("DateTime", '"yesterday"', "must be a date and time"),
    ("DateTime", '"2024-01-31T09:30:00.1234567Z"', "must not be finer than a microsecond"),
    ("JSON", '{ a: ["\\u0000"] }', "must not contain the NUL character"),
    ("JSON", "[1e99999999999999999999]", "must have at most 1000 digits"),
    ("ConnectTarget", '"x"', "must be a UUID"),
    ("ConnectTarget", "1", "must be the id of a record"),
    ("ConnectTarget", "{}", "must be the id of a record"),
    ("ConnectTarget", f'{{ id: "{ID}" }}', 'has the unknown member "id": it must be the id of a record'),
    ("ConnectTarget", "{ where: {} }", "must be the id of a record"),
    ("ConnectTarget", "{ where: { a: 1, b: 2 } }", "must be the id of a record"),
    ("ConnectTarget", "{ where: { a: 1 }, more: 1 }", 'has the unknown member "more": it must be the id of a record'),
]


@pytest.mark.parametrize(("name", "text", "message"), WRONG)
def test_a_literal_is_refused_with_its_place(name: str, text: str, message: str) -> None:
    with pytest.raises(GraphQLError) as caught:
        SCALARS[name].parse_literal(parse_value(text))
    assert caught.value.message.startswith(f"The value {message}")
    assert caught.value.nodes


@pytest.mark.parametrize(("name", "text", "message"), [case for case in WRONG if "99999" not in case[1]])
def test_a_variables_value_is_refused(name: str, text: str, message: str) -> None:
    value = literal_value(parse_value(text), None)
    with pytest.raises(GraphQLError) as caught:
        SCALARS[name].parse_value(value)
    assert caught.value.message.startswith(message)


def test_variables_inside_a_literal() -> None:
    node = parse_value("{ a: $here, b: $gone, c: [$here, $gone] }")
    assert SCALARS["JSON"].parse_literal(node, {"here": Decimal("1.10")}) == {
        "a": Decimal("1.10"),
        "c": [Decimal("1.10"), None],
    }


def test_a_literal_with_variables_is_checked_when_they_are_known() -> None:
    node = parse_value("{ where: { email: $email } }")
    CONNECT_TARGET.parse_literal(node)
    assert CONNECT_TARGET.parse_literal(node, {"email": "x"}) == {"where": {"email": "x"}}
    with pytest.raises(GraphQLError, match="must be the id of a record"):
        CONNECT_TARGET.parse_literal(node, {})
