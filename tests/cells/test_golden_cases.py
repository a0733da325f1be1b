"""The golden cases in a cell other than the home: each query has the answer that it has on one database."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.apis import WORKSPACE_ID, as_json
from tests.cells.clusters import cell_services, client_of, open_app, url_of
from tests.databases import Databases
from tests.specimens import golden_template

GOLDEN = Path(__file__).parents[1] / "golden"


@pytest.fixture
def golden_dsn(databases: Databases, clone_database: Callable[[str], str]) -> str:
    return clone_database(golden_template(databases))


async def test_each_query_is_answered_as_on_one_database(golden_dsn: str, empty_database: str) -> None:
    compared = 0
    async with open_app({"home": url_of(empty_database), "east": url_of(golden_dsn)}) as app:
        made = await cell_services(app, "east").foundation.keys.create(WORKSPACE_ID, "test")
        async with client_of(app, made.token) as client:
            for path in sorted(GOLDEN.glob("*.graphql")):
                text = path.read_text(encoding="utf-8")
                given = path.with_suffix(".variables.json")
                expected = path.with_suffix(".json").read_text(encoding="utf-8")
                # Mutations change the sample data; limits and roles of the cases are not those of an app.
                if text.startswith("mutation") or '"errors"' in expected:
                    continue
                variables = json.loads(given.read_text(encoding="utf-8")) if given.exists() else {}
                response = await client.post("/graphql", json={"query": text, "variables": variables})
                assert as_json(response.json()) + "\n" == expected, path.stem
                compared += 1
    assert compared > 40
