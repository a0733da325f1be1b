"""Changes sent to the Metadata API."""

from typing import Any

from fieldstone.metadata.json_text import loads
from tests.apis import Apis

FIND = "query ($of: UUID!) { fields(filter: { objectMetadataId: { eq: $of } }) { edges { node { id name } } } }"


OBJECTS = "{ objects { edges { node { id nameSingular } } } }"


async def object_id(apis: Apis, name: str) -> str:
    edges = (await apis.change(OBJECTS))["objects"]["edges"]
    return str(next(edge["node"]["id"] for edge in edges if edge["node"]["nameSingular"] == name))


async def field_id(apis: Apis, object_: str, name: str) -> str:
    edges = (await apis.change(FIND, of=await object_id(apis, object_)))["fields"]["edges"]
    return str(next(edge["node"]["id"] for edge in edges if edge["node"]["name"] == name))


async def refused(apis: Apis, text: str, **variables: Any) -> Any:
    answer = loads((await apis.send(text, variables, api=apis.metadata)).body)
    assert answer.get("data") is None, answer
    (error,) = answer["errors"]
    return error


APPLY = "mutation ($changes: [JSON!]!, $dryRun: Boolean) { applyChanges(changes: $changes, dryRun: $dryRun) }"
