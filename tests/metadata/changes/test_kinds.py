"""metadata/changes/kinds/: each kind of change is in the table, and its mutation makes changes of that kind."""

import importlib
import pkgutil
from typing import Any
from uuid import UUID

import pytest

from fieldstone.metadata.changes import Change, kinds
from fieldstone.metadata.changes.kinds.kind import Kind
from fieldstone.metadata.changes.kinds.table import KINDS
from fieldstone.metadata.changes.members import Shape

ID = str(UUID(int=7))

VALUES: dict[Shape, Any] = {
    **dict.fromkeys((Shape.NAME, Shape.LABEL, Shape.TEXT), "x"),
    **dict.fromkeys((Shape.OBJECT, Shape.FIELD, Shape.INDEX, Shape.ROLE), ID),
    Shape.ROLE_NAME: "x",
    **{shape: [] for shape in (Shape.ROLES, Shape.CLAIMS, Shape.SETTINGS, Shape.GRANTS)},
    Shape.LIMITS: {},
    Shape.FLAG: True,
    Shape.FIELD_TYPE: "TEXT",
    Shape.FIELDS: [ID],
    Shape.LIST: [],
    Shape.MAPPING: {},
    Shape.VALUE: "x",
}

ASKED = {action: kind for action, kind in KINDS.items() if kind.mutation}


def test_each_module_of_a_kind_is_in_the_table() -> None:
    modules = [importlib.import_module(f"{kinds.__name__}.{one.name}") for one in pkgutil.iter_modules(kinds.__path__)]
    made = [value for module in modules for value in vars(module).values() if isinstance(value, Kind)]
    assert {kind.action for kind in made} == KINDS.keys()
    assert len({kind.type for kind in KINDS.values()}) == len(KINDS)


@pytest.mark.parametrize("kind", ASKED.values(), ids=ASKED.keys())
def test_a_mutation_gives_each_of_its_members(kind: Kind[Any]) -> None:
    assert kind.mutation is not None
    members = [member for member in kind.mutation.members if member.shape in VALUES]
    change = kind.read({member.name: VALUES[member.shape] for member in members} | {"id": ID})
    assert isinstance(change, Change)
    if kind.mutation.id_shape:
        assert kind.id_of(change) == UUID(ID)
    for member in members:
        if member.shape in {Shape.NAME, Shape.LABEL, Shape.TEXT, Shape.FLAG, Shape.VALUE}:
            assert getattr(change, member.attribute) == VALUES[member.shape]


@pytest.mark.parametrize("action", ["updateObject", "updateField"])
def test_null_is_a_value_in_an_update_alone(action: str) -> None:
    assert KINDS[action].read({"id": ID, "description": None}).description is None
    assert KINDS[action].describe(KINDS[action].read({"id": ID, "description": None})) == {"description": None}
    made = KINDS["createIndex"].read({"objectMetadataId": ID, "fieldMetadataIds": [ID], "method": None})
    assert made.method == "btree"
