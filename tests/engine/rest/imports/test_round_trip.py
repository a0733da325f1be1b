"""An export is a file that an import takes: the records come back as they were."""

import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from fieldstone.engine import create_app
from tests.databases import Databases
from tests.engine.rest.asking import ask
from tests.engine.server.conftest import client_of
from tests.specimens import specimen_template

pytestmark = pytest.mark.long

OBJECTS = ("companies", "people", "opportunities", "activities", "specimens")
"""An object stands behind those that its records point to."""


@pytest.fixture
def specimens(databases: Databases) -> Iterator[str]:
    """The address of a database with records whose values are chosen to be awkward."""
    with databases.clone(specimen_template(databases)) as dsn:
        yield dsn


async def export(client: httpx.AsyncClient, name: str, extension: str) -> str:
    answer = await client.get(f"/rest/{name}.{extension}")
    assert answer.status_code == 200
    return answer.text


async def records(client: httpx.AsyncClient, name: str) -> list[Any]:
    """The live records, without the time that the server gives them when it writes them."""
    found = [json.loads(line) for line in (await export(client, name, "jsonl")).splitlines()]
    return [{key: value for key, value in one.items() if key != "updatedAt"} for one in found]


@pytest.mark.parametrize("extension", ["csv", "jsonl"])
@pytest.mark.parametrize("way", ["create", "upsert"])
async def test_an_export_is_imported(specimens: str, extension: str, way: str) -> None:
    app = create_app(database_url=specimens, rate_limit=0, log_level="error")
    async with app.lifespan_context(), client_of(app) as client:
        foundation = (await app.runtime.ready()).foundation
        made = await foundation.keys.create(foundation.default.workspace.id, "test")
        client.headers["Authorization"] = f"Bearer {made.token}"
        if way == "create":
            # Deleted records are in no export, and no new record may point to one; known records keep such a key.
            for name in reversed(OBJECTS):
                await ask(client, "DELETE", f"{name}?filter=deletedAt[is]:NOT_NULL")
        files = {name: await export(client, name, extension) for name in OBJECTS}
        before = {name: await records(client, name) for name in OBJECTS}
        assert all(before.values())
        if way == "create":
            for name in reversed(OBJECTS):
                await ask(client, "DELETE", f"{name}?filter=id[is]:NOT_NULL")
                assert await records(client, name) == []
        else:
            await ask(client, "PATCH", "specimens?filter=id[is]:NOT_NULL", json={"aText": "x", "aArray": ["x"]})
            assert await records(client, "specimens") != before["specimens"]
        for name in OBJECTS:
            query = "" if way == "create" else "?on_conflict=id"
            answer = await ask(client, "POST", f"{name}.{extension}{query}", content=files[name].encode())
            (report,) = answer["data"].values()
            assert report["errors"] == []
            assert report["created" if way == "create" else "updated"] == len(before[name])
            assert report["ignored"] == ["updatedAt", "deletedAt"]
        for name in OBJECTS:
            for one, known in zip(await records(client, name), before[name], strict=True):
                is_nobody = all(value is None for value in known["createdBy"].values())
                if extension == "csv" and way == "create" and is_nobody:
                    # Empty cells leave the author to the server.
                    assert one.pop("createdBy")["name"] == "test"
                    del known["createdBy"]
                assert one == known
