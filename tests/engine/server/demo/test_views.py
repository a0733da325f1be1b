"""The saved views of the sample data show records."""

from typing import Any

import pytest

from fieldstone.engine.server.demo.fill import fill_demo
from tests.engine.server.conftest import StartApp

pytestmark = pytest.mark.long

VIEWS = "{ views { name object kind boardField columns { field } filter orderBy shared isMine missing } }"
PLURALS = {"company": "companies", "person": "people", "activity": "activities", "opportunity": "opportunities"}


async def test_each_sample_view_shows_records_in_its_order(start_app: StartApp) -> None:
    async with start_app() as (app, client):
        foundation = (await app.runtime.ready()).foundation
        async with foundation.database.session() as connection:
            await fill_demo(connection, foundation.default, lambda _done, _total: None)

        async def ask(path: str, query: str, **variables: Any) -> Any:
            answer = (await client.post(path, json={"query": query, "variables": variables})).json()
            assert "errors" not in answer, answer
            return answer["data"]

        views = (await ask("/metadata", VIEWS))["views"]
        assert sorted(view["object"] for view in views) == sorted(PLURALS)
        for view in views:
            assert (view["shared"], view["isMine"], view["missing"]) == (True, False, [])
            assert view["columns"]
            plural, name = PLURALS[view["object"]], view["object"].capitalize()
            found = await ask(
                "/graphql",
                f"query ($filter: {name}FilterInput, $orderBy: [{name}OrderByInput!]) {{"
                f" {plural}(filter: $filter, orderBy: $orderBy, first: 5) {{ totalCount }} {plural}All: {plural} {{"
                " totalCount } }",
                filter=view["filter"],
                orderBy=view["orderBy"],
            )
            total, every = found[plural]["totalCount"], found[f"{plural}All"]["totalCount"]
            assert 0 < total <= every
            assert (total < every) is (view["filter"] is not None), view["name"]
        assert [view["boardField"] for view in views if view["kind"] == "KANBAN"] == ["stage"]
