"""The template `twenty`: a new workspace in the shape that clients of Twenty write to."""

from typing import Any

import httpx
import pytest

from fieldstone.engine.server.templates.apply import read_template
from fieldstone.metadata.errors import UnknownObject
from fieldstone.metadata.writer.transaction import ModelTransaction
from tests.engine.server.conftest import StartApp


class EndedError(Exception):
    """The end of the command."""


async def ask(client: httpx.AsyncClient, path: str, query: str, **variables: Any) -> Any:
    answer = (await client.post(path, json={"query": query, "variables": variables})).json()
    assert "errors" not in answer, answer
    return answer["data"]


async def test_a_workspace_takes_the_records_of_a_client_of_twenty(start_app: StartApp) -> None:
    async with start_app() as (app, client):
        foundation = (await app.runtime.ready()).foundation
        workspace = foundation.default.workspace
        for is_new in (True, False):
            made = await foundation.writer.run(workspace.id, read_template("twenty"), actor="test")
            assert (made.changes > 40) if is_new else (made.changes == 0)
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


@pytest.mark.long
async def test_a_workspace_and_its_template_are_made_together_or_not_at_all(start_app: StartApp) -> None:
    """Between two transactions the command could be killed: the workspace then had the standard objects for good."""
    async with start_app() as (app, _):
        foundation = (await app.runtime.ready()).foundation

        async def end_behind(transaction: ModelTransaction) -> None:
            await read_template("twenty")(transaction)
            raise EndedError

        with pytest.raises(EndedError):
            await foundation.workspaces.create("one", actor="test", then=end_behind)
        assert [one.name for one in await foundation.workspaces.list()] == ["default"]
        model = await foundation.workspaces.create("one", actor="test", then=read_template("twenty"))
        assert {"noteTarget", "workspaceMember"} <= {*model.by_singular}
        left = await foundation.writer.run(model.workspace.id, read_template("twenty"), actor="test")
        assert (left.changes, left.snapshot.version) == (0, 1)


def test_an_unknown_template_is_refused_with_the_known_ones() -> None:
    with pytest.raises(UnknownObject, match='no template "x"; --template takes twenty'):
        read_template("x")
