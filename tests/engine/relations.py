"""Relations made through the Metadata API."""

from typing import Any

from fieldstone.metadata.json_text import loads
from tests.apis import Apis

CREATE = (
    "mutation ($input: CreateFieldInput!) { createField(input: $input) { id name relation {"
    " type targetObject { nameSingular } targetField { name relation { type } } } } }"
)


async def relate(apis: Apis, source: str, name: str, target: str, inverse: str, **more: Any) -> Any:
    """The answer to the creation of a relation of this kind."""
    snapshot = await apis.snapshot()
    payload = {
        "targetObjectMetadataId": str(snapshot.by_singular[target].id),
        "targetFieldLabel": inverse.title(),
        "targetFieldName": inverse,
        **{key: more.pop(key) for key in tuple(more) if key.startswith("junction") or key == "type"},
    }
    given = {
        "objectMetadataId": str(snapshot.by_singular[source].id),
        "name": name,
        "label": name.title(),
        "type": "RELATION",
        "relationCreationPayload": payload,
        **more,
    }
    return loads((await apis.send(CREATE, {"input": given}, api=apis.metadata)).body)
