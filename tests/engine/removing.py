"""Objects with relations, for tests of records that are removed with another."""

from typing import Any

from tests.apis import Apis

CREATE_OBJECT = "mutation ($o: CreateObjectInput!) { createObject(input: $o) { id } }"


CREATE_FIELD = "mutation ($f: CreateFieldInput!) { createField(input: $f) { id } }"


def waiting(plural: str, field: str, number: int) -> str:
    """The error of a refused destruction."""
    return (
        f"Records of {plural} point to records that would be destroyed, by '{field}': {number}, deleted ones included."
        " Connect them to another record, or destroy them, first."
    )


async def make_object(apis: Apis, name: str) -> str:
    """The id of a new object."""
    given = {"nameSingular": name, "namePlural": f"{name}s", "labelSingular": name, "labelPlural": f"{name}s"}
    return str((await apis.change(CREATE_OBJECT, o=given))["createObject"]["id"])


async def relate(apis: Apis, source: str, name: str, target: str, on_delete: str | None, **more: Any) -> None:
    """A new relation from one object to another."""
    payload = {"targetObjectMetadataId": target, "targetFieldLabel": f"{name} of", "type": "MANY_TO_ONE"}
    given = {"objectMetadataId": source, "name": name, "label": name, "type": "RELATION", **more}
    settings = {"onDelete": on_delete} if on_delete else None
    await apis.change(CREATE_FIELD, f={**given, "settings": settings, "relationCreationPayload": payload})
