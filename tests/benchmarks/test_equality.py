"""When answers are equal."""

import re

import pytest

from benchmarks.equality import Unequal, canonical, read_data, require_equal


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"amount": 12.50}, {"amount": "12.5"}),
        ({"at": "2024-01-01T01:00:00.5+01:00"}, {"at": "2024-01-01T00:00:00.500Z"}),
        ({"edges": [{"id": 1, "cursor": "a"}]}, {"edges": [{"cursor": "b", "id": 1}]}),
    ],
    ids=["numbers as text", "moments of other zones", "cursors"],
)
def test_what_is_only_spelled_differently_is_equal(one: object, other: object) -> None:
    require_equal("W1", canonical(one), canonical(other))


@pytest.mark.parametrize(
    ("one", "other", "message"),
    [
        ({"a": [{"b": 1}]}, {"a": [{"b": 2}]}, "W1: at .a[0].b: Decimal('2'), not Decimal('1')"),
        ({"a": [1, 2]}, {"a": [1]}, "W1: at .a: 1 items, not 2"),
        ({"a": None}, {"a": {}}, "W1: at .a: {}, not None"),
        ({"a": 1}, {"a": 1, "b": 2}, "W1: at the root: the keys are ['a', 'b'], not ['a']"),
        ({"a": True}, {"a": False}, "W1: at .a: False, not True"),
        ({"at": "2024-01-01T00:00:00Z"}, {"at": "2024-01-01T00:00:00.000001Z"}, "W1: at .at"),
    ],
    ids=["a value", "a length", "null", "a key", "a boolean", "a microsecond"],
)
def test_what_differs_is_named(one: object, other: object, message: str) -> None:
    with pytest.raises(Unequal, match=re.escape(message)):
        require_equal("W1", canonical(one), canonical(other))


@pytest.mark.parametrize(
    "body", [b'{"errors":[{"message":"no"}],"data":null}', b'{"data":null}', b"[]", b"<html>"], ids=repr
)
def test_an_answer_without_data_is_no_answer(body: bytes) -> None:
    with pytest.raises(Unequal):
        read_data(body)


def test_data_keeps_all_digits() -> None:
    assert canonical(read_data(b'{"data":{"sum":12345678901234567890.10}}')) == canonical(
        {"sum": "12345678901234567890.1"}
    )
