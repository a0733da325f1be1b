"""metadata/schema_file: values of the wrong form are refused at every place, and indexes that relations bring."""

from typing import Any

import pytest

from fieldstone.metadata.changes import CreateIndex, CreateRole
from fieldstone.metadata.errors import MetadataError
from fieldstone.metadata.model import Snapshot
from fieldstone.metadata.schema_file.members import FIELD, OBJECT, ROLE
from tests.metadata.desk import person
from tests.metadata.odd_values import ODD, every_type, places, put
from tests.metadata.schema_files import carry_out, written
from tests.models import apply_all, standard_snapshot

pytestmark = pytest.mark.long

CLERK = CreateRole(
    name="clerk",
    parents=["viewer"],
    claims=[{"name": "city", "type": "TEXT"}],
    limits={"maxPage": 3},
    settings=["HISTORY"],
    grants=[{"object": "ship", "read": {"fields": {"only": ["name"]}, "rule": {"name": {"eq": "x"}}}}],
)


def small(model: Snapshot) -> Any:
    """A document of an object with fields of each type, and of a role."""
    document = written(model)
    ship = document["objects"]["ship"]
    return {
        "version": 1,
        "objects": {"ship": {**ship, "indexes": [{"fields": ["ofText"]}], "duplicateCriteria": [["name"]]}},
        "roles": document["roles"],
    }


@pytest.mark.parametrize("is_new", [False, True], ids=["known", "new"])
def test_no_value_of_the_wrong_form_is_more_than_refused(is_new: bool) -> None:
    model = apply_all(every_type(), [CLERK])
    document = small(model)
    paths = list(places(document))
    paths += [("objects", "ship", name) for name in OBJECT]
    paths += [("objects", "ship", "fields", field, name) for field in ("ofText", "ofSelect", "owner") for name in FIELD]
    paths += [("roles", "clerk", name) for name in ROLE]
    if is_new:
        boat = document["objects"].pop("ship") | {"namePlural": "boats"}
        del boat["fields"]["owner"]
        document["objects"]["boat"] = boat
        paths = [("objects", "boat", *path[2:]) for path in paths if path[:2] == ("objects", "ship")]
    refused = 0
    for path in paths:
        for value in ODD:
            try:
                given = put(document, path, value)
            except (KeyError, TypeError):
                continue  # no place of the new object
            try:
                carry_out(model, given)
            except MetadataError:
                refused += 1
    assert refused > 500


def test_an_index_on_a_key_alone_is_there_by_the_relation() -> None:
    model = standard_snapshot()
    document = written(model)
    document["objects"]["person"]["indexes"] = [{"fields": ["company"]}]
    document["objects"]["activity"]["fields"]["boss"] = {
        "type": "RELATION", "relation": {"target": "person", "inverse": "led"}
    }  # fmt: skip
    document["objects"]["activity"]["indexes"] = [{"fields": ["boss"]}]
    made, count = carry_out(model, document)
    assert count == 1
    assert set(model.constraints) < set(made.constraints)
    assert carry_out(made, document) == (made, 0)
    del document["objects"]["person"]["fields"]["company"]
    assert carry_out(made, document) == (made, 0)


def test_an_index_on_a_key_alone_that_was_made_before_can_be_kept_and_pruned() -> None:
    base = standard_snapshot()
    company = person(base).by_name["company"]
    model = apply_all(base, [CreateIndex(object_id=person(base).id, field_ids=(company.id,), is_recreated=True)])
    document = written(model)
    assert {"fields": ["company"]} in document["objects"]["person"]["indexes"]
    assert carry_out(model, document, prune=True) == (model, 0)
    assert carry_out(base, document) == (base, 0)
    pruned, count = carry_out(model, written(base), prune=True)
    assert (count, set(pruned.indexes)) == (1, set(base.indexes))


def test_an_index_on_the_end_without_a_key_is_refused_still() -> None:
    document = written(standard_snapshot())
    document["objects"]["company"]["indexes"] = [{"fields": ["people"]}]
    with pytest.raises(MetadataError, match="people is not one column"):
        carry_out(standard_snapshot(), document)
