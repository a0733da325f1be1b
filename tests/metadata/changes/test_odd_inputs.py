"""Values of the wrong form in the inputs that take JSON: each is refused, or passes and can be undone."""

from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from fieldstone.metadata.changes import apply
from fieldstone.metadata.changes.history.inverse import invert
from fieldstone.metadata.changes.kinds.table import KINDS
from fieldstone.metadata.changes.members import Shape
from fieldstone.metadata.errors import MetadataError
from fieldstone.metadata.field_types import FieldType
from fieldstone.metadata.model import Snapshot
from tests.metadata.odd_values import ODD, every_type, places, put

_JSON = {
    Shape.LIST, Shape.MAPPING, Shape.VALUE, Shape.RELATION, Shape.RELATIONS, Shape.ROLES, Shape.CLAIMS, Shape.LIMITS,
    Shape.SETTINGS, Shape.GRANTS,
}  # fmt: skip

RIGHTS = {
    "parents": ["viewer"],
    "claims": [{"name": "city", "type": "TEXT"}],
    "limits": {"maxPage": 3},
    "settings": ["HISTORY"],
    "grants": [{"object": "ship", "read": [{"fields": {"only": ["name"]}}], "create": {"preset": {"name": "x"}}}],
}


def bases(model: Snapshot) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield a change's kind with an input that would pass, or nearly."""
    ship = model.by_singular["ship"]
    for field in ship.fields:
        yield "updateField", {"id": str(field.id)}
        yield "updateField", {"id": str(field.id), "isNullable": False}
    text, select = (str(ship.by_name[name].id) for name in ("ofText", "ofSelect"))
    yield "updateField", {"id": select, "options": [{"value": "B"}]}
    end = {"targetObjectMetadataId": str(model.by_singular["company"].id), "targetFieldLabel": "More"}
    for type_ in FieldType:
        yield "updateField", {"id": text, "type": type_.value}
        new = {"objectMetadataId": str(ship.id), "name": "more", "label": "More", "type": type_.value}
        yield "createField", new
        yield "createField", {**new, "options": [{"value": "B"}], "relationCreationPayload": end}
    yield "updateObject", {"id": str(ship.id)}


@pytest.fixture(scope="module")
def model() -> Snapshot:
    return every_type()


def test_no_input_of_the_wrong_form_is_more_than_refused(model: Snapshot) -> None:
    outcomes = [
        _is_refused(model, action, {**base, member.name: value})
        for action, base in bases(model)
        if (mutation := KINDS[action].mutation)
        for member in mutation.members
        if member.shape in _JSON
        for value in ODD
    ]
    assert 0 < sum(outcomes) < len(outcomes)


def test_no_right_of_the_wrong_form_is_more_than_refused(model: Snapshot) -> None:
    outcomes = [
        _is_refused(model, "createRole", {"name": "clerk", **given})
        for path in places(RIGHTS)
        for value in ODD
        if isinstance(given := put(RIGHTS, path, value), dict)
    ]
    assert 0 < sum(outcomes) < len(outcomes)


def _is_refused(model: Snapshot, action: str, given: Mapping[str, Any]) -> bool:
    try:
        change = KINDS[action].read(given)
        after = apply(model, change).snapshot
    except MetadataError:
        return True
    undone = after
    for step in invert(model, change, after):
        undone = apply(undone, step).snapshot
    return False


@pytest.mark.parametrize("name", ["owner", "ofText", "ofNumber"])
def test_null_leaves_the_settings_as_they_are(name: str, model: Snapshot) -> None:
    field = model.by_singular["ship"].by_name[name]
    change = KINDS["updateField"].read({"id": str(field.id), "settings": None})
    assert apply(model, change).snapshot is model
