"""metadata/model/shared_parts.py"""

from dataclasses import replace
from uuid import UUID, uuid5

import pytest

from fieldstone.metadata.changes import CreateField, DeleteField, UpdateField, UpdateObject
from fieldstone.metadata.dependencies import has_grown
from fieldstone.metadata.field_types import FieldType
from fieldstone.metadata.model.shared_parts import find_differing
from tests.models import NAMESPACE, add_object, apply_all, empty_snapshot

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


def test_an_object_grows_by_new_fields_alone() -> None:
    first, id_ = add_object(empty_snapshot(), "person")
    field = CreateField(object_id=id_, name="nick", label="Nick", type=FieldType.TEXT)
    grown = apply_all(first, [field])
    before, after = first.objects[id_], grown.objects[id_]
    assert has_grown(before, after)
    assert has_grown(before, replace(after, fields=tuple(map(replace, after.fields))))
    assert has_grown(before, before)
    assert not has_grown(before, None)
    assert not has_grown(after, before)
    for change in (
        UpdateField(field_id=field.id, label="Other"),
        DeleteField(field_id=field.id),
        UpdateObject(object_id=id_, label_plural="Others"),
    ):
        assert not has_grown(after, apply_all(grown, [change]).objects[id_])
