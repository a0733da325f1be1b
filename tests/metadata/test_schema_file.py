"""metadata/schema_file.py: a model written down, and made again from it."""

import copy
from dataclasses import replace
from typing import Any

import pytest
import yaml

from metadata.changes import UpdateField, apply
from metadata.errors import InvalidChange
from metadata.field_types import FieldType
from metadata.model import Snapshot
from metadata.schema_file import export_model, plan_document
from tests.metadata.changes.test_updates import options
from tests.metadata.desk import new_field, new_object, new_relation, person
from tests.models import apply_all, empty_snapshot, standard_snapshot


def carry_out(snapshot: Snapshot, document: Any) -> tuple[Snapshot, int]:
    builds = plan_document(snapshot, document)
    for build in builds:
        snapshot = apply(snapshot, build(snapshot)).snapshot
    return snapshot, len(builds)


def rich(base: Snapshot) -> Snapshot:
    thing = new_object("project", description="Work")
    there = replace(person(base), id=thing.id)
    return apply_all(
        base,
        [
            thing,
            new_field(thing.id, "budget", FieldType.CURRENCY, default={"amountMicros": 5}),
            new_field(thing.id, "size", FieldType.NUMBER, settings={"dataType": "int"}, is_nullable=False, default=1),
            new_field(thing.id, "stage", FieldType.SELECT, options=options("NEW", "OLD"), default="NEW"),
            new_field(thing.id, "code", is_unique=True, is_active=False),
            new_relation(person(base), "project", there, "Members"),
            new_relation(there, "parent", there, "Parts", settings={"onDelete": "CASCADE"}),
        ],
    )


def written(snapshot: Snapshot) -> Any:
    return yaml.safe_load(yaml.safe_dump(export_model(snapshot), sort_keys=False))


@pytest.mark.parametrize("base", ["empty", "standard"])
def test_a_model_made_from_its_document_is_the_same(base: str) -> None:
    document = written(rich(standard_snapshot()))
    made, count = carry_out(empty_snapshot() if base == "empty" else standard_snapshot(), document)
    assert count > 0
    assert written(made) == document
    assert carry_out(made, document) == (made, 0)


def test_what_differs_is_changed_and_nothing_else() -> None:
    model = rich(standard_snapshot())
    document = copy.deepcopy(written(model))
    document["objects"]["person"]["labelPlural"] = "Contacts"
    document["objects"]["project"]["fields"]["budget"]["label"] = "Money"
    del document["objects"]["project"]["fields"]["budget"]["defaultValue"]
    del document["objects"]["company"]
    made, count = carry_out(model, document)
    assert count == 2
    budget = made.by_singular["project"].by_name["budget"]
    assert (made.by_singular["person"].label_plural, budget.label, budget.default) == ("Contacts", "Money", None)
    assert made.by_singular["company"] is model.by_singular["company"]


@pytest.mark.parametrize(
    ("path", "value", "says"),
    [
        (("version",), 2, "must be of version 1, not 2"),
        (("objects",), ["person"], "objects must be a mapping"),
        (("more",), 1, 'the document has no member "more"'),
        (("objects", "person", "label"), "x", 'person has no member "label"'),
        (("objects", "person", "fields", "city", "unique"), True, 'person.city has no member "unique"'),
        (("objects", "person", "fields", "city", "type"), "CURRENCY", "a TEXT field cannot become a CURRENCY field"),
        (("objects", "person", "fields", "company", "relation", "name"), "x", "relation is fixed when the field"),
        (("objects", "person", "fields", "more"), {"type": "WORDS"}, "type must be one of"),
        (("objects", "thing"), {"namePlural": "things"}, "the new object thing needs labelSingular, labelPlural"),
    ],
)
def test_what_is_no_document_is_refused(path: tuple[str, ...], value: Any, says: str) -> None:
    document = written(standard_snapshot())
    place = document
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    with pytest.raises(InvalidChange, match=says):
        carry_out(standard_snapshot(), document)


def test_another_type_in_the_document_is_a_conversion() -> None:
    document = written(standard_snapshot())
    employees = document["objects"]["company"]["fields"]["employees"]
    assert employees["settings"] == {"dataType": "int"}
    employees["settings"] = {"dataType": "bigint"}
    document["objects"]["person"]["fields"]["city"] |= {"type": "SELECT", "options": [{"value": "PARIS"}]}
    made, count = carry_out(standard_snapshot(), document)
    city = made.by_singular["person"].by_name["city"]
    assert (count, city.type, city.column) == (2, FieldType.SELECT, "city2")
    assert made.by_singular["company"].by_name["employees"].settings == {"dataType": "bigint"}
    again = written(made)
    assert carry_out(made, again) == (made, 0)
    del again["objects"]["company"]["fields"]["employees"]["settings"]
    reset, _ = carry_out(made, again)
    assert reset.by_singular["company"].by_name["employees"].settings == {}


def test_a_rename_by_the_api_shows_in_the_document() -> None:
    model = standard_snapshot()
    city = person(model).by_name["city"]
    renamed = apply(model, UpdateField(field_id=city.id, name="town")).snapshot
    assert "town" in written(renamed)["objects"]["person"]["fields"]
