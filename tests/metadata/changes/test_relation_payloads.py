"""metadata/changes/fields/relation_payload.py: the payloads of a createField that are refused, each for its reason."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import pytest

from fieldstone.metadata.changes import CreateField, NewRelation
from fieldstone.metadata.changes.kinds.table import KINDS
from fieldstone.metadata.errors import InvalidChange

PERSON = str(UUID(int=7))
END = {"targetObjectMetadataId": PERSON, "targetFieldLabel": "Projects"}


def field(type_: str, **more: Any) -> Mapping[str, Any]:
    return {"objectMetadataId": PERSON, "name": "owner", "label": "Owner", "type": type_, **more}


def relation(**more: Any) -> Mapping[str, Any]:
    return field("RELATION", relationCreationPayload={**END, **more})


def morph(type_: str = "MORPH_RELATION", **more: Any) -> Mapping[str, Any]:
    return field(type_, morphRelationsCreationPayload=[{**END, **more}])


REFUSED = {
    "a plain field with another end": (field("TEXT", relationCreationPayload=END), "A field of type TEXT takes no rel"),
    "a relation without another end": (field("RELATION"), "A RELATION takes a relationCreationPayload {"),
    "an unknown member": (
        relation(colour="red"),
        "The relationCreationPayload has no member 'colour'; it has",
    ),
    "an id that is none": (relation(targetObjectMetadataId="x"), "targetObjectMetadataId must be"),
    "an unknown type": (
        relation(type="BOTH"),
        "type must be one of MANY_TO_ONE, ONE_TO_MANY, ONE_TO_ONE, MANY_TO_MANY",
    ),
    "a name for no junction": (relation(junctionNamePlural="x"), "junctionNamePlural is for a relation of the type MA"),
    "a label that is no text": (relation(targetFieldLabel=1), "targetFieldLabel must be text, not 1"),
    "targets of a plain field": (morph("TEXT"), "A field of type TEXT takes no morphRelationsCreationPayload."),
    "a target of another type": (morph(type="ONE_TO_MANY"), "The relations of a morphRelationsCreationPayload are all"),
}


@pytest.mark.parametrize(("given", "message"), REFUSED.values(), ids=REFUSED.keys())
def test_a_payload_is_refused(given: Mapping[str, Any], message: str) -> None:
    with pytest.raises(InvalidChange) as refused:
        KINDS["createField"].read(given)
    assert refused.value.message.startswith(message)


def test_a_payload_is_read() -> None:
    change = KINDS["createField"].read(relation(type="MANY_TO_MANY", junctionNameSingular="link"))
    assert isinstance(change, CreateField)
    assert isinstance(change.relation, NewRelation)
    assert change.relation.junction is not None
    assert (change.relation.target_object_id, change.relation.junction.name_singular) == (UUID(PERSON), "link")
