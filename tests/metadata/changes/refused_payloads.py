"""Payloads of a createField that are refused, each with the message."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

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
