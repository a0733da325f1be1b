"""The golden queries at the node of their workspace: each has the answer that it has on one database."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from fieldstone.engine import create_app
from fieldstone.engine.settings.choices import Distribution
from tests.apis import WORKSPACE_ID, as_json
from tests.citus.places import node_of
from tests.databases import Databases
from tests.engine.server.conftest import client_of
from tests.specimens import golden_template

GOLDEN = Path(__file__).parents[1] / "golden"


@pytest.fixture
def golden_dsn(databases: Databases, clone_database: Callable[[str], str]) -> str:
    return clone_database(golden_template(databases))


async def test_each_query_is_answered_at_its_node_as_on_one_database(golden_dsn: str) -> None:
    app = create_app(database_url=golden_dsn, rate_limit=0, log_level="error", distribute=Distribution.CITUS)
    different = []
    async with app.lifespan_context(), client_of(app) as client:
        made = await (await app.runtime.ready()).foundation.keys.create(WORKSPACE_ID, "tester")
        client.headers["Authorization"] = f"Bearer {made.token}"
        await client.post("/graphql", json={"query": "{ people { totalCount } }"})
        node = await node_of(app, WORKSPACE_ID)
        before = node.database.stats().prepared
        for path in sorted(GOLDEN.glob("*.graphql")):
            text = path.read_text(encoding="utf-8")
            if text.startswith("mutation"):
                continue
            given = path.with_suffix(".variables.json")
            variables = json.loads(given.read_text(encoding="utf-8")) if given.exists() else {}
            response = await client.post("/graphql", json={"query": text, "variables": variables})
            if as_json(response.json()) + "\n" != path.with_suffix(".json").read_text(encoding="utf-8"):
                different.append(path.stem)
        assert node.database.stats().prepared - before > 30
    assert different == []
