"""Exports in small pages, keys for them, and files as they are read."""

import csv
import io
from typing import Any

import httpx

from fieldstone.engine.rest.api import ObjectSight, RestApi
from fieldstone.engine.rest.exports.csv_lines import columns_of
from fieldstone.metadata.json_text import loads
from fieldstone.metadata.model import Object
from fieldstone.metadata.roles.principal import Principal
from tests.engine.metadata_api.roles import CREATE


class SmallPages(RestApi):
    """REST with pages of three records at most."""

    async def see_object(self, principal: Principal, plural: str) -> ObjectSight:
        return (await super().see_object(principal, plural))._replace(largest_page=3)


async def key_of_role(client: httpx.AsyncClient, **role: Any) -> dict[str, str]:
    """The headers with a key of a new role."""
    given = {"name": "clerk", "label": "Clerk", **role}
    answer = await client.post("/metadata", json={"query": CREATE, "variables": {"input": given}})
    assert "errors" not in answer.json()
    key = "mutation ($input: CreateApiKeyInput!) { createApiKey(input: $input) { token } }"
    sent = {"query": key, "variables": {"input": {"name": "k", "role": given["name"]}}}
    token = (await client.post("/metadata", json=sent)).json()["data"]["createApiKey"]["token"]
    return {"authorization": f"Bearer {token}"}


async def object_ids(client: httpx.AsyncClient) -> dict[str, str]:
    """The ids of the objects by their names."""
    objects = await client.post("/metadata", json={"query": "{ objects { edges { node { id nameSingular } } } }"})
    return {edge["node"]["nameSingular"]: edge["node"]["id"] for edge in objects.json()["data"]["objects"]["edges"]}


async def add_manager(client: httpx.AsyncClient) -> None:
    """Let people have a manager, and each manager its reports."""
    person = (await object_ids(client))["person"]
    payload = {"type": "MANY_TO_ONE", "targetObjectMetadataId": person, "targetFieldLabel": "Reports"}
    await add_field(client, "person", "manager", "RELATION", relationCreationPayload=payload)


async def add_field(client: httpx.AsyncClient, object_: str, name: str, type_: str, **more: Any) -> None:
    ids = await object_ids(client)
    query = "mutation ($input: CreateFieldInput!) { createField(input: $input) { id } }"
    given = {"objectMetadataId": ids[object_], "name": name, "label": name.title(), "type": type_, **more}
    made = await client.post("/metadata", json={"query": query, "variables": {"input": given}})
    assert "errors" not in made.json()


def read_csv(text: str, object_: Object) -> list[dict[str, Any]]:
    """The records of a file of CSV, with the columns of composites joined; NULL is an empty text."""
    found = []
    titles, *lines = csv.reader(io.StringIO(text, newline=""), strict=True)
    columns = [*columns_of(object_)]
    assert titles == [column.title for column in columns]
    for line in lines:
        record: dict[str, Any] = {}
        for column, cell in zip(columns, line, strict=True):
            if column.part is None:
                record[column.name] = cell
            else:
                record.setdefault(column.name, {})[column.part] = cell
        found.append(record)
    return found


def is_shown(cell: Any, value: Any) -> bool:
    """Whether a cell, or those of a composite, show a value."""
    match cell, value:
        case dict(), None:
            return not any(cell.values())
        case dict(), _:
            return all(is_shown(one, value[name]) for name, one in cell.items())
        case _, None:
            return bool(cell == "")
        case _, str() if cell == value:
            return True
        case _:
            return bool(loads(cell) == value)
