"""metadata/moves.py"""

from uuid import UUID, uuid5

import pytest

from metadata.moves import find_differing
from tests.models import NAMESPACE

A, B, C, D = (uuid5(NAMESPACE, name) for name in "abcd")
ONE, TWO, OTHER = object(), object(), object()

Pairs = dict[UUID, object]

CASES: dict[str, tuple[Pairs, Pairs, set[tuple[UUID, object, object]]]] = {
    "nothing": ({A: ONE, B: TWO}, {A: ONE, B: TWO}, set()),
    "another value": ({A: ONE, B: TWO}, {A: ONE, B: OTHER}, {(B, TWO, OTHER)}),
    "more behind": ({A: ONE}, {A: ONE, B: TWO}, {(B, None, TWO)}),
    "another value and more": ({A: ONE}, {A: OTHER, B: TWO}, {(A, ONE, OTHER), (B, None, TWO)}),
    "more before": ({B: TWO}, {A: ONE, B: TWO}, {(A, None, ONE)}),
    "less": ({A: ONE, B: TWO}, {B: TWO}, {(A, ONE, None)}),
    "less and more": ({A: ONE, B: TWO}, {B: TWO, C: OTHER, D: ONE}, {(A, ONE, None), (C, None, OTHER), (D, None, ONE)}),
    "another order": ({A: ONE, B: TWO}, {B: TWO, A: OTHER}, {(A, ONE, OTHER)}),
    "other instances of the ids": ({A: ONE, B: TWO}, {UUID(str(A)): ONE, UUID(str(B)): OTHER}, {(B, TWO, OTHER)}),
    "from nothing": ({}, {A: ONE}, {(A, None, ONE)}),
    "to nothing": ({A: ONE}, {}, {(A, ONE, None)}),
}


@pytest.mark.parametrize(("before", "after", "expected"), CASES.values(), ids=CASES)
def test_what_differs(before: Pairs, after: Pairs, expected: set[tuple[UUID, object, object]]) -> None:
    found = find_differing(before, after)
    assert set(found) == expected
    assert len(found) == len(expected)
