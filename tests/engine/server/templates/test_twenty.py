"""The template `twenty`: a new workspace in the shape that clients of Twenty write to."""

from typing import Any

import httpx
import pytest

from fieldstone.engine.server.templates.apply import apply_template, require_template
from fieldstone.metadata.errors import UnknownObject
from tests.engine.server.conftest import StartApp


async def ask(client: httpx.AsyncClient, path: str, query: str, **variables: Any) -> Any:
    answer = (await client.post(path, json={"query": query, "variables": variables})).json()
    assert "errors" not in answer, answer
    return answer["data"]


async def test_a_workspace_takes_the_records_of_a_client_of_twenty(start_app: StartApp) -> None:
    async with start_app() as (app, client):
        foundation = (await app.runtime.ready()).foundation
        workspace = foundation.default.workspace
        assert await apply_template(foundation, workspace, "twenty", actor="test") > 40
        assert await apply_template(foundation, workspace, "twenty", actor="test") == 0
        listed = await ask(client, "/metadata", "{ objects(first: 50) { edges { node { nameSingular isActive } } } }")
        found = [edge["node"] for edge in listed["objects"]["edges"]]
        assert sorted(one["nameSingular"] for one in found if one["isActive"]) == [
            *("company", "note", "noteTarget", "opportunity", "person", "task", "taskTarget", "workspaceMember"),
        ]
        made = await ask(
            client,
            "/graphql",
            """mutation {
                createPerson(data: {
                    name: { firstName: "Ada" lastName: "Lovelace" } emails: { primaryEmail: "ada@example.com" }
                    phones: { primaryPhoneNumber: "5550100" primaryPhoneCallingCode: "+1" }
                    company: { create: { name: "Engines" domainName: { primaryLinkUrl: "https://example.com" }
                        annualRecurringRevenue: { amountMicros: 1000000 currencyCode: "USD" } } }
                }) { id name { firstName } emails { primaryEmail } company { name domainName { primaryLinkUrl } } }
            }""",
        )
        assert made["createPerson"]["company"] == {
            "name": "Engines",
            "domainName": {"primaryLinkUrl": "https://example.com"},
        }
        task = await ask(
            client,
            "/graphql",
            """mutation ($person: UUID!) { createTask(data: { title: "Call"
                taskTargets: { create: [{ personId: $person }] } }) { status taskTargets { edges { node { person {
                name { lastName } } } } } } }""",
            person=made["createPerson"]["id"],
        )
        assert task["createTask"] == {
            "status": "TODO",
            "taskTargets": {"edges": [{"node": {"person": {"name": {"lastName": "Lovelace"}}}}]},
        }


def test_an_unknown_template_is_refused_with_the_known_ones() -> None:
    with pytest.raises(UnknownObject, match='no template "x"; --template takes twenty'):
        require_template("x")
